"""Drawn faces: honest to learn from."""

import itertools

import imagehash
import numpy as np
import pytest
from PIL import Image
from PIL import ImageOps
from PIL import ImageStat
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid

from drawn import listed
from keras_fer import CLASSES
from keras_fer.datasets import drawn_people
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.drawn_faces import write_drawn_faces

IMAGES = "basic/Image/aligned"
SMALL = {"num_train": 14, "num_test": 7}


def grey(pictures, size):
    """Flat grey pixels of 0 to 1, shrunk to `size`, a row a picture."""
    small = [
        picture.convert("L").resize((size, size), Image.Resampling.BOX)
        for picture in pictures
    ]
    return np.stack([np.asarray(picture).ravel() for picture in small]) / 255


def standardized(rows):
    """Each picture's own mean and contrast taken away."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / rows.std(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The default set, whole: split -> (pictures, ids)."""
    directory = write_drawn_faces(tmp_path_factory.mktemp("drawn") / "set")
    faces = {"train": ([], []), "test": ([], [])}
    for name, label in listed(directory):
        path = directory / IMAGES / name.replace(".jpg", "_aligned.jpg")
        with Image.open(path) as image:
            assert image.format == "JPEG"
            faces[name.split("_")[0]][0].append(image.copy())
        faces[name.split("_")[0]][1].append(int(label))
    return faces


@pytest.mark.parametrize("prepare", [np.asarray, standardized])
def test_no_linear_classifier_reads_16x16_grey_pixels(drawn, prepare):
    (train, train_ids), (test, test_ids) = drawn["train"], drawn["test"]
    train, test = prepare(grey(train, 16)), prepare(grey(test, 16))
    # The intercept takes the mean up, and the fit converges much sooner.
    train, test = train - train.mean(axis=0), test - train.mean(axis=0)
    models = [NearestCentroid()] + [
        LogisticRegression(C=strength, max_iter=1000)
        for strength in (0.01, 0.1, 1.0)
    ]
    scores = [
        model.fit(train, train_ids).score(test, test_ids) for model in models
    ]
    assert max(scores) < 0.6


def test_mean_colors_and_contrast_tell_no_expression(drawn):
    def summarize(pictures):
        statistics = [ImageStat.Stat(picture) for picture in pictures]
        return np.array([s.mean + s.stddev for s in statistics]) / 25

    (train, train_ids), (test, test_ids) = drawn["train"], drawn["test"]
    model = LogisticRegression(max_iter=1000)
    model.fit(summarize(train), train_ids)
    assert model.score(summarize(test), test_ids) < 0.25


def near_repeats(train, test):
    """How many pairs a leak guard would report, mirrored ones included."""

    def hashes(pictures):
        return np.array([imagehash.phash(p).hash.ravel() for p in pictures])

    known, known_pixels = hashes(train), standardized(grey(train, 32))
    pairs = 0
    for view in (test, [ImageOps.mirror(picture) for picture in test]):
        distances = (hashes(view)[:, None] ^ known).sum(axis=-1)
        likeness = standardized(grey(view, 32)) @ known_pixels.T / 32**2
        pairs += int(((distances <= 6) & (likeness > 0.94)).sum())
    return pairs


def test_no_test_face_nearly_repeats_a_train_face(drawn):
    train, test = drawn["train"][0], drawn["test"][0]
    assert near_repeats(train, test) == 0
    planted = ImageOps.mirror(train[3]).resize((96, 96)).resize((100, 100))
    assert near_repeats(train, [*test, planted]) == 1


def test_default_set_is_balanced_rgb_100x100(drawn):
    for split, count in (("train", 200), ("test", 50)):
        pictures, ids = drawn[split]
        assert np.bincount(ids).tolist() == [0] + [count] * 7
        assert {(p.size, p.mode) for p in pictures} == {((100, 100), "RGB")}


def test_splits_share_no_value_of_any_trait():
    people = {
        split: [
            drawn_people.draw_person(np.random.default_rng(seed), split=split)
            for seed in range(400)
        ]
        for split in ("train", "test")
    }
    for name, (low, high) in drawn_people.TRAITS.items():
        train = np.sort([person[name] for person in people["train"]])
        test = np.sort([person[name] for person in people["test"]])
        nearest = np.abs(train[:, None] - test).min()
        assert nearest >= (high - low) / 25 - 1e-9, name
        # No trait of the test lies outside what train has seen.
        assert low <= train[0] < test[0] and test[-1] < train[-1] <= high, name


def test_expression_touches_nothing_but_muscles():
    for seed in range(20):
        corners, states = [], []
        for expression in CLASSES:
            generator = np.random.default_rng(seed)
            image = np.asarray(draw_face(expression, generator))
            corners.append(image[[0, 3, 96, 99]][:, [0, 3, 96, 99]].tolist())
            states.append(generator.bit_generator.state)
        assert corners == corners[:1] * 7 and states == states[:1] * 7


def test_every_two_expressions_of_a_person_differ_to_see():
    for seed in range(20):
        faces = [
            np.asarray(
                draw_face(expression, np.random.default_rng(seed)).convert("L")
            ).astype(int)
            for expression in CLASSES
        ]
        for first, second in itertools.combinations(faces, 2):
            assert (np.abs(first - second) > 25).sum() > 100


def test_only_an_expressions_own_units_act():
    for expression in CLASSES:
        always, often = drawn_people.ACTION_UNITS[expression]
        acted = set()
        for seed in range(40):
            muscles = drawn_people.draw_muscles(
                expression, np.random.default_rng(seed)
            )
            assert all(muscles[unit] > 0.5 for unit in always)
            acted |= {unit for unit, force in muscles.items() if force}
        assert acted == {*always, *often}
