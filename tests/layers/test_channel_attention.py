"""Channel attention against its papers' formulas."""

import keras
import numpy as np
import pytest

from keras_fer.layers import ChannelAttention
from layer_checks import to_numpy


def sigmoid(values):
    return 1.0 / (1.0 + np.exp(-values))


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 4, 3, 32)).astype("float32")


@pytest.mark.parametrize(
    "channels, size", [(8, 3), (64, 3), (128, 5), (256, 5), (512, 5), (2048, 7)]
)
def test_eca_kernel_size_adapts_to_the_channels(channels, size):
    """Values of the ECA paper's rule for gamma 2 and b 1."""
    assert ChannelAttention.eca_kernel_size(channels) == size


def test_eca_equals_its_formula(inputs):
    layer = ChannelAttention("eca")
    outputs = to_numpy(layer(inputs))
    kernel = keras.ops.convert_to_numpy(layer.weights[0])[:, 0, 0]
    means = inputs.mean((1, 2))
    padded = np.pad(means, ((0, 0), (len(kernel) // 2,) * 2))
    weights = sigmoid(
        np.stack(
            [
                padded[:, i : i + len(kernel)] @ kernel
                for i in range(means.shape[1])
            ],
            axis=1,
        )
    )
    expected = inputs * weights[:, None, None, :]
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_se_equals_its_formula(inputs):
    layer = ChannelAttention("se", reduction=4)
    outputs = to_numpy(layer(inputs))
    kernel1, bias1, kernel2, bias2 = layer.get_weights()
    assert kernel1.shape == (32, 8)
    hidden = np.maximum(inputs.mean((1, 2)) @ kernel1 + bias1, 0)
    weights = sigmoid(hidden @ kernel2 + bias2)
    expected = inputs * weights[:, None, None, :]
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("method", ["eca", "se"])
def test_scales_channels_alike_everywhere(method, inputs):
    ratio = to_numpy(ChannelAttention(method)(inputs)) / inputs
    np.testing.assert_allclose(
        ratio, np.broadcast_to(ratio[:, :1, :1], ratio.shape), rtol=1e-4
    )
    assert ((ratio > 0) & (ratio < 1)).all()


@pytest.mark.parametrize("method", ["eca", "se"])
def test_channels_first_is_a_transposition(method, inputs):
    last = ChannelAttention(method)
    first = ChannelAttention(method, data_format="channels_first")
    expected = to_numpy(last(inputs))
    transposed = np.transpose(inputs, (0, 3, 1, 2))
    first.build(transposed.shape)
    first.set_weights(last.get_weights())
    outputs = np.transpose(to_numpy(first(transposed)), (0, 2, 3, 1))
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_unknown_method_is_named():
    with pytest.raises(ValueError, match="method='cbam'"):
        ChannelAttention("cbam")
