"""What is faster on TensorFlow equals its portable form."""

import keras
import numpy as np
import pytest

from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits
from keras_fer.layers import lip_pool

if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow's kernels", allow_module_level=True)

import tensorflow as tf

from keras_fer.layers import tensorflow_kernels


def draw(shape, dtype="float32", scale=2.0):
    rng = np.random.default_rng(0)
    inputs = np.maximum(rng.normal(size=shape), 0)
    logits = np.clip(rng.normal(size=shape) * scale, -6, 6)
    return tf.cast(inputs, dtype), tf.cast(logits, dtype)


def gradients(pool, inputs, logits, upstream):
    with tf.GradientTape() as tape:
        tape.watch([inputs, logits])
        total = tf.reduce_sum(
            tf.cast(pool(inputs, logits), tf.float32) * upstream
        )
    return tape.gradient(total, [inputs, logits])


@pytest.mark.parametrize("pool_size", [(2, 2), (3, 3), (2, 3)])
@pytest.mark.parametrize("shape", [(2, 8, 6, 5), (2, 9, 7, 5)])
def test_outputs_and_gradients_equal_autodiff(shape, pool_size):
    inputs, logits = draw(shape)
    portable = lip_pool(inputs, logits, pool_size)
    fast = tensorflow_kernels.lip_pool(inputs, logits, pool_size)
    np.testing.assert_allclose(fast, portable, rtol=1e-5, atol=1e-6)
    upstream = np.random.default_rng(1).normal(size=portable.shape)
    for ours, theirs in zip(
        gradients(
            lambda x, z: tensorflow_kernels.lip_pool(x, z, pool_size),
            inputs,
            logits,
            upstream,
        ),
        gradients(
            lambda x, z: lip_pool(x, z, pool_size), inputs, logits, upstream
        ),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "pool",
    [lip_pool, lambda x, z: tensorflow_kernels.lip_pool(x, z, (2, 2))],
    ids=["portable", "fast"],
)
def test_gradients_equal_finite_differences(pool):
    inputs, logits = draw((1, 5, 4, 3))
    upstream = np.random.default_rng(1).normal(size=(1, 2, 2, 3))
    step = 1e-2
    ours = gradients(pool, inputs, logits, upstream)
    for index, gradient in enumerate(ours):
        arguments = [inputs.numpy(), logits.numpy()]
        numeric = np.zeros_like(arguments[index])
        for cell in np.ndindex(numeric.shape):
            values = []
            for sign in (1, -1):
                moved = [array.copy() for array in arguments]
                moved[index][cell] += sign * step
                values.append(np.sum(pool(*moved) * upstream))
            numeric[cell] = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(gradient, numeric, atol=5e-3)


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_gradients_are_finite_at_the_bound(dtype):
    shape = (1, 6, 6, 4)
    rng = np.random.default_rng(0)
    inputs = tf.cast(rng.choice([0.0, 1e4], shape), dtype)
    logits = tf.cast(rng.choice([-6.0, 6.0], shape), dtype)
    upstream = np.full((1, 3, 3, 4), 100.0)
    for gradient in gradients(
        lambda x, z: tensorflow_kernels.lip_pool(x, z, (2, 2)),
        inputs,
        logits,
        upstream,
    ):
        assert np.isfinite(tf.cast(gradient, tf.float32)).all()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_the_layer_equals_the_portable_form(dtype):
    inputs, _ = draw((2, 9, 7, 5), dtype)
    layer = LIPPooling2D(logits=ProjectionLogits(start="max"), dtype=dtype)
    outputs = tf.cast(layer(inputs), tf.float32)
    expected = lip_pool(inputs, layer.logits(inputs))
    tolerance = {"bfloat16": 2e-2, "float16": 2e-3, "float32": 1e-6}[dtype]
    np.testing.assert_allclose(
        outputs, tf.cast(expected, tf.float32), atol=tolerance, rtol=tolerance
    )


def test_float16_takes_the_form_that_cannot_overflow():
    """exp(6) * 400 is above float16's largest number."""
    inputs = np.full((1, 4, 4, 2), 400.0, "float16")
    logits = ProjectionLogits(normalization=None, start="max", dtype="float16")
    layer = LIPPooling2D(logits=logits, dtype="float16")
    np.testing.assert_allclose(layer(inputs), 400.0, rtol=1e-3)


def test_a_large_gate_takes_the_form_that_cannot_overflow():
    inputs = np.random.default_rng(0).normal(size=(1, 4, 4, 2)) * 5
    logits = ProjectionLogits(normalization=None, start="max", gate=400.0)
    assert np.isfinite(LIPPooling2D(logits=logits)(inputs)).all()
