"""Which .tflite file is meant by what a user calls a model."""

from pathlib import Path

from keras_fer import presets
from keras_fer.errors import UsageError
from keras_fer.finished_run import is_run

# The files of an export that may stand for a run, the likeliest first.
_FORMATS = ("int8", "float32", "float16", "dynamic", "full_int8")
NO_MODEL = f"""\
No model is named, and the preset {presets.DEFAULT!r} is not shipped with this \
version. Train a network (python recipes/rafdb.py --demo shows how), export it \
(keras-fer export runs/rafdb) and name its run or one of the files:
  keras-fer predict PHOTO --model runs/rafdb
  keras_fer.predict("PHOTO", "runs/rafdb/export/model.int8.tflite")"""


def find_tflite(model=None):
    """The file that a user means.

    Args:
        model: path of a .tflite file, of a run's folder that was exported,
            of an export's folder or of a preset's; or a preset's name. None:
            the preset that the package ships.

    Returns:
        The path of a .tflite file.

    Raises:
        UsageError: if there is none, or it is an address.
        PresetError: if a preset was altered.
    """
    if model is None:
        if presets.DEFAULT not in presets.list_presets():
            raise UsageError(NO_MODEL)
        return _of_preset(presets.DEFAULT)
    presets.refuse_address(model)
    if presets.is_name(model):
        return _of_preset(model)
    path = Path(model)
    if not path.is_dir():
        if path.suffix == ".keras":
            raise UsageError(
                f"{path} is a Keras model; photos are answered by its .tflite "
                "file. Write one: keras-fer export RUN, and name the RUN."
            )
        if not path.exists():
            raise UsageError(
                f"There is no model {path}. Expected: a .tflite file, an "
                f"exported run, or a preset. {presets.known_presets()}"
            )
        return path
    if presets.is_preset(path):
        return _of_preset(path)
    for folder in (path / "export", path):
        for name in _FORMATS:
            file = folder / f"model.{name}.tflite"
            if file.is_file():
                return file
    if not is_run(path):
        found = ", ".join(sorted(p.name for p in path.iterdir())[:5])
        raise UsageError(
            f"{path} holds no model.*.tflite and is neither a run nor a "
            f"preset. Found: {found or 'nothing'}. Give a .tflite file, an "
            "exported run, or a preset's folder."
        )
    raise UsageError(
        f"{path} holds no model.*.tflite. A run has to be exported first: "
        f"keras-fer export {path}"
    )


def _of_preset(name):
    found = presets.load_preset(name)
    if found.tflite_path is None:
        raise UsageError(
            f"The preset {name} has no int8 file. Save it again with "
            "keras-fer save-preset."
        )
    return found.tflite_path
