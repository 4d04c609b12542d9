"""Drawn faces: honest to learn from, whole on disk, no data overwritten."""

import concurrent.futures
import functools
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image
from PIL import ImageOps
from PIL import ImageStat
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid

from keras_fer import CLASSES
from keras_fer.datasets import drawn_people
from keras_fer.datasets.drawn_faces import MANIFEST_NAME
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.drawn_faces import write_drawn_faces

LABELS = "basic/EmoLabel/list_patition_label.txt"
IMAGES = "basic/Image/aligned"
SMALL = {"num_train": 14, "num_test": 7}


def tree(directory):
    """Every file below a folder: relative path -> contents."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def listed(directory):
    """The label file's lines: pairs of file name and id."""
    lines = (directory / LABELS).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ")) for line in lines]


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


def test_layout_is_rafdbs(tmp_path):
    directory = write_drawn_faces(tmp_path / "set", **SMALL)
    names = [name for name, _ in listed(directory)]
    assert names[0] == "train_00001.jpg" and names[-1] == "test_00007.jpg"
    assert {int(label) for _, label in listed(directory)} == set(range(1, 8))
    on_disk = sorted(path.name for path in (directory / IMAGES).iterdir())
    assert on_disk == sorted(n[:-4] + "_aligned.jpg" for n in names)


def test_same_seed_draws_the_same_bytes_and_another_seed_others(tmp_path):
    first = tree(write_drawn_faces(tmp_path / "first", **SMALL))
    again = tree(write_drawn_faces(tmp_path / "again", **SMALL))
    other = tree(write_drawn_faces(tmp_path / "other", seed=1, **SMALL))
    assert first == again
    pictures = [name for name in first if name.endswith(".jpg")]
    assert not any(first[name] == other[name] for name in pictures)


def test_a_larger_set_begins_with_the_smaller_one(tmp_path):
    small = tree(write_drawn_faces(tmp_path / "small", **SMALL) / IMAGES)
    large = write_drawn_faces(tmp_path / "large", num_train=20, num_test=9)
    assert small.items() <= tree(large / IMAGES).items()


def test_a_whole_set_is_kept(tmp_path):
    directory = write_drawn_faces(tmp_path / "set", **SMALL)
    written = (directory / LABELS).stat()
    assert write_drawn_faces(tmp_path / "set", **SMALL) == directory
    assert (directory / LABELS).stat() == written


def _cut(path):
    path.write_bytes(path.read_bytes()[:50])


def _alter(path):
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes([content[60] ^ 1]) + content[61:])


@pytest.mark.parametrize("damage", [Path.unlink, _cut, _alter])
@pytest.mark.parametrize("name", [f"{IMAGES}/train_00005_aligned.jpg", LABELS])
def test_a_damaged_set_is_drawn_anew(tmp_path, damage, name):
    directory = write_drawn_faces(tmp_path / "set", **SMALL)
    whole = tree(directory)
    damage(directory / name)
    assert tree(write_drawn_faces(directory, **SMALL)) == whole


def test_other_parameters_replace_a_set(tmp_path):
    directory = write_drawn_faces(tmp_path / "set", **SMALL)
    write_drawn_faces(directory, num_train=7, num_test=7)
    assert len(list((directory / IMAGES).iterdir())) == 14
    leftovers = {path.name for path in tmp_path.iterdir()} - {".set.lock"}
    assert leftovers == {"set"}


def test_a_kill_leaves_no_set_and_the_next_call_makes_it(tmp_path):
    code = (
        "import sys; from keras_fer.datasets import drawn_faces; "
        "drawn_faces.write_drawn_faces(sys.argv[1], num_train=9000)"
    )
    target = tmp_path / "set"
    with subprocess.Popen([sys.executable, "-c", code, target]) as process:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.rglob("*.jpg"))) < 5:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert not target.exists()
    write_drawn_faces(target, **SMALL)
    assert len(list(tmp_path.rglob("*.jpg"))) == 21


def test_two_writers_at_once_end_with_one_whole_set(tmp_path):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        write = functools.partial(write_drawn_faces, **SMALL)
        assert len(set(pool.map(write, [tmp_path / "set"] * 4))) == 1
    alone = tree(write_drawn_faces(tmp_path / "alone", **SMALL))
    assert tree(tmp_path / "set") == alone


def test_a_folder_that_was_not_drawn_is_never_touched(tmp_path):
    real = tmp_path / "real"
    write_drawn_faces(real, **SMALL)
    (real / MANIFEST_NAME).unlink()  # what a real RAF-DB looks like
    mixed = write_drawn_faces(tmp_path / "mixed", **SMALL)
    (mixed / "notes.txt").write_text("mine")
    file = tmp_path / "file"
    file.write_text("mine")
    before = tree(tmp_path)
    for target, found in ((real, "basic"), (mixed, "notes"), (file, "a file")):
        with pytest.raises(ValueError, match=found):
            write_drawn_faces(target, seed=5, **SMALL)
    after = tree(tmp_path)
    assert before.items() <= after.items()
    assert all(name.endswith(".lock") for name in after.keys() - before.keys())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: write_drawn_faces(path, num_train=6), "num_train.*: 6"),
        (lambda path: write_drawn_faces(path, num_test=10**5), "num_test"),
        (lambda path: write_drawn_faces(path, seed=-1), "seed.*: -1"),
        (lambda _: draw_face("happy", np.random.default_rng()), "happiness"),
        (
            lambda _: draw_face("fear", np.random.default_rng(), split="all"),
            '"train" or "test". Received: \'all\'',
        ),
    ],
)
def test_wrong_arguments_are_named(tmp_path, call, message):
    with pytest.raises(ValueError, match=message):
        call(tmp_path / "set")
    assert not list(tmp_path.iterdir())
