"""One face and each file's answer to it, in raw bytes, for an app's test."""

from pathlib import Path

import numpy as np
from PIL import Image

from keras_fer import files
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.litert import LiteRTModel

INPUT_NAME = "golden_input.bin"


def golden_face(size):
    """A drawn face; nobody's picture.

    Args:
        size: side, in pixels.

    Returns:
        uint8 `(size, size, 3)`, RGB.
    """
    face = draw_face("happiness", np.random.default_rng(0), split="test")
    face = face.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(face)


def write_golden(directory, formats):
    """Writes the face and the answers of exported files beside them.

    `golden_input.bin` holds the view as uint8, row by row, R G B;
    `golden_output.FORMAT.bin` the probabilities as little-endian float32.

    Args:
        directory: the folder of an export.
        formats: which of its .tflite files answer. Answers of other files
            that lie there are removed, as another model's.
    """
    directory = Path(directory)
    for stale in directory.glob("golden_output.*.bin"):
        stale.unlink()
    for name in formats:
        model = LiteRTModel(directory / f"model.{name}.tflite")
        view = golden_face(model.view_size)
        answer = model.predict(view[None])[0].astype("<f4")
        for path, content in (
            (INPUT_NAME, view),
            (f"golden_output.{name}.bin", answer),
        ):
            with files.atomic_path(directory / path) as partial:
                partial.write_bytes(content.tobytes())
