"""Row 5: the same face upright, whatever its EXIF orientation."""

import numpy as np
from PIL import Image

from turned import STORED
from turned import store_turned


def store(source, target, orientation):
    with Image.open(source) as image:
        face = np.asarray(image.convert("RGB"))
    store_turned(face, target, orientation)


def test_eight_tagged_copies_get_one_answer(
    pictures, tmp_path, commands, model_files
):
    source = pictures / "test_00001_aligned.jpg"
    paths = [tmp_path / f"{number}.png" for number in STORED]
    for number, path in zip(STORED, paths, strict=True):
        store(source, path, number)
    status, out, _ = commands.keras_fer(
        *("classify", *paths, "--csv", "-"),
        *("--model", model_files / "model.tflite"),
    )
    assert status == 0
    answers = {line.partition(",")[2] for line in out.splitlines()[1:]}
    assert len(answers) == 1


def test_training_takes_upright_pictures_alone(faces, pictures, commands):
    """TensorFlow's decoder does not look at the tag."""
    words = []
    for number in range(2, 9):
        path = pictures / f"train_{number:05}_aligned.jpg"
        store(path, path, number)
        words.append(f"{path} is stored turned (EXIF orientation {number})")
    commands.refuse(faces, *words, "7 of 84 pictures")


def test_a_tag_that_says_upright_is_no_fault(faces, pictures, commands):
    path = pictures / "train_00001_aligned.jpg"
    store(path, path, 1)
    assert commands.check_data(faces)[0] == 0
