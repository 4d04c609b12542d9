"""Planted copies are found, different faces are not."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets import leak_policy
from keras_fer.datasets import leaks
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.fingerprints import concatenate
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.datasets.fingerprints import take_fingerprints
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.parts import halve
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


CROPS = {
    "closer": lambda picture: picture.crop((8, 6, 94, 92)),
    "from the corner": lambda picture: picture.crop((0, 0, 91, 91)),
    "turned": lambda picture: picture.rotate(7, Image.Resampling.BILINEAR),
    "brighter": lambda picture: picture.point(lambda value: value * 1.3),
    "mirrored": lambda picture: picture.crop((8, 6, 94, 92)).transpose(
        Image.Transpose.FLIP_LEFT_RIGHT
    ),
}


@pytest.mark.parametrize("crop", CROPS)
def test_second_crops_are_near(parts, crop):
    copies = [
        encode(CROPS[crop](decode(image)).resize((100, 100)))
        for image in parts["test"].images
    ]
    train = labeled(copies, parts["test"].labels, "train")
    found = leaks.find_duplicates(train, parts["test"])
    assert all(pair.first == pair.second for pair in found)
    assert {pair.kind for pair in found} == {"near"}
    assert len(found) >= 0.6 * len(copies)
    assert not leaks.find_duplicates(train, parts["test"], second_crops=False)


@pytest.mark.parametrize("quality", [10, 30, 95])
def test_compression_hides_no_copy(parts, quality):
    copies = [
        encode(decode(image), quality=quality) for image in parts["test"].images
    ]
    train = labeled(copies, parts["test"].labels, "train")
    found = leaks.find_duplicates(train, parts["test"])
    assert [pair.first for pair in found] == list(range(len(copies)))


def test_blank_pictures_are_copies_by_their_bytes_alone(parts):
    blanks = [encode(Image.new("RGB", (100, 100), grey)) for grey in (0, 9)]
    train = labeled(blanks, [0, 0], "train")
    test = labeled([*parts["test"].images, blanks[0]], [0] * 22, "test")
    (pair,) = leaks.find_duplicates(train, test)
    assert (pair.first, pair.second, pair.kind) == (0, 21, "bytes")


def test_a_set_of_look_alikes_is_searched_in_bounded_time(parts, monkeypatch):
    monkeypatch.setattr(leaks, "_MOST_CANDIDATES", 3)
    copies = [
        encode(decode(parts["test"].images[0]), quality=quality)
        for quality in range(60, 90)
    ]
    train = labeled(copies, [0] * 30, "train")
    found = leaks.find_duplicates(train, train)
    assert {pair.first for pair in found} == set(range(30))
    assert 30 <= len(found) <= 4 * 30


def test_an_empty_part_has_no_copies(parts):
    nothing = labeled([], [], "train")
    assert leaks.find_duplicates(nothing, parts["test"]) == []
    assert leaks.find_duplicates(parts["test"], nothing) == []


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


def test_a_second_crop_is_on_the_side_of_the_first_when_a_part_is_halved(
    parts,
):
    faces = parts["train"]
    crops = [PLANTED["near"](image) for image in faces.images[:14]]
    both = labeled(
        [*faces.images, *crops], [*faces.labels, *faces.labels[:14]], "one"
    )
    sides = [set(part.names) for part in halve(both)]
    pairs = leaks.find_duplicates(both)
    assert len(pairs) >= 10
    for pair in pairs:
        names = {both.names[pair.first], both.names[pair.second]}
        assert names <= sides[0] or names <= sides[1]


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


def test_fingerprints_find_what_the_pictures_find(parts, tmp_path):
    test = parts["test"]
    train = plant(parts["train"], PLANTED["re-encoded"](test.images[3]))
    path = tmp_path / "fingerprints.npz"
    take_fingerprints(train).save(path)
    kept = load_fingerprints(path)
    assert leaks.find_duplicates(kept, test) == leaks.find_duplicates(
        train, test
    )
    both = concatenate([kept, take_fingerprints(parts["train"])])
    assert len(both) == len(train) + len(parts["train"])


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_damaged_fingerprints_are_named(parts, tmp_path, damage):
    path = tmp_path / "fingerprints.npz"
    if damage != "missing":
        take_fingerprints(parts["test"]).save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    if damage == "other":
        np.savez(path, names=np.array(["a"]))
    with pytest.raises(DataError, match="fingerprints.npz cannot be read"):
        load_fingerprints(path)


def test_a_test_face_that_weights_have_seen_is_left_out(parts):
    train, test = parts["train"], parts["test"]
    seen = take_fingerprints(plant(train, test.images[3]))
    with pytest.raises(DataError, match="(?s)test_3.*--on-leak drop"):
        leak_policy.apply_to_seen(test, seen, "stop")
    left, report = leak_policy.apply_to_seen(test, seen, "drop")
    assert set(test.names) - set(left.names) == {"test_3"}
    assert report.num_dropped == 1
    all_seen = take_fingerprints(test)
    with pytest.raises(DataError, match="No test face is left"):
        leak_policy.apply_to_seen(test, all_seen, "drop")
    kept, report = leak_policy.apply_to_seen(test, seen, "keep")
    assert kept is test and report.pairs["bytes"] == 1
