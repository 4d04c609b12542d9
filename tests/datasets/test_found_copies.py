"""A search is remembered, and never answers for other pictures or rules."""

import dataclasses
from pathlib import Path

import pytest

from keras_fer.datasets import found_copies
from keras_fer.datasets import image_folder
from keras_fer.datasets import leaks
from keras_fer.datasets import raf_db_source
from keras_fer.datasets.fingerprints import concatenate
from keras_fer.datasets.fingerprints import take_fingerprints
from keras_fer.datasets.found_copies import find_copies


@pytest.fixture(scope="module")
def pictures(data):
    """Fingerprints of a training part, with all of the test part in it."""
    parts = image_folder.load_source(raf_db_source.find_source(data))
    test = take_fingerprints(parts["test"])
    return concatenate([take_fingerprints(parts["train"]), test]), test


@pytest.fixture(scope="module")
def expected(pictures):
    found = leaks.find_duplicates(*pictures)
    assert len(found) >= len(pictures[1])
    return found


def kept(cache):
    return sorted((cache / found_copies.FOLDER).iterdir())


def test_the_second_search_reads_what_the_first_one_found(
    pictures, expected, tmp_path
):
    assert find_copies(*pictures, cache=tmp_path) == expected
    assert find_copies(*pictures, cache=tmp_path) == expected
    (path,) = kept(tmp_path)
    path.write_text("[]")
    assert find_copies(*pictures, cache=tmp_path) == []


@pytest.mark.parametrize("damage", ["", "[[1, 2", "[[1]]", "7"])
def test_a_damaged_answer_is_searched_again(
    damage, pictures, expected, tmp_path
):
    find_copies(*pictures, cache=tmp_path)
    (path,) = kept(tmp_path)
    path.write_text(damage)
    assert find_copies(*pictures, cache=tmp_path) == expected


def test_other_pictures_and_other_questions_are_searched_anew(
    pictures, tmp_path
):
    train, test = pictures
    grey = test.grey.copy()
    grey[0, 0, 0] ^= 1  # one point of one picture
    other = dataclasses.replace(test, grey=grey)
    for second, options in (
        (test, {}),
        (other, {}),
        (None, {}),
        (test, {"second_crops": False}),
    ):
        find_copies(train, second, cache=tmp_path, **options)
    assert len(kept(tmp_path)) == 4


def test_another_rule_of_comparing_is_searched_anew(
    pictures, tmp_path, monkeypatch
):
    find_copies(*pictures, cache=tmp_path)
    changed = tmp_path / "leaks.py"
    changed.write_bytes(Path(leaks.__file__).read_bytes() + b"# another\n")
    monkeypatch.setattr(leaks, "__file__", str(changed))
    find_copies(*pictures, cache=tmp_path)
    assert len(kept(tmp_path)) == 2
