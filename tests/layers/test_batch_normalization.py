"""The fused batch norm against Keras's own, number for number."""

import keras
import numpy as np
import pytest

from keras_fer.layers import FusedBatchNormalization
from layer_checks import to_numpy

TOLERANCE = {"float32": 1e-5, "mixed_bfloat16": 3e-2, "mixed_float16": 3e-3}


def make_pair(shape, **arguments):
    pair = []
    for layer_class in (
        FusedBatchNormalization,
        keras.layers.BatchNormalization,
    ):
        layer = layer_class(**arguments)
        layer.build(shape)
        pair.append(layer)
    weights = [
        np.random.default_rng(1).uniform(0.5, 2.0, value.shape)
        for value in pair[0].get_weights()
    ]
    for layer in pair:
        layer.set_weights(weights)
    return pair


@pytest.mark.parametrize("policy", TOLERANCE)
@pytest.mark.parametrize("training", [True, False])
def test_outputs_equal_keras(policy, training):
    inputs = np.random.default_rng(0).normal(2.0, 3.0, (8, 5, 7, 6))
    ours, theirs = make_pair(inputs.shape, dtype=policy)
    x = keras.ops.cast(inputs, ours.compute_dtype)
    outputs, expected = (
        layer(x, training=training) for layer in (ours, theirs)
    )
    assert outputs.dtype == expected.dtype
    np.testing.assert_allclose(
        to_numpy(outputs), to_numpy(expected), atol=TOLERANCE[policy] * 2
    )


@pytest.mark.parametrize("policy", TOLERANCE)
def test_moving_statistics_equal_keras_after_ten_steps(policy):
    rng = np.random.default_rng(0)
    ours, theirs = make_pair((8, 5, 7, 6), dtype=policy, momentum=0.9)
    for _ in range(10):
        inputs = rng.normal(1.0, 2.0, (8, 5, 7, 6))
        for layer in (ours, theirs):
            layer(keras.ops.cast(inputs, layer.compute_dtype), training=True)
    for ours_value, theirs_value in zip(
        ours.get_weights(), theirs.get_weights(), strict=True
    ):
        np.testing.assert_allclose(
            ours_value, theirs_value, rtol=TOLERANCE[policy]
        )


def test_the_variance_is_the_biased_one():
    inputs = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    layer = FusedBatchNormalization(momentum=0.0)
    layer(inputs, training=True)
    assert to_numpy(layer.moving_variance) == pytest.approx([1.0])


def test_training_a_network_equals_keras():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(16, 6, 6, 3)).astype("float32")
    targets = rng.normal(size=(16, 1)).astype("float32")
    results = []
    for layer_class in (
        FusedBatchNormalization,
        keras.layers.BatchNormalization,
    ):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.layers.Conv2D(4, 3),
                layer_class(),
                keras.layers.ReLU(),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(1),
            ]
        )
        model.compile(keras.optimizers.SGD(0.05), "mse", jit_compile=False)
        model.fit(inputs, targets, batch_size=8, epochs=5, verbose=0)
        results.append(model.predict(inputs, verbose=0))
    np.testing.assert_allclose(*results, atol=1e-4)


@pytest.mark.parametrize(
    "arguments",
    [{"axis": 1}, {"scale": False}, {"center": False}, {"renorm": True}],
)
def test_other_arguments_are_keras_own(arguments):
    inputs = np.random.default_rng(0).normal(size=(4, 5, 6, 3))
    ours = FusedBatchNormalization(**arguments)
    theirs = keras.layers.BatchNormalization(**arguments)
    for training in (True, False):
        np.testing.assert_allclose(
            to_numpy(ours(inputs, training=training)),
            to_numpy(theirs(inputs, training=training)),
            atol=1e-5,
        )


def test_frozen_layer_uses_and_keeps_its_statistics():
    inputs = np.random.default_rng(0).normal(5.0, 1.0, (4, 5, 6, 3))
    layer = FusedBatchNormalization(trainable=False)
    outputs = layer(inputs, training=True)
    expected = inputs / np.sqrt(1.0 + layer.epsilon)
    np.testing.assert_allclose(to_numpy(outputs), expected, atol=1e-5)
    np.testing.assert_array_equal(to_numpy(layer.moving_mean), 0.0)
