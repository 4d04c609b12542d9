"""Row 11: other layouts are recognised by name, or told what was seen."""

import shutil

import pytest

import keras_fer
from keras_fer.datasets import image_folder
from keras_fer.datasets.raf_db_source import find_source
from recipe_command import SMALL

ORDER = ", ".join(keras_fer.CLASSES)
# Sorted by name these would be anger, disgust, fear, ...: the trap of
# reading folders in their order.
USUAL = ("Surprised", "fear", "Disgust", "happy", "sad", "angry", "neutral")
LAYOUTS = {
    "numbers": tuple("1234567"),
    "padded numbers": tuple(f"{n:02}" for n in range(1, 8)),
    "names": keras_fer.CLASSES,
    "other names": USUAL,
}


def folders(data, root, names, test="test"):
    for record in find_source(data).records:
        part = "train" if record.split == "train" else test
        folder = root / part / names[record.label]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(record.path, folder / f"{record.path.stem}.jpg")
    return root


@pytest.mark.parametrize(
    ("names", "test"),
    [
        ("numbers", "test"),
        ("padded numbers", "valid"),
        ("names", "val"),
        ("other names", "Test"),
    ],
)
def test_class_folders_give_the_official_labels(
    names, test, data, tmp_path, commands
):
    root = folders(data, tmp_path / "DATASET", LAYOUTS[names], test)
    status, out, message = commands.check_data(root, "--dataset", "raf_db")
    assert status == 0, message
    assert "class folders" in out
    assert "| surprise | 10 | 2 |" in out and "| neutral | 10 | 2 |" in out
    ours, theirs = (
        image_folder.load_source(find_source(place)) for place in (root, data)
    )
    for part in theirs:
        assert dict(
            zip(ours[part].images, ours[part].labels, strict=True)
        ) == dict(zip(theirs[part].images, theirs[part].labels, strict=True))


def test_the_order_of_classes_is_printed(data, commands):
    status, out, _ = commands.rafdb(data, "--expected-counts", "official")
    assert status == 3  # before the pictures are decoded
    assert f"official layout, classes in order: {ORDER}" in out


@pytest.mark.parametrize(
    "names",
    [("0", *"123456"), ("happy!", *USUAL[1:]), ("contempt", *USUAL[1:])],
)
def test_folders_that_are_no_class_are_named(names, data, tmp_path, commands):
    root = folders(data, tmp_path / "DATASET", names)
    status, _, message = commands.rafdb(root)
    assert status == 3
    assert f"{names[0]} is no class" in message


def test_what_is_no_data_set_is_told_what_was_seen(tmp_path, commands):
    (tmp_path / "set" / "photos").mkdir(parents=True)
    status, _, message = commands.rafdb(tmp_path / "set")
    assert status == 3
    for words in ("Found: photos", "RAF-DB's own layout", "folders of classes"):
        assert words in message


def test_unaligned_frames_of_sfew_are_known(data, tmp_path, commands):
    """The faces themselves are told from frames by tests of SFEW's layout."""
    frames = tmp_path / "SFEW" / "Train" / "Happy"
    frames.mkdir(parents=True)
    path = data / "basic/Image/aligned/train_00001_aligned.jpg"
    shutil.copy(path, frames / "Movie_000123.jpg")
    words = [word for word in SMALL if word in ("--expected-counts", "any")]
    status, _, message = commands.recipe(
        *("sfew", "--data-dir", tmp_path / "SFEW"),
        *("--run-dir", commands.run_dir, *words),
    )
    assert status == 3
    assert "Train_Aligned_Faces" in message
