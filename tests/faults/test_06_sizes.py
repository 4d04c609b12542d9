"""Row 6: sizes that no face crop has, or that are not the set's."""

import pytest
from PIL import Image


@pytest.mark.parametrize("size", [(1, 1), (31, 40), (4000, 10), (100, 300)])
def test_what_has_no_faces_shape_is_refused_everywhere(
    size, faces, pictures, commands, model_files
):
    path = pictures / "train_00001_aligned.jpg"
    Image.new("RGB", size).save(path)
    shown = f"{size[0]}x{size[1]}"
    commands.refuse(faces, f"{path} is {shown}")
    status, _, message = commands.keras_fer(
        *("classify", path, "--model", model_files / "model.tflite")
    )
    assert status == 3
    assert shown in message and "resized to 40x40" in message


def test_another_size_than_the_others_is_named_with_both(
    faces, pictures, commands
):
    path = pictures / "train_00001_aligned.jpg"
    with Image.open(path) as image:
        image.resize((80, 90)).save(path)
    commands.refuse(faces, f"{path} is 80x90, most are 100x100")


def test_a_whole_set_of_another_size_passes_if_it_is_meant(
    faces, pictures, commands
):
    for path in pictures.iterdir():
        with Image.open(path) as image:
            image.resize((80, 80)).save(path)
    assert commands.check_data(faces)[0] == 0
