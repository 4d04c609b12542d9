"""Every kind of picture becomes the same RGB face."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from keras_fer import face_image
from keras_fer.errors import DataError
from keras_fer.face_image import read_face
from turned import STORED
from turned import store_turned


@pytest.fixture
def face():
    """Smooth colours, so that JPEG keeps them."""
    rows, columns = np.mgrid[0:64, 0:64]
    channels = (rows * 3, columns * 3, (rows + columns) * 1.5)
    return np.stack(channels, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("orientation", STORED)
def test_exif_turns_the_face_upright(orientation, face, tmp_path):
    path = tmp_path / "face.png"
    store_turned(face, path, orientation)
    np.testing.assert_array_equal(read_face(path, 64), face)


def test_path_picture_and_array_agree(face, tmp_path):
    path = tmp_path / "face.png"
    Image.fromarray(face).save(path)
    for source in (path, str(path), Image.open(path), face):
        for size in (64, 50):
            np.testing.assert_array_equal(
                read_face(source, size), read_face(face, size)
            )


def test_floats_keep_their_fractions_and_agree_with_bytes(face):
    floats = face.astype("float64") * 0.999
    np.testing.assert_array_equal(
        read_face(floats, 64), floats.astype("float32")
    )
    resized = read_face(face.astype("float32"), 40)
    assert resized.dtype == np.float32
    assert np.abs(resized - read_face(face, 40)).max() <= 1


def test_resizing_is_antialiased():
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::2] = 200
    inner = read_face(stripes, 32)[4:-4, 4:-4].astype(int)
    assert np.abs(inner - 100).max() < 25


def test_resizing_agrees_with_the_training_input(face):
    import tensorflow as tf

    resized = tf.image.resize(face, (40, 40), antialias=True)
    assert np.abs(read_face(face, 40) - resized).max() <= 1.01


def test_grey_becomes_three_equal_channels(face):
    grey = face[..., 0]
    expected = np.stack([grey] * 3, axis=-1)
    for source in (grey, Image.fromarray(grey)):
        np.testing.assert_array_equal(read_face(source, 64), expected)


def test_sixteen_bits_become_eight(face, tmp_path):
    grey = face[..., 0]
    path = tmp_path / "face.png"
    Image.fromarray(grey.astype(np.uint16) * 257).save(path)
    with Image.open(path) as image:
        assert image.mode.startswith("I")
    np.testing.assert_array_equal(read_face(path, 64)[..., 0], grey)


def test_transparency_lies_over_white(face):
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:32] = 0
    clear = Image.fromarray(np.dstack([face, alpha]))
    found = read_face(clear, 64)
    assert (found[:32] == 255).all()
    np.testing.assert_array_equal(found[32:], face[32:])
    grey = clear.convert("LA")
    assert (read_face(grey, 64)[:32] == 255).all()


def test_a_palette_means_its_colours():
    indices = np.zeros((64, 64), np.uint8)
    indices[:32] = 1
    image = Image.fromarray(indices).convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    found = read_face(image, 64)
    assert (found[0, 0] == (200, 100, 50)).all()
    assert (found[63, 0] == (10, 20, 30)).all()
    content = io.BytesIO()
    image.save(content, "PNG", transparency=1)
    found = read_face(Image.open(content), 64)
    assert (found[0, 0] == 255).all()
    assert (found[63, 0] == (10, 20, 30)).all()


def test_cmyk_becomes_rgb(face):
    cmyk = Image.fromarray(face).convert("CMYK")
    assert np.abs(read_face(cmyk, 64).astype(int) - face).max() <= 2


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_cut_file_is_an_error_that_names_it(kind, share, face, tmp_path):
    whole = io.BytesIO()
    Image.fromarray(face).save(whole, kind)
    path = tmp_path / "face.jpg"
    path.write_bytes(whole.getvalue()[: int(share * whole.tell())])
    with pytest.raises(DataError, match="face.jpg cannot be decoded"):
        read_face(path, 64)


@pytest.mark.parametrize("content", [b"GIF89a", b"<html>", b"\0" * 100])
def test_another_kind_of_file_is_refused(content, tmp_path):
    path = tmp_path / "face.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match="JPEG, PNG, WEBP"):
        read_face(path, 64)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no picture .*absent.jpg"):
        read_face(tmp_path / "absent.jpg", 64)


def test_a_giant_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = tmp_path / "giant.png"
    Image.new("1", (300, 200)).save(path)
    with monkeypatch.context() as patch:
        patch.setattr(face_image, "MAX_PIXELS", 59_999)
        with pytest.raises(DataError, match="claims 300x200"):
            read_face(path, 64)
    read_face(path, 64)


@pytest.mark.parametrize("size", [(1, 1), (31, 40), (40, 81), (4000, 10)])
def test_what_has_no_faces_shape_is_refused(size):
    with pytest.raises(DataError, match=f"{size[0]}x{size[1]}.*64x64"):
        read_face(Image.new("RGB", size), 64)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 64, 64)), r"\(3, 64, 64\)"),
        (np.zeros((64, 64, 4), "uint8"), r"\(64, 64, 4\)"),
        (np.zeros((64, 64, 3), "int32"), "int32"),
        (np.full((64, 64, 3), np.nan), "nan"),
        (np.full((64, 64, 3), 256.0), "256"),
        (np.full((64, 64, 3), -1.0), "-1"),
    ],
)
def test_an_array_that_is_no_image_is_refused(array, message):
    with pytest.raises(ValueError, match=message):
        read_face(array, 64)


def test_floats_of_0_to_1_are_warned_about():
    with pytest.warns(UserWarning, match="Multiply it by 255"):
        read_face(np.full((64, 64, 3), 0.5), 64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_face(np.zeros((64, 64, 3)), 64)


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="list"):
        read_face([1, 2], 64)
    with pytest.raises(DataError, match="floats"):
        read_face(Image.new("F", (64, 64)), 64)


def test_a_folder_is_no_picture_and_the_message_says_what_takes_one(tmp_path):
    with pytest.raises(DataError, match="is a folder.*classify FOLDER"):
        read_face(tmp_path, 40)
