"""A finished run, a preset or a file that another run starts from."""

import contextlib
import dataclasses
import json
from pathlib import Path

from keras_fer import files
from keras_fer import presets
from keras_fer import provenance
from keras_fer import setting_checks
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.errors import UsageError
from keras_fer.initial_run import InitialRun

# Settings that decide which weights fit, as recipes name them.
ARCHITECTURE = ("width", "pooling", "head", "attention", "batch_norm")
WEIGHTS = "model.weights.h5"
# Settings that may be left open (None), and what they are without a start.
_VIEWS = {"image_size": 100, "crop_size": 90}
_WIDTH = 1.0
# What a report keeps of the run that its own started from.
_KEPT = ("data_set", "data_hash", "counts", "epoch", "commit")
_KEPT_IF_THERE = (
    "additional_data",
    "initial_weights",
    "initial_share",
    "mixed_at_commit",
)


def settle(config):
    """Fills what a recipe's settings left open.

    The width is that of the initial weights, and so are the two sizes of the
    views; where one of these is given, the other must fit, or is 100 or 90.

    Args:
        config: a recipe's Config; its `width`, `image_size` and `crop_size`
            may be None, its `initial_weights` a run, a preset or None.

    Returns:
        The Config, with none of the three None.

    Raises:
        UsageError: if it is no finished run, an altered preset, or the view
            does not fit into the picture.
    """
    defaults = {"width": _WIDTH, **_VIEWS}
    if config.initial_weights is not None:
        learned = _settings(config.initial_weights)
        as_learned = {name: learned.get(name) for name in defaults}
        image = config.image_size or as_learned["image_size"]
        crop = config.crop_size or as_learned["crop_size"]
        if None in (image, crop) or crop > image:
            as_learned |= _VIEWS
        defaults |= {k: v for k, v in as_learned.items() if v is not None}
    open_ones = {
        name: value
        for name, value in defaults.items()
        if getattr(config, name) is None
    }
    settled = dataclasses.replace(config, **open_ones)
    setting_checks.check(settled)
    return settled


def _settings(directory):
    """How the network of a run or preset was made and what it saw."""
    if presets.is_preset(directory):
        return _preset_settings(presets.load_preset(directory))
    return _read(Path(directory))[0]


def _preset_settings(preset):
    """A preset's settings, by the names of a run's."""
    return {
        **preset.architecture,
        "attention": preset.architecture["attention"] or "none",
        "image_size": preset.image_size,
        "crop_size": preset.crop_size,
    }


def _read(directory):
    """config.json and report.json of a finished run."""
    try:
        read = [
            json.loads((directory / name).read_text(encoding="utf-8"))
            for name in ("config.json", "report.json")
        ]
        if not (directory / WEIGHTS).is_file():
            raise FileNotFoundError(f"there is no {WEIGHTS}")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--initial-weights {directory} is no finished run ({error}). "
            "Give the --run-dir of a recipe that came to its report."
        ) from error
    return read


def open_initial_run(directory, **architecture):
    """Looks into a finished run's folder, or a preset.

    Args:
        directory: the folder, a preset's name, or None.
        architecture: what the new network is made with, by the names of
            `ARCHITECTURE`.

    Returns:
        An `InitialRun`, or None for None.

    Raises:
        UsageError: if it is no finished run, or one of another network, or
            an altered preset.
        DataError: if its fingerprints cannot be read.
    """
    if directory is None:
        return None
    if presets.is_preset(directory):
        preset = presets.load_preset(directory)
        settings = _preset_settings(preset)
        _check_architecture(directory, settings, architecture)
        return _of_preset(preset)
    directory = Path(directory)
    settings, report = _read(directory)
    _check_architecture(directory, settings, architecture)
    return _of_run(directory / WEIGHTS, settings, report)


def open_weights(source, share=0.0):
    """Looks at what `--weights` names.

    Args:
        source: `imagenet_weights.WeightSource`.
        share: of these weights that the finished ones are to have, see `mix`.

    Returns:
        An `InitialRun`; of the run in whose folder a weight file lies, if it
        is finished. None for random weights.

    Raises:
        DataError: if the fingerprints beside them cannot be read.
        UsageError: if there is a share, and no whole network to take it of.
    """
    path = source.path
    if share and (path is None or source.is_vgg16):
        raise UsageError(
            "--initial-share keeps a share of a whole network's weights. Name "
            "them: --weights RUN/model.weights.h5."
        )
    if path is None:
        return None
    if source.preset is not None:
        return _of_preset(source.preset)
    beside = path.parent / "fingerprints.npz"
    if path.name in (WEIGHTS, "model.keras") and beside.exists():
        with contextlib.suppress(UsageError):  # a file like any other then
            return _of_run(path, *_read(path.parent))
    description = {"file": path.name, "sha256": files.sha256(path)}
    if source.is_vgg16:
        description["data_set"] = "ImageNet"
    learned = load_fingerprints(beside) if beside.exists() else None
    return InitialRun(path, learned, (), description)


def _of_preset(preset):
    return InitialRun(
        preset.directory,
        None,
        preset.class_names,
        {"preset": preset.directory.name, "run": preset.manifest["run"]},
        preset.manifest.get("settings", {}),
    )


def _of_run(path, settings, report):
    name = path.absolute().parent.name
    description = {"run": name, "run_id": settings.get("run_id")}
    description |= {key: report.get(key) for key in _KEPT}
    description |= {k: report[k] for k in _KEPT_IF_THERE if k in report}
    return InitialRun(
        path,
        load_fingerprints(path.parent / "fingerprints.npz"),
        tuple(report["single_view"]["per_class"]),
        description,
        settings,
    )


def _check_architecture(directory, settings, architecture):
    different = [
        f"  {name}: {settings[name]!r} there, {value!r} here"
        for name, value in architecture.items()
        if name in settings and settings[name] != value
    ]
    if different:
        flags = " ".join(
            f"--{name.replace('_', '-')} {settings[name]}"
            for name, value in architecture.items()
            if settings.get(name, value) != value
        )
        raise UsageError(
            f"--initial-weights {directory} is of another network:\n"
            + "\n".join(different)
            + f"\nMake this one alike: {flags}"
        )


def mix(model, initial, share):
    """Takes finished weights part of the way back to where they began.

    What was learned anew often costs less of what was known, if the weights
    of before and after are averaged (Wortsman et al., "Robust fine-tuning of
    zero-shot models", 2022). Batch norm's statistics are averaged with them,
    not taken anew.

    Args:
        model: the finished network; changed in place.
        initial: the same network with the weights that it started from.
        share: of the initial weights, 0 to 1.

    Returns:
        Facts for a report: "initial_share" and "mixed_at_commit".
    """
    for weight, start in zip(model.weights, initial.weights, strict=True):
        weight.assign((1 - share) * weight + share * start)
    return {"initial_share": share, "mixed_at_commit": provenance.commit()}
