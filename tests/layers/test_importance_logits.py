"""The logit modules: bounds, starts, normalisations."""

import keras
import numpy as np
import pytest

from keras_fer.layers import BottleneckLogits
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits
from keras_fer.layers.instance_normalization import InstanceNormalization
from layer_checks import to_numpy


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    return np.maximum(rng.normal(size=(4, 10, 8, 6)), 0).astype("float32")


MODULES = [
    ProjectionLogits,
    lambda: ProjectionLogits(kernel_size=3),
    lambda: ProjectionLogits(normalization="instance"),
    lambda: ProjectionLogits(normalization=None),
    lambda: BottleneckLogits(channels=4),
]


@pytest.mark.parametrize("make", MODULES)
def test_training_starts_from_average_pooling(make, inputs):
    outputs = to_numpy(LIPPooling2D(logits=make())(inputs))
    average = keras.ops.average_pool(inputs, 2, 2)
    np.testing.assert_allclose(outputs, average, atol=1e-6)


@pytest.mark.parametrize("kernel_size", [1, 3])
@pytest.mark.parametrize("normalization", ["instance", "batch", None])
def test_start_max_is_nearer_to_max_pooling(kernel_size, normalization, inputs):
    layer = LIPPooling2D(
        logits=ProjectionLogits(
            kernel_size, normalization=normalization, start="max"
        )
    )
    outputs = to_numpy(layer(inputs))
    maximum = np.array(keras.ops.max_pool(inputs, 2, 2))
    average = np.array(keras.ops.average_pool(inputs, 2, 2))
    distance = np.linalg.norm(outputs - maximum)
    assert distance < 0.3 * np.linalg.norm(average - maximum)


@pytest.mark.parametrize("make", MODULES)
def test_logits_keep_within_the_bound(make, inputs):
    module = make()
    module.build(inputs.shape)
    for weight in module.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape) * 50)
    logits = to_numpy(module(inputs))
    assert np.abs(logits).max() <= module.bound
    assert np.ptp(logits) > module.bound  # and they use the room


def test_is_a_gated_sigmoid_up_to_a_constant(inputs):
    module = ProjectionLogits(normalization=None, gate=12.0)
    module.build(inputs.shape)
    kernel = np.random.default_rng(1).normal(size=(1, 1, 6, 6))
    module.convolution.kernel.assign(kernel)
    features = inputs @ kernel[0, 0]
    sigmoid = 12.0 / (1.0 + np.exp(-features))
    np.testing.assert_allclose(
        to_numpy(module(inputs)), sigmoid - 6.0, atol=1e-4
    )


@pytest.mark.parametrize("axis, shape", [(-1, (0, 1, 2)), (1, (0, 2, 3))])
def test_instance_normalization_equals_group_normalization(inputs, axis, shape):
    ours = InstanceNormalization(axis=axis)
    keras_own = keras.layers.GroupNormalization(-1, axis=axis)
    ours.build(inputs.shape)
    keras_own.build(inputs.shape)
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=value.shape) for value in ours.get_weights()]
    ours.set_weights(weights)
    keras_own.set_weights(weights)
    np.testing.assert_allclose(
        to_numpy(ours(inputs)), to_numpy(keras_own(inputs)), atol=1e-4
    )


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: ProjectionLogits(normalization="layer"), "'layer'"),
        (lambda: ProjectionLogits(start="median"), "'median'"),
        (lambda: ProjectionLogits(gate=0), "gate=0"),
        (lambda: BottleneckLogits(gate=-1), "gate=-1"),
    ],
)
def test_wrong_arguments_are_named(make, words):
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)
