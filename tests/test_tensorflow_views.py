"""Both forms of a training view show the same."""

import numpy as np
import pytest

from drawn import drawn_faces
from keras_fer import augment
from keras_fer import tensorflow_views


@pytest.mark.parametrize(
    "settings",
    [
        augment.ViewSettings(64, 56),
        augment.ViewSettings(64, 56, 10.0, 0.1),
        augment.ViewSettings(64, 56, 10.0, 0.1, 0.2, 0.1, 0.5),
    ],
)
def test_the_views_are_those_of_augment(settings):
    images = drawn_faces(14, 64).astype("uint8")
    table = augment.draw_views(np.random.default_rng(0), 14, settings)
    arguments = {
        "transforms": table.transforms(56),
        "size": 56,
        "colours": table.colours(),
        "boxes": table.boxes(56),
    }
    ours = tensorflow_views.train_view(images, **arguments)
    expected = augment.train_view(images, **arguments)
    assert ours.shape == (14, 56, 56, 3)
    np.testing.assert_array_equal(np.array(ours), np.array(expected))
