"""What is kept of pictures so that they are known again.

Hashes tell equal pictures, small grey copies tell near ones. A run keeps
those of the pictures it learned from, for whoever goes on from its weights.
"""

import dataclasses
import hashlib
import io

import numpy as np
from PIL import Image

from keras_fer import files
from keras_fer.datasets.picture_alignment import SIDE
from keras_fer.errors import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class Fingerprints:
    """Of some pictures, in their order.

    Attributes:
        names: each picture's path inside its data set.
        files: uint8 `(n, 32)`, SHA-256 of the file.
        pixels: uint8 `(n, 32)`, SHA-256 of the decoded picture.
        mirrored_pixels: the same of the mirrored picture.
        grey: uint8 `(n, SIDE, SIDE)`.
    """

    names: np.ndarray
    files: np.ndarray
    pixels: np.ndarray
    mirrored_pixels: np.ndarray
    grey: np.ndarray

    def __len__(self):
        return len(self.names)

    def save(self, path):
        """Writes them as `.npz`: about 1.5 kB a picture."""
        with files.atomic_path(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **_columns(self))


def take_fingerprints(faces):
    """Decodes pictures and takes their fingerprints.

    Args:
        faces: `LabeledFaces`, or `Fingerprints`, which are given back.

    Returns:
        `Fingerprints`.
    """
    if isinstance(faces, Fingerprints):
        return faces
    number = len(faces)
    found = Fingerprints(
        np.array(faces.names, dtype=np.str_),
        *(np.empty((number, 32), np.uint8) for _ in range(3)),
        np.empty((number, SIDE, SIDE), np.uint8),
    )
    for index, content in enumerate(faces.images):
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        pixels = np.asarray(picture)
        found.files[index] = _sha256(content)
        for hashes, values in (
            (found.pixels, pixels),
            (found.mirrored_pixels, pixels[:, ::-1]),
        ):
            shape = np.array(values.shape).tobytes()
            hashes[index] = _sha256(shape + values.tobytes())
        small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        found.grey[index] = np.asarray(small)
    return found


def concatenate(parts):
    """Several `Fingerprints` as one."""
    columns = [_columns(part) for part in parts]
    return Fingerprints(
        **{
            name: np.concatenate([part[name] for part in columns])
            for name in columns[0]
        }
    )


def load_fingerprints(path):
    """Reads what `Fingerprints.save` wrote.

    Raises:
        DataError: if the file is missing or damaged.
    """
    try:
        # NumPy leaves a damaged file open that it opened itself.
        with (
            open(path, "rb") as stream,
            np.load(stream, allow_pickle=False) as file,
        ):
            found = Fingerprints(**file)
        ours = (np.uint8, (len(found), SIDE, SIDE))
        if (found.grey.dtype, found.grey.shape) != ours:
            raise ValueError(f"grey copies of {found.grey.shape}")
    except Exception as error:  # whatever a damaged file makes NumPy raise
        raise DataError(
            f"{path} cannot be read ({error}). It says what a run learned "
            "from, and is written when a run ends: run that recipe again."
        ) from error
    return found


def _columns(fingerprints):
    return {
        field.name: getattr(fingerprints, field.name)
        for field in dataclasses.fields(fingerprints)
    }


def _sha256(content):
    return np.frombuffer(hashlib.sha256(content).digest(), np.uint8)
