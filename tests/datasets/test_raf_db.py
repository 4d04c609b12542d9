"""RAF-DB in every layout, sound and damaged, through `load_raf_db`."""

import io
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets import raf_db
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.datasets.raf_db_source import find_source
from keras_fer.errors import DataError

LABELS = "basic/EmoLabel/list_patition_label.txt"
ALIGNED = "basic/Image/aligned"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    directory = tmp_path_factory.mktemp("drawn") / "faces"
    return write_drawn_faces(directory, num_train=21, num_test=14)


@pytest.fixture
def copy(drawn, tmp_path):
    directory = tmp_path / "rafdb"
    shutil.copytree(drawn, directory)
    return directory


def load(directory, tmp_path, **arguments):
    arguments = {"expected_counts": "any"} | arguments
    return raf_db.load_raf_db(
        directory, cache_dir=tmp_path / "cache", **arguments
    )


def edit_labels(directory, change):
    path = directory / LABELS
    path.write_text(change(path.read_text()))


def test_pictures_and_labels_come_back_byte_for_byte(copy, tmp_path):
    parts = load(copy, tmp_path)
    lines = (copy / LABELS).read_text().split("\n")
    listed = dict(line.split() for line in lines if line)
    assert {part: len(faces) for part, faces in parts.items()} == {
        "train": 21,
        "test": 14,
    }
    for faces in parts.values():
        assert faces.class_names == CLASSES
        for image, label, name in zip(
            faces.images, faces.labels, faces.names, strict=True
        ):
            stem = name.removesuffix(".jpg")
            path = copy / ALIGNED / f"{stem}_aligned.jpg"
            assert image == path.read_bytes()
            assert label == int(listed[name]) - 1


@pytest.mark.parametrize("given", ["rafdb", "rafdb/basic", "."])
def test_the_folder_may_be_given_at_three_depths(copy, tmp_path, given):
    assert len(find_source(tmp_path / given).records) == 35


def test_the_official_archive_is_read_without_unpacking(copy, tmp_path):
    expected = load(copy, tmp_path)
    with zipfile.ZipFile(copy / "basic/Image/aligned.zip", "w") as archive:
        for path in sorted((copy / ALIGNED).iterdir()):
            archive.write(path, f"aligned/{path.name}")
    shutil.rmtree(copy / ALIGNED)
    parts = load(copy, tmp_path)
    for part, faces in parts.items():
        assert faces.images == expected[part].images
    assert not (copy / ALIGNED).exists()


@pytest.mark.parametrize("names", [tuple("1234567"), CLASSES])
@pytest.mark.parametrize("test_name", ["test", "valid"])
def test_class_folders_give_the_same_labels(copy, tmp_path, names, test_name):
    expected = load(copy, tmp_path)
    folders = tmp_path / "DATASET"
    for record in find_source(copy).records:
        split = "train" if record.split == "train" else test_name
        target = folders / split / names[record.label]
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(record.path, target)
    parts = load(folders, tmp_path)
    for part, faces in parts.items():
        ours = dict(zip(faces.images, faces.labels, strict=True))
        theirs = expected[part]
        assert ours == dict(zip(theirs.images, theirs.labels, strict=True))


def test_a_damaged_archive_is_named(copy, tmp_path):
    path = copy / "basic/Image/aligned.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for picture in sorted((copy / ALIGNED).iterdir()):
            archive.write(picture, f"aligned/{picture.name}")
    shutil.rmtree(copy / ALIGNED)
    content = bytearray(path.read_bytes())
    content[5000] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="aligned.zip.*is damaged"):
        load(copy, tmp_path)


def test_two_folders_for_one_part_are_refused(copy, tmp_path):
    for name in ("train", "test", "valid"):
        (tmp_path / "set" / name / "1").mkdir(parents=True)
    with pytest.raises(DataError, match="both hold the test part"):
        load(tmp_path / "set", tmp_path)


def test_another_source_is_never_mistaken_for_a_prepared_one(copy, tmp_path):
    first = load(copy, tmp_path)
    other = write_drawn_faces(
        tmp_path / "other", num_train=21, num_test=14, seed=1
    )
    second = load(other, tmp_path)
    assert set(second["train"].images).isdisjoint(first["train"].images)
    assert load(copy, tmp_path)["train"].images == first["train"].images


def test_one_changed_label_is_prepared_again(copy, tmp_path):
    name = load(copy, tmp_path)["train"].names[0]
    before = find_source(copy).identity
    edit_labels(
        copy,
        lambda text: "\n".join(
            f"{name} 7" if line.startswith(name) else line
            for line in text.split("\n")
        ),
    )
    assert find_source(copy).identity != before
    faces = load(copy, tmp_path)["train"]
    assert faces.labels[faces.names.index(name)] == 6


def test_leftovers_of_a_killed_preparation_are_removed(copy, tmp_path):
    prepared = tmp_path / "cache" / find_source(copy).identity[:16]
    leftover = prepared / "raf_db" / "basic" / "incomplete.ABC_1.0.0"
    leftover.mkdir(parents=True)
    assert len(load(copy, tmp_path)["train"]) == 21
    assert not leftover.exists()


def test_wrong_counts_name_both_and_the_way_on(copy, tmp_path):
    with pytest.raises(DataError) as error:
        load(copy, tmp_path, expected_counts="official")
    for words in ("21", "14", "12,271", "3,068", "--expected-counts any"):
        assert words in str(error.value)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda t: t.replace(" 3", " 8", 1), ("label '8'", ":3")),
        (lambda t: t.replace(" 3", " 0", 1), ("label '0'", "1 to 7")),
        (lambda t: t.replace(" 3", " happy", 1), ("label 'happy'",)),
        (lambda t: t + "train_99999.jpg 1\n", ("train_99999", "has no")),
        (lambda t: "\n".join(t.split("\n")[1:]), ("does not list",)),
        (lambda t: t + "train_00001.jpg 5\n", ("has label 5", "line 1")),
        (lambda t: "", ("empty",)),
        (lambda t: t.replace("train_00001.jpg", ""), ("expected a file",)),
    ],
)
def test_a_faulty_label_file_is_named_with_its_line(
    copy, tmp_path, change, words
):
    edit_labels(copy, change)
    with pytest.raises(DataError) as error:
        load(copy, tmp_path)
    assert "list_patition_label.txt" in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_harmless_white_space_is_accepted(copy, tmp_path):
    expected = load(copy, tmp_path)["train"].labels
    text = (copy / LABELS).read_text()
    text = "\ufeff" + text.replace(" ", "\t").replace("\n", "  \r\n") + "\r\n"
    (copy / LABELS).write_bytes(text.encode())
    np.testing.assert_array_equal(
        load(copy, tmp_path)["train"].labels, expected
    )


def test_a_missing_label_file_is_named(copy, tmp_path):
    (copy / LABELS).unlink()
    with pytest.raises(DataError, match="list_patition_label.txt is missing"):
        load(copy, tmp_path)


def test_a_class_without_training_pictures_is_named(copy, tmp_path):
    edit_labels(copy, lambda text: text.replace(" 3\n", " 7\n"))
    with pytest.raises(DataError, match="no picture of disgust"):
        load(copy, tmp_path)


def encode(picture, kind):
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


GREY = Image.new("L", (100, 100), 90)
DAMAGE = {
    "empty": (lambda content: b"", "0 bytes"),
    "cut in half": (lambda c: c[: len(c) // 2], "cut off"),
    "all but the end": (lambda c: c[:-40], "cut off"),
    "text": (lambda c: b"no picture at all", "looks like: unknown"),
    "html": (lambda c: b"<html></html>", "HTML"),
    "gif": (lambda c: encode(GREY, "GIF"), "GIF"),
    "webp": (lambda c: encode(GREY, "WEBP"), "WebP"),
    "tiny": (lambda c: encode(Image.new("L", (1, 1)), "PNG"), "1x1"),
    "long": (lambda c: encode(Image.new("L", (4000, 40)), "PNG"), "4000x40"),
    "large": (
        lambda c: encode(Image.new("1", (9000, 9000)), "PNG"),
        "9000x9000",
    ),
    "bomb": (
        lambda c: encode(Image.new("1", (30000, 30000)), "PNG"),
        "too large",
    ),
    "png without its end": (
        lambda c: encode(Image.new("L", (100, 100)), "PNG")[:-6],
        "cut off",
    ),
    "other size": (
        lambda c: encode(Image.new("L", (80, 80)), "JPEG"),
        "80x80, most are 100x100",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_pictures_are_all_named(copy, tmp_path, damage):
    change, words = DAMAGE[damage]
    for number in (3, 5):
        path = copy / ALIGNED / f"train_{number:05}_aligned.jpg"
        path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError) as error:
        load(copy, tmp_path)
    assert words in str(error.value)
    assert "train_00003_aligned.jpg" in str(error.value)
    if damage != "other size":
        assert "train_00005_aligned.jpg" in str(error.value)
        assert "2 of 35" in str(error.value)
    assert not list((tmp_path / "cache").glob("*/raf_db"))


def test_grey_jpegs_and_pngs_are_sound(copy, tmp_path):
    for number, kind in ((3, "JPEG"), (5, "PNG")):
        path = copy / ALIGNED / f"train_{number:05}_aligned.jpg"
        path.write_bytes(encode(GREY, kind))
    assert len(load(copy, tmp_path)["train"]) == 21


def test_other_folders_are_told_what_was_found(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match="Found: photos"):
        load(tmp_path, tmp_path)
    with pytest.raises(DataError, match="no folder"):
        load(tmp_path / "nowhere", tmp_path)


def test_an_unknown_class_folder_is_named(copy, tmp_path):
    (tmp_path / "set" / "train" / "happy!").mkdir(parents=True)
    with pytest.raises(DataError, match="happy!.*is no class"):
        load(tmp_path / "set", tmp_path)
