"""One's own class folders: classes, parts, strangers, and kept parts."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets import image_folder
from keras_fer.datasets import leaks
from keras_fer.datasets import stored_split
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.errors import DataError

MINE = ("bored", "Keen", "tired")
USUAL = ("Angry", "disgust", "fearful", "Happy", "neutral", "sad", "surprised")


def fill(folder, count, first=0):
    """Different noise: no two of these show the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        rng = np.random.default_rng([number, *folder.name.encode()])
        side = 40 + number
        pixels = rng.integers(0, 256, (side, side + 3, 3), np.uint8)
        kind = ("png", "jpg", "JPEG")[number % 3]
        Image.fromarray(pixels).save(folder / f"{number:02}.{kind}")


@pytest.fixture
def mine(tmp_path):
    for name in MINE:
        fill(tmp_path / "faces" / name, 10)
    return tmp_path / "faces"


def refused(directory, *words, class_names=None):
    with pytest.raises(DataError) as error:
        image_folder.check_source(
            image_folder.find_source(directory, class_names)
        )
    for word in words:
        assert word in str(error.value)


def load(directory):
    return image_folder.load_source(image_folder.find_source(directory))


def test_classes_are_the_folders_names_as_they_sort(mine):
    source = image_folder.find_source(mine)
    image_folder.check_source(source)
    assert source.class_names == ("Keen", "bored", "tired")
    assert source.splits == ("train",)
    faces = load(mine)["train"]
    assert len(faces) == 30
    for name, label, image in zip(
        faces.names, faces.labels, faces.images, strict=True
    ):
        assert name.split("/")[0] == faces.class_names[label]
        assert image == (mine / name).read_bytes()


def test_given_class_names_set_the_order_and_must_fit(mine):
    source = image_folder.find_source(mine, ("tired", "bored", "Keen"))
    assert source.class_names == ("tired", "bored", "Keen")
    assert {r.label for r in source.records if "tired" in r.name} == {0}
    for names in (MINE[:2], (*MINE, "happy"), ("a", "b", "c")):
        words = "Keen, bored, tired; expected one for each", ", ".join(names)
        refused(mine, *words, class_names=names)


def test_the_seven_expressions_take_the_projects_order(tmp_path):
    for name in USUAL:
        fill(tmp_path / name, 2)
    for given in (None, CLASSES):
        source = image_folder.find_source(tmp_path, given)
        assert source.class_names == CLASSES
        assert "the seven expressions" in source.layout
        labels = {r.name.split("/")[0]: r.label for r in source.records}
        assert [labels[name] for name in USUAL] == [5, 2, 1, 3, 6, 4, 0]
    shutil.rmtree(tmp_path / "sad")
    few = image_folder.find_source(tmp_path)
    assert few.class_names == tuple(sorted(set(USUAL) - {"sad"}))
    fill(tmp_path / "sad", 2)
    fill(tmp_path / "happiness", 2)
    refused(tmp_path, "Happy", "happiness", "Rename or move")


@pytest.mark.parametrize("name", ["validation", "val", "Valid"])
def test_folders_of_parts_are_kept(mine, tmp_path, name):
    root = tmp_path / "parts"
    shutil.copytree(mine, root / "train")
    for part in (name, "test"):
        for kind in MINE[1:]:
            fill(root / part / kind, 2, first=20)
    parts = load(root)
    counts = {part: len(faces) for part, faces in parts.items()}
    assert counts == {"train": 30, "validation": 4, "test": 4}
    made = stored_split.split(parts, tmp_path / "split.json")
    assert all(made[part].names == parts[part].names for part in made)


def test_litter_is_passed_over_and_strangers_are_named(mine):
    for place in (".git", "__MACOSX", "bored/.DS_Store"):
        (mine / place).mkdir()
    fill(mine / ".hidden", 2)
    (mine / "README.txt").write_bytes(b"")
    assert len(load(mine)["train"]) == 30
    assert len(load(mine.parent)["train"]) == 30  # a folder around it
    (mine / "loose.jpg").write_bytes(b"")
    (mine / "bored" / "more").mkdir()
    (mine / "tired" / "a.webp").write_bytes(b"")
    words = "bored/more is no JPEG", "a.webp is no JPEG", "convert"
    refused(mine, "loose.jpg lies in no class folder", *words)


def test_too_little_is_refused(mine, tmp_path):
    fill(mine / "sleepy", 1)
    (mine / "empty").mkdir()
    refused(mine, "1 training pictures of sleepy", "0 training pictures of em")
    (mine / "bored" / "00.png").write_bytes(b"<html>")
    shutil.rmtree(mine / "sleepy")
    (mine / "empty").rmdir()
    refused(mine, "00.png is no JPEG or PNG file (looks like: HTML")
    fill(tmp_path / "one" / "bored", 2)
    refused(tmp_path / "one", "has 1 class folders", "2 at least")
    refused(tmp_path / "nowhere", "no folder")
    refused(mine / "bored" / "01.jpg", "is a file")


@pytest.mark.parametrize(
    "first, second", [("Tired", "tired"), ("cafe\u0301", "caf\u00e9")]
)
def test_two_spellings_of_one_class_are_refused(first, second, mine):
    fill(mine / first, 2)
    fill(mine / second, 2)
    words = f"{ascii(first)} and {ascii(second)} look like one class"
    refused(mine, words)


def test_a_class_is_spelled_alike_in_every_part(mine, tmp_path):
    whole = tmp_path / "whole"
    shutil.copytree(mine, whole / "train")
    shutil.copytree(mine, whole / "test")
    (whole / "test" / "tired").rename(whole / "test" / "TIRED")
    refused(whole, "'TIRED' and 'tired' look like one class")


def test_parts_that_contradict_are_refused(mine):
    shutil.copytree(mine, mine / "test")
    refused(mine, "no train folder")
    (mine / "test").rename(mine / "train")
    refused(mine, "bored is no part: expected train")
    for name in MINE:
        (mine / name).rename(mine.parent / name)
    for name in ("val", "valid"):
        (mine / name).mkdir()
    refused(mine, "both hold the validation part")


def test_a_kept_split_is_stratified_and_comes_back(mine, tmp_path):
    path = tmp_path / "run" / "split.json"
    parts = load(mine)
    made = stored_split.split(parts, path, seed=3)
    assert [made[part].class_counts().tolist() for part in made] == [
        [7, 7, 7],
        [1, 1, 1],
        [2, 2, 2],
    ]
    names = [name for faces in made.values() for name in faces.names]
    assert sorted(names) == sorted(parts["train"].names)
    again = stored_split.split(load(mine), path, seed=4, test_fraction=0.5)
    for part, faces in made.items():
        assert again[part].names == faces.names
        assert again[part].images == faces.images
    same = stored_split.split(parts, tmp_path / "same.json", seed=3)
    other = stored_split.split(parts, tmp_path / "other.json", seed=4)
    assert same["test"].names == made["test"].names
    assert other["test"].names != made["test"].names


@pytest.mark.parametrize("seed", range(4))
def test_copies_stay_on_one_side(tmp_path, seed):
    rng = np.random.default_rng(seed)
    for name in ("sad", "happy"):
        fill(tmp_path / "faces" / name, 6)
        for number in range(3):
            face = draw_face("sadness" if name == "sad" else "happiness", rng)
            for copy in range(3):
                face.save(tmp_path / f"faces/{name}/face{number}_{copy}.png")
    made = stored_split.split(
        load(tmp_path / "faces"), tmp_path / "split.json", seed=seed
    )
    for one, other in (("train", "test"), ("train", "validation")):
        assert not leaks.find_duplicates(made[one], made[other])
    assert not leaks.find_duplicates(made["validation"], made["test"])


def remove(mine):
    (mine / "bored" / "00.png").unlink()


def add(mine):
    fill(mine / "tired", 1, first=30)


def exchange(mine):
    shutil.copy(mine / "bored" / "03.png", mine / "bored" / "00.png")


def rename_class(mine):
    (mine / "bored").rename(mine / "dull")


@pytest.mark.parametrize(
    "change, words",
    [
        (remove, "bored/00.png is gone"),
        (add, "tired/30.png is new"),
        (exchange, "bored/00.png is another picture"),
        (rename_class, "The classes were Keen, bored, tired; now"),
    ],
)
def test_a_kept_split_of_other_pictures_is_refused(
    mine, tmp_path, change, words
):
    path = tmp_path / "split.json"
    stored_split.split(load(mine), path)
    change(mine)
    with pytest.raises(DataError, match=words) as error:
        stored_split.split(load(mine), path)
    assert "train anew in another run directory" in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"class_names": 3}', "\0"])
def test_a_damaged_split_is_refused(mine, tmp_path, text):
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(DataError, match="split.json cannot be read"):
        stored_split.split(load(mine), path)


def test_a_kept_split_with_a_picture_on_two_sides_is_refused(mine, tmp_path):
    path = tmp_path / "split.json"
    stored_split.split(load(mine), path)
    stored = json.loads(path.read_text())
    stored["parts"]["test"] |= stored["parts"]["validation"]
    path.write_text(json.dumps(stored))
    with pytest.raises(DataError, match="stands in two parts"):
        stored_split.split(load(mine), path)
