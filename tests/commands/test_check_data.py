"""What is found in a folder, all of it, before a training."""

import shutil

import pytest
from PIL import Image

from drawn import LABELS
from keras_fer.commands.check_data import check_data
from keras_fer.errors import DataError

ALIGNED = "basic/Image/aligned"


@pytest.fixture
def copy(data, tmp_path):
    shutil.copytree(data, tmp_path / "faces")
    return tmp_path / "faces"


def findings(directory, **options):
    """The lines said, and the final message or None."""
    lines = []
    options = {"expected_counts": "any"} | options
    try:
        check_data(directory, **options, say=lines.append)
    except DataError as error:
        return "\n".join(lines), str(error)
    return "\n".join(lines), None


def test_good_data_is_counted_and_passed(data):
    text, error = findings(data)
    assert error is None
    assert "RAF-DB, official" in text
    assert "| surprise | 10 | 2 |" in text
    assert "in train and test: 0 pairs" in text
    assert "Nothing is wrong" in text


def test_counts_of_the_set_are_asked_for_unless_told_otherwise(data):
    _, error = findings(data, expected_counts="official")
    assert "70 train and 14 test" in error and "12,271" in error


def test_every_broken_picture_is_listed_beside_wrong_counts(copy):
    (copy / ALIGNED / "train_00003_aligned.jpg").write_bytes(b"")
    (copy / ALIGNED / "test_00005_aligned.jpg").write_text("<html>")
    text, error = findings(copy, expected_counts="official")
    for words in ("train_00003", "test_00005", "12,271", "not looked for"):
        assert words in error
    assert "Nothing is wrong" not in text


def test_copies_between_parts_are_told_by_kind(copy):
    folder = copy / ALIGNED
    shutil.copy(
        folder / "train_00002_aligned.jpg", folder / "test_00002_aligned.jpg"
    )
    with Image.open(folder / "train_00007_aligned.jpg") as image:
        image.save(folder / "test_00007_aligned.jpg", quality=60)
    text, error = findings(copy)
    assert "2 pairs (1 bytes, 0 pixels, 1 re-encoded" in text
    assert "train_00002.jpg and test_00002.jpg (bytes)" in text
    assert "--on-leak drop" in error


def test_one_picture_under_two_labels_is_named_and_no_fault(copy):
    folder = copy / ALIGNED
    shutil.copy(
        folder / "train_00002_aligned.jpg", folder / "train_00003_aligned.jpg"
    )
    path = copy / LABELS
    labels = dict(line.split() for line in path.read_text().splitlines())
    assert labels["train_00002.jpg"] != labels["train_00003.jpg"]
    text, error = findings(copy)
    assert error is None
    assert "1 pairs show the same picture under two labels" in text
    assert "train_00002.jpg (" in text


def test_another_data_set_than_the_one_named_is_refused(data):
    _, error = findings(data, data_set="sfew")
    assert "Train_Aligned_Faces" in error
