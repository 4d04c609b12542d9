"""Faces stored turned, with the EXIF orientation that says so."""

import numpy as np
from PIL import Image

_ORIENTATION = 0x0112
# A viewer who obeys the tag shows every one of these upright.
STORED = {
    1: lambda face: face,
    2: lambda face: face[:, ::-1],
    3: lambda face: face[::-1, ::-1],
    4: lambda face: face[::-1],
    5: lambda face: face.transpose(1, 0, 2),
    6: lambda face: np.rot90(face),
    7: lambda face: np.rot90(face, 2).transpose(1, 0, 2),
    8: lambda face: np.rot90(face, -1),
}


def store_turned(face, target, orientation):
    """Writes an upright array `(height, width, 3)` as that orientation."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    stored = np.ascontiguousarray(STORED[orientation](face))
    Image.fromarray(stored).save(target, exif=exif)
