"""Planted copies are found, different faces are not."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets import leak_policy
from keras_fer.datasets import leaks
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.errors import DataError


def encode(picture, kind="JPEG", **arguments):
    stream = io.BytesIO()
    picture.save(stream, kind, **arguments)
    return stream.getvalue()


def decode(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def labeled(pictures, labels, prefix):
    names = tuple(f"{prefix}_{i}" for i in range(len(pictures)))
    labels = np.array(labels, "int32")
    return LabeledFaces(tuple(pictures), labels, names, CLASSES)


@pytest.fixture(scope="module")
def parts():
    drawn = {}
    for split, number in (("train", 42), ("test", 21)):
        rng = np.random.default_rng(number)
        labels = [index % 7 for index in range(number)]
        pictures = [
            encode(draw_face(CLASSES[label], rng, split=split))
            for label in labels
        ]
        drawn[split] = labeled(pictures, labels, split)
    return drawn


def plant(faces, content):
    """`faces` with one more picture at the end."""
    return labeled([*faces.images, content], [*faces.labels, 0], "train")


def crop_again(picture):
    """A second crop of the photograph: a little closer, a little off."""
    return picture.crop((4, 1, 98, 95)).resize((100, 100))


PLANTED = {
    "bytes": lambda content: content,
    "pixels": lambda content: encode(decode(content), "PNG"),
    "re-encoded": lambda content: encode(decode(content), quality=60),
    "mirrored": lambda content: encode(
        decode(content).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    ),
    "near": lambda content: encode(crop_again(decode(content))),
}


def test_different_faces_are_not_confused(parts):
    assert leaks.find_duplicates(parts["train"], parts["test"]) == []


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("index", [0, 5, 11])
def test_a_planted_copy_is_found_with_its_kind(parts, kind, index):
    copied = PLANTED[kind](parts["test"].images[index])
    train = plant(parts["train"], copied)
    (pair,) = leaks.find_duplicates(train, parts["test"])
    assert (pair.first, pair.second) == (len(train) - 1, index)
    assert pair.kind == kind


def test_within_one_part_each_pair_comes_once(parts):
    train = plant(parts["train"], parts["train"].images[4])
    (pair,) = leaks.find_duplicates(train)
    assert (pair.first, pair.second) == (4, len(train) - 1)


def test_stop_names_the_pair_and_both_ways_on(parts):
    train = plant(parts["train"], parts["test"].images[2])
    with pytest.raises(DataError) as error:
        leak_policy.apply_leak_policy(train, parts["test"], "stop")
    for words in (
        "1 pairs",
        "train_42 and test_2 (bytes)",
        "--on-leak drop",
        "--on-leak keep",
    ):
        assert words in str(error.value)


def test_drop_leaves_the_training_copy_out(parts):
    train = plant(parts["train"], parts["test"].images[2])
    kept, report = leak_policy.apply_leak_policy(train, parts["test"], "drop")
    assert kept.images == parts["train"].images
    assert report.num_dropped == 1
    assert report.as_dict()["pairs"]["bytes"] == 1


def test_keep_keeps_and_reports(parts):
    train = plant(parts["train"], parts["test"].images[2])
    kept, report = leak_policy.apply_leak_policy(train, parts["test"], "keep")
    assert kept is train
    assert report.num_dropped == 0
    assert report.names == (("train_42", "test_2", "bytes"),)


def test_a_picture_under_two_labels_is_a_contradiction(parts):
    for index, expected in ((3, [("train_3", "train_42")]), (0, [])):
        train = plant(parts["train"], parts["train"].images[index])
        copies = leaks.find_duplicates(train, second_crops=False)
        assert leak_policy.contradictions(train, copies) == expected
