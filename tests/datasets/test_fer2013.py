"""FER2013 as csv and as folders: the same faces, classes and parts."""

import dataclasses
import io
import random

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets import fer2013
from keras_fer.datasets import leak_policy
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.fer2013_source import find_source
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.errors import DataError

# The challenge's ids, from its own description.
EMOTIONS = {
    0: ("angry", "anger"),
    1: ("disgust", "disgust"),
    2: ("fear", "fear"),
    3: ("happy", "happiness"),
    4: ("sad", "sadness"),
    5: ("surprise", "surprise"),
    6: ("neutral", "neutral"),
}
SPLITS = {
    "Training": "train",
    "PublicTest": "validation",
    "PrivateTest": "test",
}
HEADER = "emotion,pixels,Usage\n"


@pytest.fixture(scope="module")
def faces():
    """[(emotion, uint8 array (48, 48), Usage)], each class in each part."""
    generator = np.random.default_rng(0)
    drawn = [
        (
            emotion,
            np.asarray(
                draw_face(expression, generator).convert("L").resize((48, 48))
            ),
            usage,
        )
        for usage in SPLITS
        for emotion, (_, expression) in EMOTIONS.items()
    ]
    random.Random(0).shuffle(drawn)
    return drawn


def as_lines(faces, pixels_last=False):
    yield "emotion, Usage, pixels\n" if pixels_last else HEADER
    for emotion, face, usage in faces:
        pixels = " ".join(map(str, face.ravel()))
        last = [usage, pixels] if pixels_last else [pixels, usage]
        yield ",".join([str(emotion), *last]) + "\n"


@pytest.fixture
def table(faces, tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("".join(as_lines(faces)), newline="")
    return path


@pytest.fixture
def folders(faces, tmp_path):
    """Kaggle's copy: both tests of the challenge in one folder."""
    for number, (emotion, face, usage) in enumerate(faces):
        part = "train" if usage == "Training" else "test"
        folder = tmp_path / "set" / part / EMOTIONS[emotion][0]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face).save(folder / f"{usage}_{number}.png")
    return tmp_path / "set"


def contents(source):
    """(split, class, pixels) of each picture, in any order."""
    return sorted(
        (r.split, source.class_names[r.label], decode(content).tobytes())
        for r, content in source.read_all()
    )


def decode(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def expected(faces):
    return sorted(
        (SPLITS[usage], EMOTIONS[emotion][1], face.tobytes())
        for emotion, face, usage in faces
    )


def refused(directory, *words):
    with pytest.raises(DataError) as error:
        fer2013.check_source(find_source(directory), "any")
    for word in words:
        assert word in str(error.value)


def test_csv_and_folders_hold_the_same_faces(faces, table, folders, tmp_path):
    assert contents(find_source(folders)) == expected(faces)
    (tmp_path / "inner").mkdir()
    table.rename(tmp_path / "inner" / table.name)
    source = find_source(tmp_path / "inner")
    assert contents(source) == expected(faces)
    assert source.splits == ("train", "validation", "test")
    first = source.records[0]
    assert (first.name, first.label) == (
        "fer2013.csv:2",
        CLASSES.index(EMOTIONS[faces[0][0]][1]),
    )


def renamed(text):
    return text.replace("emotion,pixels,Usage", '"Emotion" , pixels, USAGE ')


@pytest.mark.parametrize(
    "change",
    [
        renamed,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace(",", '","').replace("\n", '"\n"')[:-1],
    ],
    ids=["header", "mark", "crlf", "empty lines", "no last end", "quotes"],
)
def test_harmless_differences_change_nothing(faces, table, change):
    text = change(table.read_text())
    table.write_text(text, encoding="utf-8", newline="")
    assert contents(find_source(table.parent)) == expected(faces)


def test_the_other_order_of_columns_is_read(faces, tmp_path):
    path = tmp_path / "icml_face_data.csv"
    text = "".join(as_lines(faces, pixels_last=True))
    path.write_text(text, newline="")
    assert contents(find_source(tmp_path)) == expected(faces)
    path.write_text(text[:-2], newline="")  # the last digit of a number
    refused(tmp_path, "icml_face_data.csv:22 has no line end", "cut off")


def test_the_prepared_set_is_the_source(faces, table, tmp_path):
    cache = tmp_path / "cache"
    parts = fer2013.load_fer2013(
        table.parent, expected_counts="any", cache_dir=cache
    )
    assert list(parts) == ["train", "validation", "test"]
    found = sorted(
        (split, CLASSES[label], decode(image).tobytes())
        for split, part in parts.items()
        for image, label in zip(part.images, part.labels, strict=True)
    )
    assert found == expected(faces)
    (prepared,) = cache.glob("*/fer2013/1.0.0")
    builder = tfds.builder_from_directory(prepared)
    (example,) = tfds.as_numpy(builder.as_dataset(split="train").take(1))
    grey = decode(parts["train"].images[0])
    assert (example["image"] == grey[..., None]).all()
    assert example["image"].shape == (48, 48, 3)


def test_training_copies_of_held_out_faces_can_be_dropped(faces, tmp_path):
    copied = next(face for face in faces if face[2] == "PublicTest")
    lines = as_lines([*faces, (copied[0], copied[1], "Training")])
    (tmp_path / "fer2013.csv").write_text("".join(lines), newline="")
    parts = fer2013.load_fer2013(
        tmp_path, expected_counts="any", cache_dir=tmp_path / "cache"
    )
    kept, report = leak_policy.apply_leak_policy(
        parts["train"], parts["validation"], "drop"
    )
    assert report.num_dropped >= 1
    assert ("fer2013.csv:23", "bytes") in {
        (name, kind) for name, _, kind in report.names
    }
    assert "fer2013.csv:23" not in kept.names


def test_a_csv_that_changes_while_it_is_read_is_refused(table):
    source = find_source(table.parent)
    table.write_text(HEADER + "0,1,Training\n", newline="")
    with pytest.raises(DataError, match="changed while it was read"):
        list(source.read_all())


def test_parts_follow_the_file_names_and_never_the_folders(faces, folders):
    for path in (folders / "train" / "happy").iterdir():
        path.rename(folders / "test" / "happy" / path.name)
    for path in (folders / "test" / "sad").iterdir():
        path.rename(folders / "train" / "sad" / path.name)
    assert contents(find_source(folders)) == expected(faces)
    for path in (folders / "test").glob("*/*"):
        path.rename(folders / "train" / path.parent.name / path.name)
    (folders / "train").rename(folders / "images")
    for directory in (folders, folders / "images", folders.parent):
        assert contents(find_source(directory)) == expected(faces)


def test_strangers_are_all_named(folders):
    (folders / "train" / "contempt").mkdir()
    (folders / "train" / "list.txt").write_bytes(b"")
    (folders / "more").mkdir()
    (folders / "train" / "sad" / "Training_1.gif").write_bytes(b"")
    (folders / "train" / "sad" / "im0.png").write_bytes(b"")
    (folders / "train" / "sad" / "Thumbs.db").write_bytes(b"")
    with pytest.raises(DataError) as error:
        find_source(folders)
    for words in (
        "contempt is no class: expected angry",
        "more is no class",
        "list.txt lies in no class folder",
        "Training_1.gif is no JPEG or PNG",
        "im0.png does not say its part: expected Training_N",
    ):
        assert words in str(error.value)
    assert "Thumbs.db" not in str(error.value)


def test_other_places_are_told_what_was_found(table, folders, tmp_path):
    refused(table, "is a file", "--data-dir")
    refused(tmp_path / "nowhere", "no folder")
    (tmp_path / "photos").mkdir()
    refused(tmp_path / "photos", "neither fer2013.csv", "Found: nothing")
    (folders / table.name).write_bytes(table.read_bytes())
    refused(folders, str(folders / table.name), "may both hold the set")


def test_both_parts_and_all_classes_are_needed(folders):
    for path in (folders / "test").glob("*/PublicTest_*"):
        path.unlink()
    refused(folders, "has no validation pictures")
    for path in (folders / "train" / "fear").iterdir():
        path.unlink()
    refused(folders, "has no picture of fear")


def test_official_counts_and_size_are_asked_for(tmp_path, monkeypatch):
    assert fer2013.OFFICIAL_COUNTS == {
        "train": 28_709,
        "validation": 3_589,
        "test": 3_589,
    }
    path = tmp_path / "face.png"
    Image.new("L", (48, 48)).save(path)
    monkeypatch.setattr(
        fer2013, "OFFICIAL_COUNTS", {"train": 14, "validation": 7, "test": 7}
    )
    records = tuple(
        Record(f"{split}/{number}.png", split, number % 7, path)
        for split, count in fer2013.OFFICIAL_COUNTS.items()
        for number in range(count)
    )
    whole = PictureSource(tmp_path, None, "csv", CLASSES, records)
    fer2013.check_source(whole)
    untested = dataclasses.replace(whole, records=records[:21])
    fer2013.check_source(untested)
    for source, words in (
        (
            whole,
            "6 test pictures; FER2013 has 14 train, 7 validation and 7 test",
        ),
        (untested, "14 train and 6 validation pictures; FER2013 has 14 train"),
    ):
        short = dataclasses.replace(source, records=source.records[:-1])
        with pytest.raises(DataError, match=words):
            fer2013.check_source(short)
    Image.new("L", (64, 64)).save(path)
    with pytest.raises(DataError, match="is 64x64, expected 48x48"):
        fer2013.check_source(whole)
    fer2013.check_source(whole, "any")
