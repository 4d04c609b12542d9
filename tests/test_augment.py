"""Views of images, eagerly and inside tf.data."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_fer import augment
from keras_fer import input_pipeline
from keras_fer.datasets.drawn_faces import draw_face

STILL = augment.ViewSettings(100, 90)
TURNED = augment.ViewSettings(100, 90, max_angle=10.0)
EVERYTHING = augment.ViewSettings(100, 90, 10.0, 0.1, 0.2, 0.1, 0.5)


@pytest.fixture(scope="module")
def face():
    picture = draw_face("happiness", np.random.default_rng(0))
    return np.asarray(picture.convert("RGB").resize((100, 100)))[None]


PLAIN = {field.name: 0.0 for field in dataclasses.fields(augment.ViewTable)}
PLAIN |= {"mirror": False, "zoom": 1.0, "contrast": 1.0}


def table(**row):
    row = PLAIN | row
    return augment.ViewTable(**{n: np.array([v]) for n, v in row.items()})


def view(face, **row):
    return train_view(face, table(**row))


def train_view(images, drawn, size=90):
    views = augment.train_view(
        images,
        drawn.transforms(size),
        size,
        colours=drawn.colours(),
        boxes=drawn.boxes(size),
    )
    return np.array(views)


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
    views = augment.draw_views(np.random.default_rng(0), 4, TURNED)
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
        augment.ViewSettings(100, 112)


def test_drawn_views_cover_their_ranges():
    views = augment.draw_views(np.random.default_rng(0), 5000, TURNED)
    for column in (views.top, views.left):
        assert set(np.unique(column)) == set(range(11))
    assert 0.47 < views.mirror.mean() < 0.53
    assert views.angle.min() < -9.9 and views.angle.max() > 9.9


def test_one_setting_leaves_the_other_draws_alone():
    still, turning = (
        augment.draw_views(np.random.default_rng(0), 50, settings)
        for settings in (STILL, TURNED)
    )
    np.testing.assert_array_equal(still.top, turning.top)
    np.testing.assert_array_equal(still.mirror, turning.mirror)
    assert not still.angle.any()


def test_new_settings_that_are_off_change_no_epoch_of_before():
    """What `draw_views` drew when it knew crop, mirror and angle alone."""
    rng = np.random.default_rng([5, 3])
    indices = rng.permutation(40)
    top, left = (rng.integers(0, 11, 40).astype("float32") for _ in range(2))
    mirror = rng.random(40) < 0.5
    angle = rng.uniform(-10, 10, 40).astype("float32")
    for settings in (TURNED, EVERYTHING):
        epoch = input_pipeline.draw_epoch(
            np.zeros(40, int), seed=5, epoch=3, settings=settings
        )
        np.testing.assert_array_equal(epoch.indices, indices)
        for name, column in (
            ("top", top),
            ("left", left),
            ("mirror", mirror),
            ("angle", angle),
        ):
            drawn = getattr(epoch.views, name)
            assert drawn.dtype == column.dtype
            np.testing.assert_array_equal(drawn, column)


def test_off_settings_leave_pixels_to_the_bit(face):
    views = augment.draw_views(np.random.default_rng(0), 4, TURNED)
    assert views.colours() is None and views.boxes(90) is None
    radians = np.deg2rad(views.angle.astype("float64"))
    sign = np.where(views.mirror, -1.0, 1.0)
    transforms = views.transforms(90)
    assert (transforms[:, 0] == (sign * np.cos(radians)).astype("f4")).all()
    assert (transforms[:, 4] == np.cos(radians).astype("f4")).all()


def test_each_setting_draws_for_itself():
    whole = augment.draw_views(np.random.default_rng(0), 300, EVERYTHING)
    for setting, columns in (
        ("max_zoom", ["zoom"]),
        ("max_contrast", ["contrast"]),
        ("max_brightness", ["brightness"]),
        ("erase_probability", ["erase_height"]),
    ):
        off = dataclasses.replace(EVERYTHING, **{setting: 0.0})
        other = augment.draw_views(np.random.default_rng(0), 300, off)
        for name in PLAIN:
            same = (getattr(whole, name) == getattr(other, name)).all()
            assert same == (name not in columns), (setting, name)


def test_new_draws_cover_their_ranges():
    views = augment.draw_views(np.random.default_rng(0), 5000, EVERYTHING)
    for column, low, high in (
        (views.zoom, 0.9, 1.1),
        (views.contrast, 0.8, 1.2),
        (views.brightness, -0.1, 0.1),
    ):
        assert low <= column.min() < low + 0.01
        assert high - 0.01 < column.max() <= high + 1e-6
    erased = views.erase_height > 0
    assert 0.47 < erased.mean() < 0.53
    area = (views.erase_height * views.erase_width)[erased]
    assert 0.02 <= area.min() + 1e-6 and area.max() <= 0.2 + 1e-6
    boxes = views.boxes(90)[erased]
    assert boxes.min() >= 0 and boxes.max() <= 90


@pytest.mark.parametrize("zoom", [1.25, 0.8])
def test_zoom_scales_about_the_views_centre(face, zoom):
    from PIL import Image

    zoomed = view(face, top=5, left=5, zoom=zoom)[0]
    centre = 49.5 * (1 - 1 / zoom)
    picture = Image.fromarray(face[0]).transform(
        (100, 100),
        Image.Transform.AFFINE,
        (1 / zoom, 0, centre, 0, 1 / zoom, centre),
        Image.Resampling.BILINEAR,
    )
    expected = np.asarray(picture)[5:95, 5:95].astype("float32")
    middle = np.s_[15:75, 15:75]
    # Pillow's pixels have their centres at halves.
    assert np.abs(zoomed[middle] - expected[middle]).mean() < 2.5


def test_contrast_scales_about_the_mean_and_brightness_shifts():
    values = np.random.default_rng(0).uniform(100, 150, (1, 90, 90, 3))
    values = values.astype("float32")
    seen = view(values, contrast=1.2, brightness=0.1)
    expected = (values - values.mean()) * 1.2 + values.mean() + 25.5
    np.testing.assert_allclose(seen, expected, atol=1e-3)
    assert view(values, brightness=1.0).max() == 255.0
    assert view(values, brightness=-1.0).min() == 0.0


def test_the_erased_rectangle_has_the_mean_colour_and_nothing_else(face):
    box = {"erase_top": 0.1, "erase_left": 0.5}
    seen = view(face, **box, erase_height=0.2, erase_width=0.4)
    expected = face[:, :90, :90].astype("float32")
    mean = expected.mean(axis=(1, 2))
    expected[:, 9:27, 45:81] = mean
    np.testing.assert_allclose(seen, expected, atol=1e-2)


def test_everything_is_the_same_inside_tf_data_and_stays_in_range(face):
    images = np.repeat(face, 8, axis=0)
    views = augment.draw_views(np.random.default_rng(1), 8, EVERYTHING)
    drawn = {
        "transforms": views.transforms(90),
        "colours": views.colours(),
        "boxes": views.boxes(90),
    }
    (inside,) = tf.data.Dataset.from_tensors((images, drawn)).map(
        lambda pictures, rows: augment.train_view(pictures, size=90, **rows)
    )
    eager = train_view(images, views)
    np.testing.assert_allclose(np.array(inside), eager, atol=1e-3)
    assert eager.min() >= 0 and eager.max() <= 255
