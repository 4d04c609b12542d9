"""Row 35: a clock that stands in 1970, and goes back.

Durations come from time.monotonic, and runs are told apart by a random id.
"""

import os

import pytest

import inject
from keras_fer import model_file

IN_1970 = """
import time
time.time = lambda: 3600.0
"""


def test_pictures_of_1970_are_the_same_data(faces, pictures, commands):
    status, expected, _ = commands.check_data(faces)
    assert status == 0
    for path in pictures.iterdir():
        os.utime(path, (0, 0))
    assert commands.check_data(faces) == (0, expected, "")


def test_a_model_file_of_1970_keeps_its_description(model_files, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes((model_files / "bare.tflite").read_bytes())
    os.utime(path, (0, 0))
    contract = model_file.Contract(tuple("abcdefg"), 40, 32, "float32")
    model_file.attach(path, contract)
    assert model_file.read(path) == contract


@pytest.mark.slow  # two children
def test_a_clock_in_1970_changes_no_answer(data, model_files):
    face = data / "basic/Image/aligned/test_00001_aligned.jpg"
    words = ("classify", face, "--model", model_files / "model.tflite")
    now, then = (
        inject.keras_fer_child(*words, prelude=prelude)
        for prelude in ("", IN_1970)
    )
    assert now == then and now[0] == 0
