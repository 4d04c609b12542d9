"""What an exported .tflite carries beside its graph: labels, views, hash.

No maintained Python package writes TensorFlow Lite's own metadata table any
more, so the description stands where that format keeps its associated files:
in a zip archive at the end of the file, which interpreters do not look at and
`unzip -p model.int8.tflite labels.txt` reads. Two entries, both UTF-8:
`labels.txt`, a class a line, and `keras_fer.json`, the contract below.
"""

import dataclasses
import hashlib
import json
import zipfile
from pathlib import Path

from keras_fer.errors import ModelFileError

LABELS_NAME = "labels.txt"
CONTRACT_NAME = "keras_fer.json"
VERSION = 1
_BLOCK = 1 << 20
_LARGEST_ENTRY = 1 << 20  # a contract has a few hundred bytes


@dataclasses.dataclass(frozen=True)
class Contract:
    """How to use a model file.

    Attributes:
        class_names: the classes, in the order of the probabilities.
        image_size: side that a face is resized to, in pixels.
        view_size: side of the model's input, in pixels: the centre of the
            resized face.
        format: which of the export's formats this is, such as "int8".
    """

    class_names: tuple[str, ...]
    image_size: int
    view_size: int
    format: str


def attach(path, contract):
    """Appends the description to a bare .tflite file.

    Args:
        path: the file, which holds the graph and nothing else.
        contract: `Contract`.
    """
    path = Path(path)
    size = path.stat().st_size
    described = {
        "version": VERSION,
        **dataclasses.asdict(contract),
        "input": (
            f"image: one face, RGB 0..255, (1, {contract.view_size}, "
            f"{contract.view_size}, 3)"
        ),
        "output": "probabilities: float32, (1, classes)",
        "resize": (
            f"to {contract.image_size}x{contract.image_size} with a triangle "
            "filter widened by the scale (antialiased bilinear), then the "
            f"centre {contract.view_size}x{contract.view_size}"
        ),
        "graph_bytes": size,
        "graph_sha256": _graph_hash(path, size),
    }
    entries = {
        LABELS_NAME: "".join(f"{name}\n" for name in contract.class_names),
        CONTRACT_NAME: json.dumps(described, indent=2, ensure_ascii=False),
    }
    with zipfile.ZipFile(path, "a") as archive:
        for name, text in entries.items():
            # ZipInfo's date is 1980: the same model gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), text.encode())


def read(path):
    """The description in a model file, once its graph is found undamaged.

    Args:
        path: the .tflite file.

    Returns:
        A `Contract`; None if the file carries none, so that nothing is known
        of its graph either.

    Raises:
        ModelFileError: if the file is missing, empty or damaged.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelFileError(f"{path} is no file. Expected: a .tflite.")
        if not size:
            raise ModelFileError(
                f"{path} is empty (0 bytes). Copy or export it again."
            )
        if not zipfile.is_zipfile(path):
            return None
        described = _entry(path)
        if described is None:
            return None
        contract = Contract(
            class_names=tuple(map(str, described["class_names"])),
            image_size=int(described["image_size"]),
            view_size=int(described["view_size"]),
            format=str(described["format"]),
        )
        found = _graph_hash(path, int(described["graph_bytes"]))
        if found != described["graph_sha256"]:
            raise ModelFileError(
                f"{path} is damaged: its graph hashes to {found[:16]}..., "
                f"and {str(described['graph_sha256'])[:16]}... was written. "
                "Copy or export it again."
            )
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror or error}."
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{path} is damaged: its {CONTRACT_NAME} cannot be understood "
            f"({error!r}). Copy or export it again."
        ) from error
    return contract


def _entry(path):
    """The parsed contract; None where the archive holds none."""
    try:
        with zipfile.ZipFile(path) as archive:
            if CONTRACT_NAME not in archive.namelist():
                return None
            if archive.getinfo(CONTRACT_NAME).file_size > _LARGEST_ENTRY:
                raise ModelFileError(
                    f"{path}: {CONTRACT_NAME} claims more than "
                    f"{_LARGEST_ENTRY} bytes. Export the model again."
                )
            described = json.loads(archive.read(CONTRACT_NAME))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(
            f"{path} is damaged: {error}. Copy or export it again."
        ) from error
    if described["version"] != VERSION:
        raise ModelFileError(
            f"{path} has a description of version {described['version']}, "
            f"and this keras_fer reads {VERSION}. Export the model again."
        )
    return described


def _graph_hash(path, size):
    """SHA-256 of the first `size` bytes, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(min(_BLOCK, size)):
            digest.update(block)
            size -= len(block)
    return digest.hexdigest()
