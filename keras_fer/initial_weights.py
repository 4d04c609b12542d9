"""A finished run, a preset or a file that another run starts from."""

import contextlib
import dataclasses
import json
from pathlib import Path

from keras_fer import files
from keras_fer import presets
from keras_fer import setting_checks
from keras_fer.datasets import leak_policy
from keras_fer.datasets.fingerprints import Fingerprints
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.errors import UsageError

# Settings that decide which weights fit, as recipes name them.
ARCHITECTURE = ("width", "pooling", "head", "attention", "batch_norm")
WEIGHTS = "model.weights.h5"
# Settings that may be left open (None), and what they are without a start.
_VIEWS = {"image_size": 100, "crop_size": 90}
_WIDTH = 1.0
# What a report keeps of the run that its own started from.
_KEPT = ("data_set", "data_hash", "counts", "epoch", "commit")


@dataclasses.dataclass(frozen=True)
class InitialRun:
    """What is taken from a finished run, a preset or a weight file.

    Attributes:
        weights_path: the weight file, or the preset's folder.
        learned: `Fingerprints` of the pictures behind these weights; None
            for a preset or a file alone, which do not say.
        class_names: the classes that these weights know, in their order;
            empty for a file alone.
        description: plain values for a report: the run's name and id, data
            set, data hash, counts, epoch, commit, and its own start; or the
            preset's name and its run; or the file's name and hash.
        settings: what the weights were trained with, where it is known.
    """

    weights_path: Path
    learned: Fingerprints | None
    class_names: tuple[str, ...]
    description: dict
    settings: dict = dataclasses.field(default_factory=dict)

    def check_classes(self, class_names):
        """Refuses classes that are not these weights', in their order.

        Raises:
            UsageError: with both lists.
        """
        if tuple(class_names) != self.class_names:
            raise UsageError(
                f"{self._name} tells "
                f"{', '.join(self.class_names)} apart, and the faces are of "
                f"{', '.join(class_names)}. recipes/image_folder.py starts "
                "from weights of other classes."
            )

    def check_cut(self, data_hash, config, names):
        """Refuses other parts of the data that these weights learned from.

        A face that they learned from would choose the epoch, or judge.

        Args:
            data_hash: of the whole data set, as a report has it.
            config: a recipe's Config.
            names: its settings that decide the parts.

        Raises:
            UsageError: with the settings and how to make them alike.
        """
        described = self.description
        run = described["run"] if "preset" in described else described
        different = {
            name: self.settings[name]
            for name in names
            if self.settings.get(name) not in (None, getattr(config, name))
        }
        if different and run.get("data_hash") == data_hash:
            flags = " ".join(
                f"--{name.replace('_', '-')} {value}"
                for name, value in different.items()
            )
            raise UsageError(
                f"{self._name} learned from the same data, cut in another "
                "way: faces that it knows would choose or judge. Cut alike: "
                f"{flags}, or start from nothing."
            )

    @property
    def _name(self):
        names = (self.description.get(k) for k in ("preset", "run", "file"))
        return next(filter(None, names))

    def unseen(self, test, policy, cache=None, say=print):
        """The test faces that these weights have not learned from.

        Args:
            test: `LabeledFaces`.
            policy, cache: as `leak_policy.apply_to_seen` takes them.
            say: called with a warning where nobody knows them.

        Returns:
            (`LabeledFaces`, facts for a report: "initial_weights", and
            "seen_report" where the learned faces are known).

        Raises:
            DataError: see `leak_policy.apply_to_seen`.
        """
        facts = {"initial_weights": self.description}
        self.warn(say)
        if self.learned is not None:
            test, report = leak_policy.apply_to_seen(
                test, self.learned, policy, cache=cache
            )
            facts["seen_report"] = report.as_dict()
        return test, facts

    def warn(self, say):
        """Says where nobody knows which faces are behind the weights."""
        if self.learned is None and not self.description.get("data_set"):
            say(f"warning: {self._name} does not say which faces it has seen")


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


def open_weights(source):
    """Looks at what `--weights` names.

    Args:
        source: `imagenet_weights.WeightSource`.

    Returns:
        An `InitialRun`; of the run in whose folder a weight file lies, if it
        is finished. None for random weights.

    Raises:
        DataError: if the fingerprints beside them cannot be read.
    """
    path = source.path
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
    description = {"run": path.parent.name, "run_id": settings.get("run_id")}
    description |= {key: report.get(key) for key in _KEPT}
    if "initial_weights" in report:
        description["initial_weights"] = report["initial_weights"]
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
