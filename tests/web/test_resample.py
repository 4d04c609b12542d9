import numpy as np
import pytest

from javascript import call

pytestmark = pytest.mark.browser


def sample(image, transform, size):
    """`sampleView` of an array `(height, width, 3)`; without alpha."""
    height, width = image.shape[:2]
    opaque = np.full((height, width, 1), 255, np.uint8)
    data = np.concatenate([image, opaque], axis=-1).tobytes()
    pixels = {"data": data, "width": width, "height": height}
    view = call("resample.js", "sampleView", pixels, transform, size)
    view = np.reshape(view, (size, size, 4))
    assert (view[..., 3] == 255).all()
    return view[..., :3]


def similarity(angle, scale, center, size):
    """A turn about `center`, which goes to the middle of the view."""
    a = scale * np.cos(np.radians(angle))
    b = scale * np.sin(np.radians(angle))
    x, y = center
    return {
        "xx": a,
        "xy": -b,
        "x": size / 2 - (a * x - b * y),
        "yx": b,
        "yy": a,
        "y": size / 2 - (b * x + a * y),
    }


def test_a_quarter_turn_moves_pixels_and_changes_none():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (16, 16, 3), np.uint8)
    found = sample(image, similarity(90, 1.0, (8, 8), 16), 16)
    assert (found == np.rot90(image, -1)).all()


@pytest.mark.parametrize("angle", [0, 13, -40, 170])
@pytest.mark.parametrize("scale", [0.21, 0.5, 1.0, 3.0])
def test_a_slope_stays_a_slope_under_any_turn_and_scale(angle, scale):
    rows, columns = np.mgrid[:200, :200] + 0.5
    image = np.stack([columns, rows, (columns + rows) / 2], axis=-1)
    transform = similarity(angle, scale, (100, 100), 16)
    found = sample(np.rint(image).astype(np.uint8), transform, 16)
    a, b = transform["xx"], transform["yx"]
    v, u = np.mgrid[:16, :16] + 0.5 - 8
    x = 100 + (a * u + b * v) / scale**2
    y = 100 + (a * v - b * u) / scale**2
    expected = np.stack([x, y, (x + y) / 2], axis=-1)
    inside = (np.abs(expected - 100) < 85).all(axis=-1)
    assert inside.sum() > 50
    assert np.abs(found - expected)[inside].max() < 1.5


def test_shrinking_averages_instead_of_picking():
    """A fine chessboard becomes grey, however it is turned."""
    board = np.indices((256, 256)).sum(axis=0) % 2 * 255
    image = np.repeat(board[..., None], 3, axis=-1).astype(np.uint8)
    for angle in (0, 20, 45):
        found = sample(image, similarity(angle, 0.2, (128, 128), 16), 16)
        assert np.abs(found - 127.5).max() < 10  # of 127.5


def test_outside_is_as_the_nearest_pixel():
    image = np.zeros((10, 10, 3), np.uint8)
    image[:, -1] = 200
    found = sample(image, similarity(0, 1.0, (20, 5), 8), 8)
    assert (found == 200).all()
