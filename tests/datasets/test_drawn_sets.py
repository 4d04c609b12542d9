"""Drawn sets: whole on disk, in the real layouts, no data overwritten."""

import concurrent.futures
import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn import LABELS
from drawn import listed
from keras_fer.datasets import sfew
from keras_fer.datasets import sfew_source
from keras_fer.datasets.drawn_faces import MANIFEST_NAME
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.drawn_faces import write_drawn_faces

IMAGES = "basic/Image/aligned"
SMALL = {"num_train": 14, "num_test": 7}


def tree(directory):
    """Every file below a folder: relative path -> contents."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


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


def test_sfews_layout_is_read_as_sfew(tmp_path):
    directory = write_drawn_faces(tmp_path / "faces", layout="sfew", **SMALL)
    source = sfew_source.find_source(directory)
    sfew.check_source(source, "any")
    for split, count in (("train", 14), ("validation", 7)):
        labels = [r.label for r in source.records if r.split == split]
        assert sorted(labels) == sorted([*range(7)] * (count // 7))
    with Image.open(source.records[0].path) as picture:
        assert (picture.mode, picture.size) == ("RGB", (143, 143))


def test_both_layouts_show_the_same_faces_under_the_same_labels(tmp_path):
    official = write_drawn_faces(tmp_path / "official", **SMALL)
    other = write_drawn_faces(tmp_path / "sfew", layout="sfew", **SMALL)
    path = other / "SFEW/Train/Train_Aligned_Faces/Angry/00006.png"
    assert listed(official)[5] == ("train_00006.jpg", "6")
    rows = []
    for place in (path, official / IMAGES / "train_00006_aligned.jpg"):
        with Image.open(place) as picture:
            rows.append(np.asarray(picture.convert("L").resize((50, 50))))
    assert np.corrcoef(*(row.ravel() for row in rows))[0, 1] > 0.99


def test_an_unknown_layout_is_named(tmp_path):
    with pytest.raises(ValueError, match="'fer'"):
        write_drawn_faces(tmp_path / "faces", layout="fer")
