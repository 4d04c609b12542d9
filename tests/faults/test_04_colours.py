"""Row 4: every mode of a picture has one conversion, in both decoders."""

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
    "JPEG, poor": encode(FACE, "JPEG", quality=10),
    "JPEG, full colours": encode(FACE, "JPEG", subsampling="4:4:4"),
    "JPEG, half colours": encode(FACE, "JPEG", subsampling="4:2:2"),
    "JPEG, progressive": encode(FACE, "JPEG", progressive=True),
    "one channel": encode(FACE.convert("L"), "PNG"),
    "one channel JPEG": encode(FACE.convert("L"), "JPEG", quality=30),
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
    np.testing.assert_array_equal(batch[0], read_face(path, 64))


def test_coloured_noise_of_any_side_is_the_same_too(tmp_path):
    rng = np.random.default_rng(0)
    for index in range(12):
        side = int(rng.integers(40, 130))  # blocks of 16 do not fit
        small = rng.integers(0, 256, (9, 9, 3), dtype="uint8")
        image = Image.fromarray(small).resize((side, side), Image.BICUBIC)
        noise = rng.normal(0, 12, (side, side, 3))
        pixels = np.clip(np.asarray(image) + noise, 0, 255).astype("uint8")
        quality = int(rng.integers(15, 96))
        content = encode(Image.fromarray(pixels), "JPEG", quality=quality)
        faces = LabeledFaces((content,), np.zeros(1, "i4"), ("a",), ("x", "y"))
        (batch,) = input_pipeline.image_batches(
            faces, image_size=side, batch_size=1
        )
        path = tmp_path / f"{index}.jpg"
        path.write_bytes(content)
        np.testing.assert_array_equal(batch[0], read_face(path, side))


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
