"""What a user calls a model: a run, a preset, or a file of either."""

import dataclasses
import json
from pathlib import Path

from keras_fer import files
from keras_fer import finished_run
from keras_fer import model_file
from keras_fer import presets
from keras_fer.errors import ExpectedError
from keras_fer.errors import ModelFileError
from keras_fer.errors import UsageError

KINDS = {
    "keras": "Keras model",
    "saved_model": "SavedModel",
    "tflite": "TFLite file",
    "preset": "preset",
}


@dataclasses.dataclass(frozen=True)
class DescribedModel:
    """A model that was looked at, and not loaded yet.

    Attributes:
        path: the .keras file, the SavedModel's or the preset's folder, or
            the .tflite file.
        kind: one of `KINDS`.
        class_names: in the order of the outputs; None if unknown.
        image_size: side that faces are resized to, in pixels; None if
            unknown.
        run: `FinishedRun` that it lies in, if any.
        preset: `Preset` that it is, if any.
        sha256: of the file; None for a folder.
    """

    path: Path
    kind: str
    class_names: tuple[str, ...] | None = None
    image_size: int | None = None
    run: finished_run.FinishedRun | None = None
    preset: presets.Preset | None = None
    sha256: str | None = None


def describe(path):
    """Tells what a path is, without loading TensorFlow.

    Args:
        path: a run's folder, a preset's name or folder, a .keras file, a
            SavedModel's folder or a .tflite file.

    Returns:
        A `DescribedModel`.

    Raises:
        UsageError: if it is none of these.
        ModelFileError: if a .tflite file is damaged.
        PresetError: if a preset was altered.
    """
    presets.refuse_address(path)
    if presets.is_preset(path):
        preset = presets.load_preset(path)
        return DescribedModel(
            preset.directory,
            "preset",
            class_names=preset.class_names,
            image_size=preset.image_size,
            preset=preset,
            sha256=preset.manifest["sha256"][presets.WEIGHTS],
        )
    path = Path(path)
    if path.suffix == ".tflite":
        contract = model_file.read(path)
        found = DescribedModel(path, "tflite", sha256=files.sha256(path))
        if contract is None:
            return found
        return dataclasses.replace(
            found,
            class_names=contract.class_names,
            image_size=contract.image_size,
        )
    if path.is_dir() and finished_run.is_run(path):
        return _of_run(finished_run.open_run(path))
    if path.suffix == ".keras" and path.is_file():
        if path.name == "model.keras" and finished_run.is_run(path.parent):
            return _of_run(finished_run.open_run(path.parent))
        return DescribedModel(path, "keras", sha256=files.sha256(path))
    if (path / "saved_model.pb").is_file():
        return DescribedModel(path, "saved_model", **_beside(path.parent))
    if not path.exists():
        raise UsageError(f"There is no model {path}.")
    if path.suffix == ".h5":
        raise UsageError(
            f"{path} is a model or weights in HDF5. A whole model in HDF5 can "
            "run code when it is read, and weights alone do not say their "
            "network: build_model(weights=PATH) takes them. Give the run's "
            "folder, or its model.keras."
        )
    inner = sorted(path.glob("*.tflite")) + sorted(path.glob("*.keras"))
    hint = f" Choose one of its files: {inner[0]}." if inner else ""
    raise UsageError(
        f"{path} is no model. Expected: a run's folder, a preset, a .keras "
        f"file, a SavedModel's folder or a .tflite file.{hint}"
    )


def load(described):
    """The network, as `keras_fer.evaluation` takes it.

    Args:
        described: `DescribedModel`.

    Returns:
        An object with `input_shape`, `output_shape` and `predict_on_batch`.

    Raises:
        ModelFileError: if it cannot be loaded.
    """
    if described.kind == "tflite":
        return _LiteRT(described.path)
    from keras_fer import model
    from keras_fer.export.serving import ServedModel

    try:
        if described.kind == "keras":
            return model.load_model(described.path)
        if described.kind == "preset":
            return model.build_model(described.path)
        return ServedModel(described.path)
    except ExpectedError:
        raise
    except Exception as error:  # a damaged file makes loaders raise anything
        reason = " ".join(str(error).split())[:300]
        raise ModelFileError(
            f"{described.path} cannot be loaded as a "
            f"{KINDS[described.kind]}: {reason} Copy or make it again."
        ) from error


class _LiteRT:
    def __init__(self, path):
        from keras_fer.litert import LiteRTModel

        model = LiteRTModel(path, num_threads=2)
        self.input_shape = (None, model.view_size, model.view_size, 3)
        self.output_shape = (None, model.num_classes)
        self.predict_on_batch = model.predict


def _of_run(run):
    return DescribedModel(
        run.model_path,
        "keras",
        class_names=run.class_names,
        image_size=run.image_size,
        run=run,
        sha256=files.sha256(run.model_path),
    )


def _beside(directory):
    """What an export's other files say of its SavedModel."""
    known = {}
    try:
        labels = directory / model_file.LABELS_NAME
        known["class_names"] = tuple(
            labels.read_text(encoding="utf-8").splitlines()
        )
        report = directory / "parity.json"
        known["image_size"] = int(
            json.loads(report.read_text(encoding="utf-8"))["image_size"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        pass  # then it is not known, and asked for
    return known
