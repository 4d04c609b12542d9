"""Sources that somebody damaged, mixed or renamed end with a message."""

import io
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies
from PIL import Image

from keras_fer.datasets import picture_source
from keras_fer.datasets import prepared
from keras_fer.datasets import raf_db
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.datasets.picture_checks import check_pictures
from keras_fer.datasets.picture_checks import inspect
from keras_fer.datasets.raf_db_source import find_source
from keras_fer.errors import DataError

ALIGNED = "basic/Image/aligned"
PICTURE = Image.fromarray(
    np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
)


def encode(picture, kind, **arguments):
    stream = io.BytesIO()
    picture.save(stream, kind, **arguments)
    return stream.getvalue()


JPEG, PNG = encode(PICTURE, "JPEG"), encode(PICTURE, "PNG")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    directory = tmp_path_factory.mktemp("drawn") / "faces"
    return write_drawn_faces(directory, num_train=14, num_test=7)


@pytest.fixture
def copy(drawn, tmp_path):
    directory = tmp_path / "rafdb"
    shutil.copytree(drawn, directory)
    return directory


@pytest.fixture
def folders(drawn, tmp_path):
    """The same faces in the layout of a folder a class."""
    for record in find_source(drawn).records:
        folder = tmp_path / "set" / record.split / str(record.label + 1)
        folder.mkdir(parents=True, exist_ok=True)
        stem = record.path.stem.removesuffix("_aligned")
        shutil.copy(record.path, folder / f"{stem}_aligned.jpg")
    return tmp_path / "set"


def refused(directory, *words):
    with pytest.raises(DataError) as error:
        check_pictures(find_source(directory))
    for word in words:
        assert word in str(error.value)


@given(strategies.data(), strategies.sampled_from([JPEG, PNG]))
def test_a_picture_cut_off_anywhere_is_found(data, content):
    length = data.draw(strategies.integers(0, len(content) - 1))
    assert inspect(content)[0] is None
    assert inspect(content[:length])[0] is not None


@given(strategies.binary(max_size=300), strategies.integers(0, 60))
def test_no_bytes_crash_the_check(tail, length):
    for content in (JPEG, PNG):
        fault, size = inspect(content[:length] + tail)
        assert (fault is None) == (size is not None)


def test_pictures_that_decoders_read_differently_are_refused():
    deep = Image.fromarray(np.full((40, 40), 30_000, np.uint16))
    assert "16 bits" in inspect(encode(deep, "PNG"))[0]
    exif = Image.Exif()
    exif[0x0112] = 6
    assert "orientation 6" in inspect(encode(PICTURE, "JPEG", exif=exif))[0]
    for mode in ("L", "P", "LA", "RGBA"):
        assert inspect(encode(PICTURE.convert(mode), "PNG"))[0] is None


def test_the_official_set_has_its_official_size(copy):
    for path in (copy / ALIGNED).iterdir():
        Image.open(path).resize((80, 80)).save(path)
    source = find_source(copy)
    check_pictures(source)
    with pytest.raises(DataError, match="is 80x80, expected 100x100"):
        check_pictures(source, raf_db.OFFICIAL_SIZE)


def test_a_test_picture_among_the_training_ones_is_named(folders):
    (moved,) = (folders / "test" / "3").iterdir()
    shutil.copy(moved, folders / "train" / "3")
    refused(folders, f"train/3/{moved.name}", "is a test picture by its name")


def test_nothing_in_class_folders_is_passed_over(folders):
    loose, other = folders / "train" / "loose.jpg", folders / "test/2/a.webp"
    nested = folders / "train" / "5" / "more"
    loose.write_bytes(JPEG)
    other.write_bytes(JPEG)
    nested.mkdir()
    (folders / "train" / "5" / "Thumbs.db").write_bytes(b"litter")
    refused(folders, str(loose), str(other), str(nested))
    with pytest.raises(DataError) as error:
        find_source(folders)
    assert "Thumbs.db" not in str(error.value)


def test_what_is_no_picture_file_is_named(copy):
    (copy / ALIGNED / "extra.gif").write_bytes(b"GIF89a")
    broken = copy / ALIGNED / "train_00001_aligned.jpg"
    broken.unlink()
    broken.symlink_to(copy / "nowhere")
    refused(copy, "extra.gif", broken.name)


def test_a_name_that_prepared_data_cannot_hold_is_named(folders):
    odd = Path(f"{folders}/train/4/a\udcff.jpg")
    try:
        odd.write_bytes(JPEG)
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system has no such names")
    refused(folders, r"a\udcff.jpg", "UTF-8")


def test_a_huge_file_is_refused_unread(copy):
    with (copy / ALIGNED / "train_00001_aligned.jpg").open("wb") as file:
        file.truncate(picture_source.MAX_PICTURE_BYTES + 1)
    refused(copy, "train_00001_aligned.jpg", "20,000,001 bytes")


def link(archive):
    member = zipfile.ZipInfo("aligned/train_00099_aligned.jpg")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(member, "/etc/passwd")


UNSAFE = {
    "is a link": link,
    "leads out": lambda archive: archive.writestr("../test_1.jpg", b"x"),
    "is there twice": lambda archive: archive.writestr(
        "other/train_00001_aligned.jpg", b"x"
    ),
    "no JPEG or PNG": lambda archive: archive.writestr("aligned/x.exe", b"x"),
    "20,000,001 bytes": lambda archive: archive.writestr(
        "aligned/train_00099_aligned.jpg",
        bytes(picture_source.MAX_PICTURE_BYTES + 1),
        zipfile.ZIP_DEFLATED,
    ),
}


@pytest.mark.parametrize("words", UNSAFE)
def test_unsafe_archives_are_refused_before_a_member_is_read(copy, words):
    with zipfile.ZipFile(copy / "basic/Image/aligned.zip", "w") as archive:
        for path in (copy / ALIGNED).iterdir():
            archive.write(path, f"aligned/{path.name}")
        archive.writestr("__MACOSX/._x.jpg", b"litter")
        UNSAFE[words](archive)
    shutil.rmtree(copy / ALIGNED)
    refused(copy, "aligned.zip", words)


@pytest.mark.parametrize("damage", ["cut", "swapped", "another set's"])
def test_a_damaged_prepared_set_is_prepared_again(copy, tmp_path, damage):
    cache = tmp_path / "cache"
    source = find_source(copy)
    expected = raf_db.load_source(source, cache)
    path = next(cache.rglob("*-train.tfrecord*"))
    content = path.read_bytes()
    if damage == "another set's":
        other = write_drawn_faces(
            tmp_path / "other", num_train=14, num_test=7, seed=1
        )
        raf_db.load_source(find_source(other), tmp_path / "cache2")
        shutil.copy(next((tmp_path / "cache2").rglob(path.name)), path)
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        shutil.copy(next(cache.rglob("*-test.tfrecord*")), path)
    for split, faces in raf_db.load_source(source, cache).items():
        assert faces.images == expected[split].images
        assert faces.names == expected[split].names
    assert path.read_bytes() == content


def test_a_user_without_a_home_is_told_the_way_on(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("KERAS_FER_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(DataError, match="KERAS_FER_CACHE"):
        prepared.cache_directory()
