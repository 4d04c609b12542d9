"""The validation part: stratified, disjoint, the same every time."""

import numpy as np
import pytest

from keras_fer.classes import CLASSES
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.leaks import Duplicate
from keras_fer.datasets.splits import cut_fold
from keras_fer.datasets.splits import split_validation
from keras_fer.errors import DataError


def make_faces(counts):
    labels = np.repeat(np.arange(7), counts).astype("int32")
    images = tuple(b"%d" % i for i in range(len(labels)))
    names = tuple(map(str, range(len(labels))))
    return LabeledFaces(images, labels, names, CLASSES)


def test_every_picture_is_on_one_side_and_classes_keep_their_shares():
    faces = make_faces([100, 50, 20, 300, 40, 30, 200])
    train, validation = split_validation(faces, 0.1)
    assert sorted(train.names + validation.names) == sorted(faces.names)
    assert validation.class_counts().tolist() == [10, 5, 2, 30, 4, 3, 20]


def test_the_seed_decides():
    faces = make_faces([20] * 7)
    first, again, other = (
        split_validation(faces, 0.2, seed)[1].names for seed in (0, 0, 1)
    )
    assert first == again != other


def test_copies_stay_together():
    faces = make_faces([20] * 7)
    copies = [
        Duplicate(4 * number, 4 * number + other, "near", 0.9)
        for number in range(35)
        for other in (1, 2, 3)
    ]
    train, validation = split_validation(faces, 0.25, copies=copies)
    sides = [
        {int(name) // 4 for name in part.names} for part in (train, validation)
    ]
    assert not sides[0] & sides[1]
    assert 28 <= len(validation) <= 56


def test_a_copy_under_another_label_takes_no_classs_last_picture():
    faces = make_faces([20, 1, 20, 20, 20, 20, 20])
    copies = [Duplicate(index, 20, "bytes", 1.0) for index in range(19)]
    for seed in range(5):
        train, _ = split_validation(faces, 0.5, seed, copies)
        assert train.class_counts()[1] == 1


def test_a_class_of_one_picture_is_trained_on():
    train, validation = split_validation(make_faces([10, 1] + [10] * 5), 0.5)
    assert train.class_counts()[1] == 1
    assert validation.class_counts()[1] == 0


def test_too_few_pictures_are_refused():
    with pytest.raises(DataError, match="7 training pictures are too few"):
        split_validation(make_faces([1] * 7), 0.1)


def test_folds_hold_each_face_once_and_each_class_alike():
    labels = np.repeat(np.arange(3), (20, 11, 4))
    faces = LabeledFaces(
        tuple(b"" for _ in labels),
        labels.astype("int32"),
        tuple(f"face {index}" for index in range(len(labels))),
        ("a", "b", "c"),
    )
    held_out = []
    for fold in range(5):
        others, part = cut_fold(faces, fold, 5, seed=1)
        assert not set(others.names) & set(part.names)
        assert len(others) + len(part) == len(faces)
        held_out += part.names
        counts = part.class_counts()
        assert counts[0] == 4 and counts[1] in (2, 3) and counts[2] in (0, 1)
    assert sorted(held_out) == sorted(faces.names)
    again = cut_fold(faces, 0, 5, seed=1)[1].names
    assert again == cut_fold(faces, 0, 5, seed=1)[1].names
    assert again != cut_fold(faces, 0, 5, seed=2)[1].names


def test_a_fold_that_is_none_is_refused():
    with pytest.raises(ValueError, match="fold=5"):
        cut_fold(None, 5, 5)
