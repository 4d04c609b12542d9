"""SFEW in its official layout, sound and damaged; film frames are refused."""

import dataclasses
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets import prepared
from keras_fer.datasets import sfew
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.picture_source import NO_LABEL
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.datasets.sfew_source import find_source
from keras_fer.errors import DataError

EXPRESSIONS = {
    "Angry": "anger",
    "Disgust": "disgust",
    "Fear": "fear",
    "Happy": "happiness",
    "Neutral": "neutral",
    "Sad": "sadness",
    "Surprise": "surprise",
}
TRAIN = "Train/Train_Aligned_Faces"
VALIDATION = "Val/Val_Aligned_Faces"
TEST = "Test/Test_Aligned_Faces"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """14 faces to train on, 7 to validate on and 3 without a label."""
    root = tmp_path_factory.mktemp("drawn") / "SFEW"
    generator = np.random.default_rng(0)

    def draw(expression, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_face(expression, generator).resize((143, 143)).save(path)

    for folder, expression in EXPRESSIONS.items():
        for number in range(2):
            draw(expression, root / TRAIN / folder / f"Film_{number}.png")
        draw(expression, root / VALIDATION / folder / "Other_0.png")
    for number in range(3):
        draw("fear", root / TEST / f"clip_{number}.png")
    return root


@pytest.fixture
def copy(drawn, tmp_path):
    return shutil.copytree(drawn, tmp_path / "SFEW")


@pytest.fixture(scope="module")
def parts(drawn, tmp_path_factory):
    """Every prepared part of the drawn set, the unlabelled one included."""
    cache = tmp_path_factory.mktemp("cache")
    return prepared.load_prepared(sfew.Sfew, find_source(drawn), cache)


def resize_all(directory, size):
    for path in directory.rglob("*.png"):
        Image.open(path).resize(size).save(path, compress_level=1)


def contents(source):
    """What a source says of each picture, whatever its file is called."""
    return sorted(
        (content, record.split, record.label)
        for record, content in source.read_all()
    )


def refused(directory, *words):
    with pytest.raises(DataError) as error:
        sfew.check_source(find_source(directory), "any")
    for word in words:
        assert word in str(error.value)


def test_pictures_come_back_byte_for_byte_under_their_class(drawn, parts):
    names = [record.name for record in find_source(drawn).records]
    assert names == sorted(names)
    counts = {split: len(faces) for split, faces in parts.items()}
    assert counts == {"train": 14, "validation": 7, "test": 3}
    for split in ("train", "validation"):
        faces = parts[split]
        assert faces.class_names == CLASSES
        for image, label, name in zip(
            faces.images, faces.labels, faces.names, strict=True
        ):
            assert image == (drawn / name).read_bytes()
            assert CLASSES[label] == EXPRESSIONS[name.split("/")[-2]]


def test_classes_are_known_by_name_and_not_by_their_order(parts):
    by_name = dict(
        zip(parts["validation"].names, parts["validation"].labels, strict=True)
    )
    labels = [
        by_name[f"{VALIDATION}/{folder}/Other_0.png"]
        for folder in sorted(EXPRESSIONS)
    ]
    assert labels == [5, 2, 1, 3, 6, 4, 0]  # Happy alone is where it sorts


def test_unlabelled_pictures_never_reach_training(copy, parts, tmp_path):
    assert (parts["test"].labels == NO_LABEL).all()
    loaded = sfew.load_sfew(copy, expected_counts="any", cache_dir=tmp_path)
    assert list(loaded) == ["train", "validation"]
    unlabelled = set(parts["test"].images)
    for split, faces in loaded.items():
        assert set(faces.labels) <= set(range(7))
        assert unlabelled.isdisjoint(faces.images)
        assert faces.images == parts[split].images


def test_two_sources_never_share_what_was_prepared(copy, tmp_path):
    cache = tmp_path / "cache"
    first = sfew.load_source(find_source(copy), cache)
    moved = copy / TRAIN / "Angry" / "Film_1.png"
    moved.rename(copy / TRAIN / "Sad" / "Film_9.png")
    second = sfew.load_source(find_source(copy), cache)
    labels = [
        dict(zip(loaded["train"].images, loaded["train"].labels, strict=True))
        for loaded in (first, second)
    ]
    changed = {i for i in labels[0] if labels[0][i] != labels[1][i]}
    assert changed == {(copy / TRAIN / "Sad" / "Film_9.png").read_bytes()}
    assert len(list(cache.glob("*/sfew"))) == 2


def side_by_side(root):
    for aligned in (TRAIN, VALIDATION, TEST):
        split, name = aligned.split("/")
        shutil.move(root / aligned, root / name)
        (root / split).rmdir()


def own_name_twice(root):
    for aligned in (TRAIN, VALIDATION, TEST):
        folder = root / aligned
        folder.rename(folder.with_name("inner"))
        folder.mkdir()
        folder.with_name("inner").rename(folder / folder.name)


def newer_validation(root):
    folder = root / VALIDATION
    folder.rename(folder.with_name("Val_Aligned_Faces_new"))


def loose_test_pictures(root):
    for path in (root / TEST).iterdir():
        path.rename(root / "Test" / path.name)
    (root / TEST).rmdir()


def renamed_test_folder(root):
    (root / TEST).rename(root / "Test" / "faces")


def litter(root):
    for name in (".DS_Store", f"{TRAIN}/Thumbs.db", f"{TRAIN}/Sad/._a.png"):
        (root / name).write_bytes(b"litter")
    (root / "__MACOSX" / "Train").mkdir(parents=True)
    (root / "Train" / "Train_Aligned_Faces.zip").write_bytes(b"kept")


@pytest.mark.parametrize(
    "change",
    [
        side_by_side,
        own_name_twice,
        newer_validation,
        loose_test_pictures,
        renamed_test_folder,
        litter,
    ],
)
def test_each_way_to_unpack_gives_the_same_data(drawn, copy, change):
    change(copy)
    for given in (copy, copy.parent):
        assert contents(find_source(given)) == contents(find_source(drawn))


def test_the_test_part_alone_may_be_missing(copy):
    shutil.rmtree(copy / "Test")
    source = find_source(copy)
    assert source.splits == ("train", "validation")
    sfew.check_source(source, "any")
    shutil.rmtree(copy / "Val")
    refused(copy, "no aligned validation faces", "Val_Aligned_Faces.zip")


def test_two_folders_for_one_part_are_refused(copy):
    (copy / "Val" / "Val_Aligned_Faces_new").mkdir()
    refused(copy, "Val_Aligned_Faces_new both hold the validation part")


def test_test_pictures_in_several_folders_are_refused(copy):
    (copy / TEST).rename(copy / "Test" / "Angry")
    (copy / "Test" / "Sad").mkdir()
    refused(copy, "has 2 folders", "no classes")


def test_strangers_are_all_named(copy):
    folder = copy / TRAIN
    (folder / "Contempt").mkdir()
    (folder / "Angry.zip").write_bytes(b"")
    (folder / "Sad" / "notes.txt").write_bytes(b"")
    (copy / TEST / "clip.webp").write_bytes(b"")
    refused(
        copy,
        "Contempt is no class: expected Angry",
        "Angry.zip lies in no class folder",
        "notes.txt is no JPEG or PNG",
        "clip.webp is no JPEG or PNG",
    )


def test_a_class_without_training_pictures_is_named(copy):
    shutil.rmtree(copy / TRAIN / "Happy")
    refused(copy, "no picture of happiness", "Happy")


def test_other_folders_are_told_what_was_found(tmp_path):
    (tmp_path / "photos").mkdir()
    refused(tmp_path, "Found: photos", "Train/Train_Aligned_Faces")
    refused(tmp_path / "nowhere", "no folder")
    (tmp_path / "a.zip").write_bytes(b"")
    refused(tmp_path / "a.zip", "is a file")


@pytest.mark.parametrize("frames", ["Train", "Train/Train", "Val"])
def test_frames_are_known_by_their_layout(copy, frames):
    split = frames.split("/")[0]
    aligned = copy / split / f"{split}_Aligned_Faces"
    aligned.rename(copy / "moved")
    shutil.copytree(copy / "moved", copy / frames, dirs_exist_ok=True)
    words = (
        "Angry, Disgust",
        f"no {aligned}",
        "unaligned",
        f"{aligned.name}.zip",
    )
    refused(copy, str(copy / frames), *words)


@pytest.mark.parametrize(
    "aligned, size",
    [(TRAIN, (720, 576)), (VALIDATION, (320, 240)), (TEST, (720, 720))],
)
def test_frames_are_known_by_their_shape(copy, aligned, size):
    count = len(list((copy / aligned).rglob("*.png")))
    resize_all(copy / aligned, size)
    refused(
        copy,
        f"is {size[0]}x{size[1]}",
        f"{count} of 24 pictures are shaped like film frames",
        "network is for aligned faces",
        "align the faces yourself",
    )


@pytest.mark.parametrize("size", [(143, 181), (100, 100), (512, 512)])
def test_faces_of_any_one_size_are_accepted(copy, size):
    resize_all(copy / TRAIN, size)
    sfew.check_source(find_source(copy), "any")


def test_a_split_of_several_sizes_is_refused(copy):
    resize_all(copy / TRAIN / "Sad", (120, 150))
    refused(copy, "(and 1 more) is 120x150, most are 143x143")


def test_official_counts_are_asked_for(tmp_path):
    path = tmp_path / "face.png"
    Image.new("L", (32, 32)).save(path)
    records = tuple(
        Record(f"{split}/{number}.png", split, NO_LABEL, path)
        for split, count in sfew.OFFICIAL_COUNTS.items()
        for number in range(count)
    )
    whole = PictureSource(tmp_path, None, "official", CLASSES, records)
    sfew.check_source(whole)
    short = dataclasses.replace(whole, records=records[1:])
    words = "957 train, 436 validation and 372 test .* 958 train, 436"
    with pytest.raises(DataError, match=words):
        sfew.check_source(short)
    untested = tuple(r for r in records if r.split != "test")
    sfew.check_source(dataclasses.replace(whole, records=untested))
    with pytest.raises(DataError, match="435 validation pictures; SFEW"):
        sfew.check_source(dataclasses.replace(whole, records=untested[:-1]))
