import itertools

import keras
import numpy as np
import pytest

from keras_fer.layers import LIPPooling2D
from keras_fer.layers.lip_weights import lip_weights


def window_by_window(logits, pool_size, strides, padding):
    """The weights by their definition, in float64; channels last."""
    logits = np.asarray(logits, "float64")
    starts = []
    for size, window, stride in zip(
        logits.shape[1:3], pool_size, strides, strict=True
    ):
        if padding == "valid":
            starts.append(range(0, size - window + 1, stride))
        else:
            count = int(np.ceil(size / stride))
            before = max((count - 1) * stride + window - size, 0) // 2
            starts.append([index * stride - before for index in range(count)])
    weights = np.zeros_like(logits)
    for top, left in itertools.product(*starts):
        cells = np.s_[
            :,
            max(top, 0) : top + pool_size[0],
            max(left, 0) : left + pool_size[1],
        ]
        importance = logits[cells] - logits[cells].max((1, 2), keepdims=True)
        shares = np.exp(importance)
        weights[cells] += shares / shares.sum((1, 2), keepdims=True)
    return weights


FORMS = [
    (2, None, "valid", (7, 6)),
    (2, None, "same", (7, 5)),
    (3, 2, "same", (9, 8)),
    ((3, 2), (1, 2), "valid", (6, 7)),
    (2, 3, "valid", (8, 9)),
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("pool_size", "strides", "padding", "sides"), FORMS)
def test_the_weights_are_those_of_every_window(
    pool_size, strides, padding, sides, data_format
):
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 20, (2, *sides, 3)).astype("float32")
    layer = LIPPooling2D(
        pool_size, strides, padding, data_format, logits="identity"
    )
    given = inputs
    if data_format == "channels_first":
        given = inputs.transpose(0, 3, 1, 2)
    layer.build(given.shape)
    found = keras.ops.convert_to_numpy(
        lip_weights(layer, keras.ops.convert_to_tensor(given))
    )
    expected = window_by_window(inputs, layer.pool_size, layer.strides, padding)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("pool_size", "strides", "padding", "sides"), FORMS)
def test_weight_times_input_adds_up_to_what_was_pooled(
    pool_size, strides, padding, sides
):
    rng = np.random.default_rng(1)
    inputs = rng.uniform(0, 3, (2, *sides, 3)).astype("float32")
    layer = LIPPooling2D(
        pool_size,
        strides,
        padding,
        "channels_last",
        logits=keras.layers.DepthwiseConv2D(
            3, padding="same", data_format="channels_last"
        ),
    )
    pooled = keras.ops.convert_to_numpy(layer(inputs))
    weights = keras.ops.convert_to_numpy(lip_weights(layer, inputs))
    np.testing.assert_allclose(
        (weights * inputs).sum((1, 2)), pooled.sum((1, 2)), rtol=1e-5
    )


def test_half_precision_logits_give_float32_weights():
    inputs = keras.ops.cast(np.ones((1, 4, 4, 2)), "bfloat16")
    layer = LIPPooling2D(dtype="bfloat16", data_format="channels_last")
    layer.build(inputs.shape)
    weights = lip_weights(layer, inputs)
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(weights), np.full((1, 4, 4, 2), 0.25)
    )
