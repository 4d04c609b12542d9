"""A moved, scaled and turned picture is found where it lies."""

import numpy as np
import pytest

from keras_fer.datasets import picture_alignment
from keras_fer.datasets.picture_alignment import SIDE


@pytest.fixture
def pictures():
    """Eight pictures of smooth noise, twice as wide as what is seen."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 100, (8, 2 * SIDE, 2 * SIDE)).astype(np.float32)
    return picture_alignment.band(noise, 1.5, 8.0)


def seen(pictures, scale, shift):
    """The middle of the pictures, looked at by a similarity transform."""
    points = picture_alignment.point_grid(SIDE, 1 - 1 / SIDE)
    places = (scale * points + shift)[None] / 2
    found, _ = picture_alignment.sample(pictures, places)
    return found.reshape(-1, SIDE, SIDE)


def align(first, second):
    ones = np.ones(len(first), np.complex64)
    return picture_alignment.align(first, second, ones, 0 * ones)


def test_bilinear_sampling_reads_a_plane_exactly():
    places = np.linspace(-1, 1, 2 * SIDE + 1)[1::2].astype(np.float32)
    plane = 3 * places + 5 * places[:, None] + 1
    points = picture_alignment.point_grid(7, 0.9)
    found, inside = picture_alignment.sample(plane[None], points[None])
    np.testing.assert_allclose(
        found[0], 3 * points.real + 5 * points.imag + 1, atol=1e-4
    )
    assert inside.all()
    _, inside = picture_alignment.sample(plane[None], points[None] + 0.5)
    np.testing.assert_array_equal(inside[0], points.real + 0.5 <= 1)


@pytest.mark.parametrize("degrees", [0, -4, 5])
@pytest.mark.parametrize("growth", [0.97, 1.0, 1.04])
@pytest.mark.parametrize("shift", [0, 0.05 - 0.03j])
def test_the_transform_is_found(pictures, degrees, growth, shift):
    scale = growth * np.exp(1j * np.radians(degrees))
    first = seen(pictures, scale, shift)
    found_scale, found_shift, correlation = align(first, seen(pictures, 1, 0))
    np.testing.assert_allclose(found_scale, scale, atol=0.01)
    np.testing.assert_allclose(found_shift, shift, atol=0.01)
    assert correlation.min() > 0.95


def test_light_and_contrast_change_nothing(pictures):
    first, second = seen(pictures, 1.03, 0.04), seen(pictures, 1, 0)
    scale, shift, correlation = align(first, second)
    for found, expected in zip(
        align(first, 0.3 * second + 50),
        (scale, shift, correlation),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_different_pictures_do_not_correlate(pictures):
    first, second = seen(pictures, 1, 0), seen(pictures[::-1], 1, 0)
    assert align(first, second)[2].max() < 0.6


def test_too_little_overlap_proves_nothing(pictures):
    picture = seen(pictures, 1, 0)
    far = np.full(len(picture), 1.9 + 0j, np.complex64)
    one = np.ones_like(far)
    assert not picture_alignment.align(picture, picture, one, far)[2].any()


def test_blank_pictures_are_like_nothing(pictures):
    blank = np.full((2, SIDE, SIDE), 128, np.float32)
    for other in (blank, seen(pictures[:2], 1, 0)):
        scale, shift, correlation = align(blank, other)
        assert np.isfinite(scale).all() and np.isfinite(shift).all()
        assert abs(correlation).max() < 0.1
