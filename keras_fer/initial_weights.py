"""A finished run, or a preset, that another run starts from."""

import dataclasses
import json
from pathlib import Path

from keras_fer import presets
from keras_fer import setting_checks
from keras_fer.datasets.fingerprints import Fingerprints
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.errors import UsageError

# Settings that decide which weights fit, as recipes name them.
ARCHITECTURE = ("width", "pooling", "head", "attention", "batch_norm")
WEIGHTS = "model.weights.h5"
# Settings that may be left open (None), and what they are without a start.
_VIEWS = {"image_size": 100, "crop_size": 90}
_WIDTH = 1.0


@dataclasses.dataclass(frozen=True)
class InitialRun:
    """What is taken from a finished run or a preset.

    Attributes:
        weights_path: its `.weights.h5`, or the preset's folder.
        learned: `Fingerprints` of the pictures behind these weights; None
            for a preset, which does not say.
        class_names: the classes that these weights know, in their order.
        description: plain values for a report: the run's name and id, data
            set, data hash, counts, epoch, commit.
    """

    weights_path: Path
    learned: Fingerprints | None
    class_names: tuple[str, ...]
    description: dict

    def check_classes(self, class_names):
        """Refuses classes that are not these weights', in their order.

        Raises:
            UsageError: with both lists.
        """
        if tuple(class_names) != self.class_names:
            raise UsageError(
                f"--initial-weights {self._name} tells "
                f"{', '.join(self.class_names)} apart, and the faces are of "
                f"{', '.join(class_names)}. recipes/image_folder.py starts "
                "from weights of other classes."
            )

    @property
    def _name(self):
        return self.description.get("preset") or self.description["run"]

    def warn(self, say):
        """Says where nobody knows which pictures are behind the weights."""
        if self.learned is None:
            say("warning: a preset does not say which pictures it has seen")


def settle(config):
    """Fills what a recipe's settings left open.

    The width is that of the initial weights, and so is the size of the views,
    unless one of its two numbers is given.

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
        if config.image_size or config.crop_size:
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
    directory = Path(directory)
    if presets.is_preset(directory):
        return _preset_settings(presets.load_preset(directory))
    return _read(directory)[0]


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
    directory = Path(directory)
    if presets.is_preset(directory):
        preset = presets.load_preset(directory)
        settings = _preset_settings(preset)
        _check_architecture(directory, settings, architecture)
        return InitialRun(
            preset.directory,
            None,
            preset.class_names,
            {"preset": preset.directory.name, "run": preset.manifest["run"]},
        )
    settings, report = _read(directory)
    _check_architecture(directory, settings, architecture)
    kept = ("data_set", "data_hash", "counts", "epoch", "commit")
    return InitialRun(
        directory / WEIGHTS,
        load_fingerprints(directory / "fingerprints.npz"),
        tuple(report["single_view"]["per_class"]),
        {"run": directory.name, "run_id": settings.get("run_id")}
        | {key: report.get(key) for key in kept},
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


def fingerprints_beside(weights):
    """What a weight file has learned from, where it lies in a run's folder.

    Args:
        weights: None, "imagenet", or a path.

    Returns:
        `Fingerprints`, or None where nothing is known.

    Raises:
        DataError: if they cannot be read.
    """
    path = Path(weights or "").parent / "fingerprints.npz"
    if weights is None or not path.exists():
        return None
    return load_fingerprints(path)
