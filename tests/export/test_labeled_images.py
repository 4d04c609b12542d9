"""Calibration takes from the training part, and says what it took."""

import dataclasses

import numpy as np
import pytest

from keras_fer.errors import DataError
from keras_fer.export import LabeledImages
from keras_fer.export import calibration_sample
from keras_fer.export import decode
from keras_fer.export.labeled_images import check_calibration


def images(number, labels=(0, 1), seed=0, side=8):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (number, side, side, 3), dtype=np.uint8)
    return LabeledImages(pixels, np.resize(labels, number))


def test_the_sample_is_fixed_and_as_even_as_the_classes_allow(faces):
    some = faces["train"]
    rare = some.take(np.flatnonzero(some.labels > 0))
    rare = rare.take([*range(len(rare)), 0, 1, 2])
    sample = calibration_sample(rare, 52, num_images=18)
    np.testing.assert_array_equal(
        np.bincount(sample.labels, minlength=7), [0, 3, 3, 3, 3, 3, 3]
    )
    again = calibration_sample(rare, 52, num_images=18)
    assert sample.sha256() == again.sha256()
    other = calibration_sample(rare, 52, num_images=18, seed=1)
    assert sample.sha256() != other.sha256()
    assert len(calibration_sample(rare, 52, num_images=999)) == len(rare)


def test_decoding_keeps_order_and_resizes(faces):
    few = faces["test"].take([3, 1])
    decoded = decode(few, 52)
    assert decoded.images.shape == (2, 52, 52, 3)
    np.testing.assert_array_equal(decoded.labels, few.labels)
    np.testing.assert_array_equal(
        decoded.images[1], decode(few.take([1]), 52).images[0]
    )


def test_a_view_is_the_centre():
    some = images(2)
    np.testing.assert_array_equal(some.views(8), some.images)
    np.testing.assert_array_equal(some.views(5), some.images[:, 1:6, 1:6])
    with pytest.raises(ValueError, match="8x8.*9x9"):
        some.views(9)


def test_the_hash_sees_every_pixel_and_label():
    some = images(2)
    pixels, labels = some.images.copy(), some.labels.copy()
    pixels[1, 7, 7, 2] ^= 1
    labels[0] ^= 1
    hashes = {
        some.sha256(),
        dataclasses.replace(some, images=pixels).sha256(),
        dataclasses.replace(some, labels=labels).sha256(),
    }
    assert len(hashes) == 3


def test_good_calibration_images_pass():
    check_calibration(images(32), images(40, seed=1))
    check_calibration(images(32))


@pytest.mark.parametrize(
    ("calibration", "held_back", "message"),
    [
        (images(0), None, "^0 calibration images are too few"),
        (images(31), None, "^31 calibration images are too few"),
        (images(40, labels=[3]), None, "All 40.*class 3"),
        (images(40), images(40), "40 of 40 .* test part"),
    ],
)
def test_bad_calibration_images_are_refused(calibration, held_back, message):
    with pytest.raises(DataError, match=message):
        check_calibration(calibration, held_back)


def test_one_test_image_among_them_is_found_whatever_its_margin():
    calibration, held_back = images(40, side=8), images(40, seed=1, side=10)
    calibration.images[7] = held_back.views(8)[39]
    with pytest.raises(DataError, match="1 of 40.*number 7"):
        check_calibration(calibration, held_back)


@pytest.mark.parametrize(
    ("pixels", "labels"),
    [
        (np.zeros((2, 8, 8, 3)), [0, 1]),
        (np.zeros((2, 8, 9, 3), "uint8"), [0, 1]),
        (np.zeros((2, 8, 8, 1), "uint8"), [0, 1]),
        (np.zeros((2, 8, 8, 3), "uint8"), [0]),
    ],
)
def test_what_is_no_labelled_images_is_refused(pixels, labels):
    with pytest.raises(ValueError, match="uint8"):
        LabeledImages(pixels, np.array(labels))
