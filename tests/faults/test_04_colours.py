"""Row 4: every mode of a picture has one conversion, in both decoders.

TensorFlow decodes JPEG with a faster, less exact transform than Pillow: up to
four levels apart. Everything else is the same to the bit.
"""

import io

import numpy as np
import pytest
from PIL import Image

from keras_fer import input_pipeline
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.picture_checks import inspect
from keras_fer.face_image import read_face

ROWS, COLUMNS = np.mgrid[0:64, 0:64]
FACE = Image.fromarray(
    np.stack([ROWS * 3, COLUMNS * 3, ROWS + COLUMNS], axis=-1).astype("uint8")
)
ALPHA = Image.fromarray((ROWS * 3 + 60).astype("uint8"))


def encode(image, kind, **arguments):
    stream = io.BytesIO()
    image.save(stream, kind, **arguments)
    return stream.getvalue()


def transparent(mode):
    image = FACE.convert(mode)
    image.putalpha(ALPHA)
    return image


AGREE = {
    "RGB": encode(FACE, "PNG"),
    "JPEG": encode(FACE, "JPEG", quality=95),
    "one channel": encode(FACE.convert("L"), "PNG"),
    "one channel JPEG": encode(FACE.convert("L"), "JPEG"),
    "one bit": encode(FACE.convert("1"), "PNG"),
    "palette": encode(FACE.quantize(64), "PNG"),
    "opaque alpha": encode(FACE.convert("RGBA"), "PNG"),
    "grey with opaque alpha": encode(FACE.convert("LA"), "PNG"),
}
REFUSED = {
    "CMYK": (encode(FACE.convert("CMYK"), "JPEG"), "CMYK"),
    "16 bits": (
        encode(Image.fromarray((ROWS * 900).astype("uint16")), "PNG"),
        "16 bits",
    ),
    "alpha": (encode(transparent("RGB"), "PNG"), "transparent parts"),
    "grey with alpha": (encode(transparent("L"), "PNG"), "transparent parts"),
    "palette with transparency": (
        encode(FACE.quantize(64), "PNG", transparency=3),
        "transparent parts",
    ),
}


@pytest.mark.parametrize("mode", AGREE)
def test_training_sees_what_the_classifier_sees(mode, tmp_path):
    content = AGREE[mode]
    assert inspect(content) == (None, (64, 64))
    faces = LabeledFaces((content,), np.zeros(1, "int32"), ("a",), ("x", "y"))
    (batch,) = input_pipeline.image_batches(faces, image_size=64, batch_size=1)
    path = tmp_path / "face.jpg"
    path.write_bytes(content)
    ours = read_face(path, 64).astype(int)
    difference = np.abs(batch[0].numpy() - ours)
    assert difference.max() <= (4 if "JPEG" in mode else 0)
    assert difference.mean() <= 1.1


@pytest.mark.parametrize("mode", REFUSED)
def test_what_decoders_read_differently_is_refused_in_data_sets(
    mode, faces, pictures, commands, model_files
):
    content, words = REFUSED[mode]
    path = pictures / "train_00001_aligned.jpg"
    path.write_bytes(content)
    commands.refuse(faces, path.name, words)
    # The classifier has one decoder, and answers.
    status, _, message = commands.keras_fer(
        *("classify", path, "--model", model_files / "model.tflite")
    )
    assert status == 0, message
