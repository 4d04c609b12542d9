"""Views of images, eagerly and inside tf.data."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fer import augment
from keras_fer.datasets.drawn_faces import draw_face


@pytest.fixture(scope="module")
def face():
    picture = draw_face("happiness", np.random.default_rng(0))
    return np.asarray(picture.convert("RGB").resize((100, 100)))[None]


def table(top=0.0, left=0.0, mirror=False, angle=0.0):
    return augment.ViewTable(
        *(np.array([value]) for value in (top, left, mirror, angle))
    )


def view(face, **row):
    return np.array(augment.train_view(face, table(**row).transforms(90), 90))


@pytest.mark.parametrize("top, left", [(0, 0), (3, 10), (10, 7)])
def test_a_view_without_rotation_copies_pixels_exactly(face, top, left):
    expected = face[:, top : top + 90, left : left + 90]
    np.testing.assert_array_equal(view(face, top=top, left=left), expected)


def test_a_mirrored_view_is_the_mirrored_crop(face):
    expected = face[:, 2:92, 5:95][:, :, ::-1]
    mirrored = view(face, top=2, left=5, mirror=True)
    np.testing.assert_allclose(mirrored, expected, atol=1e-3)


@pytest.mark.parametrize("angle", [10.0, -7.0, 90.0])
def test_rotation_is_anticlockwise_about_the_views_centre(face, angle):
    from PIL import Image

    rotated = view(face, top=5, left=5, angle=angle)[0]
    crop = Image.fromarray(face[0]).rotate(
        angle, Image.Resampling.BILINEAR, center=(50, 50)
    )
    expected = np.asarray(crop)[5:95, 5:95].astype("float32")
    middle = np.s_[20:70, 20:70]
    assert np.abs(rotated[middle] - expected[middle]).mean() < 2.0


def test_rotation_mirrors_beyond_the_border_and_leaves_no_black(face):
    white = np.full_like(face, 200)
    np.testing.assert_allclose(view(white, angle=30.0), 200.0, atol=1e-2)


def test_same_inside_tf_data(face):
    images = np.repeat(face, 4, axis=0)
    views = augment.draw_views(np.random.default_rng(0), 4, 100, 90, 10.0)
    transforms = views.transforms(90)
    eager = np.array(augment.train_view(images, transforms, 90))
    dataset = tf.data.Dataset.from_tensors((images, transforms)).map(
        lambda image, row: augment.train_view(image, row, 90)
    )
    np.testing.assert_array_equal(next(iter(dataset)).numpy(), eager)


def test_ten_crop_is_four_corners_and_centre_and_their_mirrors(face):
    views = np.array(augment.ten_crop(face, 90))
    assert views.shape == (1, 10, 90, 90, 3)
    for index, (top, left) in enumerate(
        ((0, 0), (0, 10), (10, 0), (10, 10), (5, 5))
    ):
        crop = face[:, top : top + 90, left : left + 90]
        np.testing.assert_array_equal(views[:, index], crop)
        np.testing.assert_array_equal(views[:, 5 + index], crop[:, :, ::-1])


def test_eval_view_is_the_fifth_of_the_ten(face):
    np.testing.assert_array_equal(
        np.array(augment.eval_view(face, 90)),
        np.array(augment.ten_crop(face, 90))[:, 4],
    )


def test_a_crop_that_does_not_fit_is_refused(face):
    for crop in (augment.ten_crop, augment.eval_view):
        with pytest.raises(ValueError, match="112x112.*100x100"):
            crop(face, 112)
    with pytest.raises(ValueError, match="112x112"):
        augment.draw_views(np.random.default_rng(0), 1, 100, 112)


def test_drawn_views_cover_their_ranges():
    views = augment.draw_views(np.random.default_rng(0), 5000, 100, 90, 10.0)
    for column in (views.top, views.left):
        assert set(np.unique(column)) == set(range(11))
    assert 0.47 < views.mirror.mean() < 0.53
    assert views.angle.min() < -9.9 and views.angle.max() > 9.9


def test_one_setting_leaves_the_other_draws_alone():
    still, turning = (
        augment.draw_views(np.random.default_rng(0), 50, 100, 90, angle)
        for angle in (0.0, 10.0)
    )
    np.testing.assert_array_equal(still.top, turning.top)
    np.testing.assert_array_equal(still.mirror, turning.mirror)
    assert not still.angle.any()
