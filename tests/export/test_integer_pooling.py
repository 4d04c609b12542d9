"""The converted form of pooling is the layer's, to rounding."""

import keras
import numpy as np
import pytest

from keras_fer.export.integer_pooling import IntegerLIPPooling2D
from keras_fer.export.integer_pooling import integer_lip_pool
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits
from keras_fer.layers import lip_pool
from reference import lip_pool as reference_pool


@pytest.mark.parametrize("window", [(2, 2), (3, 2), (1, 2)])
@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_it_is_equation_2(window, size):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, *size, 5)).astype("float32")
    logits = rng.uniform(-6, 6, (2, *size, 5)).astype("float32")
    found = integer_lip_pool(inputs, logits, window)
    np.testing.assert_allclose(
        found,
        reference_pool(inputs, logits, window, window, "valid"),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        found, lip_pool(inputs, logits, window), atol=1e-5
    )


def test_a_constant_added_to_the_logits_changes_nothing():
    rng = np.random.default_rng(0)
    inputs, logits = rng.normal(size=(2, 1, 6, 6, 3)).astype("float32")
    np.testing.assert_allclose(
        integer_lip_pool(inputs, logits + 8, (2, 2)),
        integer_lip_pool(inputs, logits, (2, 2)),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"pool_size": 3},
        {"strides": 1},
        {"padding": "same"},
        {"logits": "identity"},
    ],
)
def test_the_layer_gives_what_its_parent_gives(arguments):
    if "logits" not in arguments:
        arguments |= {"logits": ProjectionLogits(start="max")}
    layer = LIPPooling2D(**arguments)
    images = np.random.default_rng(0).normal(size=(2, 9, 9, 4))
    images = images.astype("float32")
    expected = layer(images)
    copy = IntegerLIPPooling2D.from_config(layer.get_config())
    copy.build(images.shape)
    copy.set_weights(layer.get_weights())
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(copy(images)), expected, atol=1e-5
    )
