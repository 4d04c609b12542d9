"""Weights that travel with their settings, labels, hashes and model card.

A preset is a folder. Whoever opens it gets what was saved or a refusal; no
file in it can run code. `preset_writer.py` makes one.
"""

import dataclasses
import json
import re
from pathlib import Path

from keras_fer import files
from keras_fer.errors import UsageError

FORMAT = 1
CONFIG, LABELS, WEIGHTS = "config.json", "labels.txt", "weights.npz"
CARD, TFLITE, MANIFEST = "README.md", "model.int8.tflite", "manifest.json"
REQUIRED = (CONFIG, LABELS, WEIGHTS, CARD)

DEFAULT = "fer2013"  # of `Classifier` and the command line
# Where those lie that the package ships, each in a folder of its name.
SHIPPED = Path(__file__).parent / "shipped_presets"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # not C:/


class PresetError(UsageError, ValueError):
    """There is no such preset, or it is not as it was saved."""


class AddressError(UsageError, ValueError):
    """A model was to be fetched from an address."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """An opened preset, every file of it found as it was saved.

    Attributes:
        directory: its folder.
        architecture: arguments of `build_model`, by name; `pooling` is one
            of the names that `pooling_variants.pooling_variant` knows.
        class_names: the classes, in the order of the model's output.
        image_size: side that faces are resized to, in pixels.
        crop_size: side of the view that the model sees, in pixels.
        weights_path: the weights, `.npz`, calibrated.
        tflite_path: the int8 file, or None.
        manifest: hashes, calibration, and what was measured on what.
    """

    directory: Path
    architecture: dict
    class_names: tuple[str, ...]
    image_size: int
    crop_size: int
    weights_path: Path
    tflite_path: Path | None
    manifest: dict


def refuse_address(name):
    """Lets only this machine's files through as models and weights.

    Args:
        name: what a user gave; a `Path` has one slash less than an address.

    Raises:
        AddressError: for `http://`, `hf://` and the like.
    """
    if _ADDRESS.match(str(name)):
        raise AddressError(
            f"{name} is an address. Models are read from this machine alone: "
            "what an address gives may be another file tomorrow, and may run "
            "code. Fetch weights without their model, compare their hash, "
            'and give the path: build_model("NAME.weights.h5").'
        )


def list_presets():
    """The names of the presets that this package ships.

    Returns:
        A tuple of strings, sorted.
    """
    return tuple(
        sorted(path.parent.name for path in SHIPPED.glob("*/" + MANIFEST))
    )


def is_name(name_or_directory):
    """Whether it is the name of a shipped preset, a `str`.

    A `Path` never is: it has lost the `./` that told a folder from a name.
    """
    return (
        isinstance(name_or_directory, str)
        and name_or_directory in list_presets()
    )


def is_preset(name_or_directory):
    """Whether it is the name of a shipped preset, or a preset's folder.

    A folder that lost one of its files is one too, and is then refused:
    neither a run nor an export has files of these names.
    """
    directory = Path(name_or_directory)
    return (
        is_name(name_or_directory)
        or (directory / WEIGHTS).is_file()
        or all((directory / name).is_file() for name in (MANIFEST, LABELS))
    )


def load_preset(name_or_directory):
    """Opens a preset, and refuses one that was altered.

    Args:
        name_or_directory: one of `list_presets()`, or the folder of another
            one; a folder that has such a name needs `./`, or is a `Path`.

    Returns:
        A `Preset`. Its network: `build_model(weights=name_or_directory)`.

    Raises:
        PresetError: if there is none of this name, if a file of it is
            missing or not the one that was saved, or if it was saved by a
            newer version.
    """
    refuse_address(name_or_directory)
    directory = Path(name_or_directory).absolute()
    if is_name(name_or_directory):
        directory = SHIPPED / name_or_directory
    elif not directory.is_dir():
        raise PresetError(
            f"There is no preset {str(name_or_directory)!r}. {known_presets()}"
        )
    manifest = _read_json(directory / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise PresetError(
            f"{directory} is a preset of format {manifest.get('format')!r}; "
            f"this version reads {FORMAT}. Install the version of keras-fer "
            "that saved it."
        )
    _check_hashes(directory, manifest.get("sha256"))
    config = _read_json(directory / CONFIG)
    labels = (directory / LABELS).read_text(encoding="utf-8")
    tflite = directory / TFLITE
    return Preset(
        directory=directory,
        architecture=config["architecture"],
        class_names=tuple(labels.splitlines()),
        image_size=config["image_size"],
        crop_size=config["crop_size"],
        weights_path=directory / WEIGHTS,
        tflite_path=tflite if TFLITE in manifest["sha256"] else None,
        manifest=manifest,
    )


def known_presets():
    """A sentence for messages that says which presets there are."""
    names = ", ".join(list_presets())
    if not names:
        return "This version ships no presets; a preset's folder will do."
    return f"Known are {names}, and the folders of others."


def _check_hashes(directory, hashes):
    if not isinstance(hashes, dict) or not set(REQUIRED) <= set(hashes):
        raise PresetError(
            f"{directory / MANIFEST} does not name {', '.join(REQUIRED)}: it "
            "is no preset's."
        )
    faults = []
    for name, expected in hashes.items():
        path = directory / name
        if name not in (*REQUIRED, TFLITE):
            faults.append(f"{name} is no file of a preset")
        elif not path.is_file():
            faults.append(f"{name} is missing")
        elif (found := files.sha256(path)) != expected:
            faults.append(
                f"{name} is not the one that was saved: its hash is "
                f"{found[:16]}..., expected {str(expected)[:16]}..."
            )
    if faults:
        raise PresetError(
            f"{directory} was altered: {'; '.join(faults)}. Fetch or save the "
            "preset again."
        )


def _read_json(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds no settings")
    except (OSError, ValueError) as error:
        raise PresetError(
            f"{path.parent} is no preset: {path.name} cannot be read "
            f"({error}). Give a folder that keras-fer save-preset made, whole."
        ) from error
    return found
