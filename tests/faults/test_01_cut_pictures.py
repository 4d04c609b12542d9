"""Row 1: pictures of no bytes, and pictures cut off anywhere.

Any cut of any picture, by hypothesis: tests/datasets/test_damaged_sources.py.
"""

import shutil

import pytest
from PIL import Image

import inject

SHARES = (0, 0.1, 0.5, 0.99)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_cut_picture_is_named_and_nothing_is_written(
    kind, faces, pictures, commands, cache, model_files
):
    names = []
    for number, share in enumerate(SHARES, 1):
        path = pictures / f"train_{number:05}_aligned.jpg"
        with Image.open(path) as image:
            image.save(path, kind)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        names.append(str(path))
    before = inject.tree(cache)
    message = commands.refuse(faces, *names)
    assert f"{names[0]} is empty (0 bytes)" in message
    assert "4 of 84 pictures are faulty" in message
    # Other tests may add to it meanwhile.
    assert before.items() <= inject.tree(cache).items()
    status, out, message = commands.keras_fer(
        *("classify", *names, "--model", model_files / "model.tflite")
    )
    assert (status, out) == (3, "")
    assert all(name in message for name in names)
    assert "4 of 4 pictures have no answer" in message


def test_the_same_pictures_whole_pass(faces, pictures, commands):
    for number in range(1, 5):
        path = pictures / f"train_{number:05}_aligned.jpg"
        with Image.open(path) as image:
            image.save(path, "PNG")
    assert commands.check_data(faces)[0] == 0


def test_own_faces_are_looked_at_too(data, commands, tmp_path):
    pictures = sorted((data / "basic/Image/aligned").iterdir())
    for name, some in (("calm", pictures[:9]), ("tense", pictures[9:20])):
        (tmp_path / "own" / name).mkdir(parents=True)
        for path in some:
            shutil.copy(path, tmp_path / "own" / name)
    bad = tmp_path / "own" / "calm" / pictures[0].name
    bad.write_bytes(bad.read_bytes()[:500])
    status, _, message = commands.recipe(
        *("image_folder", "--data-dir", tmp_path / "own"),
        *("--run-dir", commands.run_dir, "--batch-size", "1000"),
    )
    assert status == 3 and f"{bad.name}" in message
