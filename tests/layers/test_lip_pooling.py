"""Local importance-based pooling, by its theorems and an oracle."""

import keras
import numpy as np
import pytest

import layer_checks
import reference
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits
from keras_fer.layers import lip_pool
from layer_checks import to_numpy

WINDOWS = [
    ((2, 2), (2, 2)),
    ((3, 3), (2, 2)),
    ((2, 3), (1, 2)),
    ((3, 2), (3, 2)),
]
TOLERANCE = {"float32": 1e-5, "bfloat16": 3e-2, "float16": 4e-3}


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 9, 7, 5)).astype("float32")


@pytest.fixture
def logits():
    rng = np.random.default_rng(2)
    return (3 * rng.normal(size=(4, 9, 7, 5))).astype("float32")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool_size, strides", WINDOWS)
def test_equals_equation_2(inputs, logits, pool_size, strides, padding, dtype):
    inputs = keras.ops.cast(inputs, dtype)
    logits = keras.ops.cast(logits, dtype)
    outputs = lip_pool(inputs, logits, pool_size, strides, padding)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    expected = reference.lip_pool(
        to_numpy(inputs), to_numpy(logits), pool_size, strides, padding
    )
    np.testing.assert_allclose(
        to_numpy(outputs), expected, atol=TOLERANCE[dtype] * 3
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_zero_logits_is_average_pooling(inputs, padding):
    outputs = lip_pool(inputs, np.zeros_like(inputs), 2, padding=padding)
    average = keras.ops.average_pool(inputs, 2, 2, padding)
    np.testing.assert_allclose(to_numpy(outputs), to_numpy(average), atol=1e-6)


def test_large_multiples_of_the_inputs_approach_max_pooling(inputs):
    maximum = to_numpy(keras.ops.max_pool(inputs, 2, 2))
    distances = [
        np.abs(to_numpy(lip_pool(inputs, factor * inputs)) - maximum).max()
        for factor in (1.0, 10.0, 1e4)
    ]
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 1e-6


def test_inputs_as_logits_is_softpool(inputs):
    layer = LIPPooling2D(logits="identity")
    cells = [inputs[:, i:8:2, j:6:2] for i in (0, 1) for j in (0, 1)]
    weights = np.exp(cells)
    expected = (weights * cells).sum(0) / weights.sum(0)
    np.testing.assert_allclose(to_numpy(layer(inputs)), expected, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("constant", [-500.0, 7.0, 1e4])
def test_a_constant_added_to_the_logits_changes_nothing(
    inputs, logits, constant, padding
):
    # In quarters, so that the sum is exact in float32.
    logits = np.round(logits * 4) / 4
    outputs = lip_pool(inputs, logits, 3, 2, padding)
    shifted = lip_pool(inputs, logits + np.float32(constant), 3, 2, padding)
    np.testing.assert_allclose(to_numpy(shifted), to_numpy(outputs), atol=1e-6)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_output_stays_within_its_windows_range(inputs, logits, dtype):
    inputs = keras.ops.cast(inputs, dtype)
    outputs = lip_pool(inputs, keras.ops.cast(logits, dtype), 3, 2)
    wide = to_numpy(inputs)
    largest = to_numpy(keras.ops.max_pool(wide, 3, 2))
    smallest = -to_numpy(keras.ops.max_pool(-wide, 3, 2))
    room = TOLERANCE[dtype]
    assert (to_numpy(outputs) <= largest + room).all()
    assert (to_numpy(outputs) >= smallest - room).all()


def test_padding_weighs_nothing():
    inputs = np.full((1, 5, 5, 2), 3.0, "float32")
    logits = np.full_like(inputs, -40.0)
    outputs = lip_pool(inputs, logits, 3, 2, "same")
    np.testing.assert_allclose(to_numpy(outputs), 3.0, rtol=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_channels_first_is_a_transposition(inputs, logits, padding):
    def first(array):
        return np.transpose(array, (0, 3, 1, 2))

    expected = first(to_numpy(lip_pool(inputs, logits, 3, 2, padding)))
    outputs = lip_pool(
        first(inputs), first(logits), 3, 2, padding, "channels_first"
    )
    np.testing.assert_allclose(to_numpy(outputs), expected, atol=1e-6)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_extreme_logits_stay_finite(dtype):
    rng = np.random.default_rng(0)
    inputs = keras.ops.cast(rng.normal(size=(1, 4, 4, 3)), dtype)
    logits = keras.ops.cast(rng.choice([-3e4, 0, 3e4], (1, 4, 4, 3)), dtype)
    assert np.isfinite(to_numpy(lip_pool(inputs, logits))).all()


@pytest.mark.parametrize("logits", ["projection", "bottleneck", "identity"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_is_a_whole_layer(inputs, logits, padding):
    layer_checks.check_layer(
        LIPPooling2D, {"padding": padding, "logits": logits}, inputs
    )


@pytest.mark.parametrize("normalization", ["instance", "batch", None])
def test_every_weight_trains(inputs, normalization):
    logits = ProjectionLogits(normalization=normalization)
    layer_checks.check_trains(LIPPooling2D(logits=logits), inputs)


def test_a_trained_layers_logits_equal_equation_2(inputs):
    layer = LIPPooling2D(logits=ProjectionLogits(normalization="batch"))
    layer_checks.check_trains(layer, inputs)
    logits = to_numpy(layer.logits(inputs))
    assert np.ptp(logits) > 0.01
    expected = reference.lip_pool(inputs, logits, (2, 2), (2, 2), "valid")
    np.testing.assert_allclose(to_numpy(layer(inputs)), expected, atol=1e-5)


def test_unknown_height_and_width(inputs):
    images = keras.Input((None, None, 5))
    for padding, shape in (("valid", (4, 3)), ("same", (5, 4))):
        outputs = LIPPooling2D(3, 2, padding)(images)
        assert outputs.shape == (None, None, None, 5)
        model = keras.Model(images, outputs)
        assert model.predict(inputs, verbose=0).shape == (4, *shape, 5)


def test_a_layer_of_the_users_gives_the_logits(inputs):
    logits = keras.layers.Conv2D(5, 3, padding="same")
    layer = LIPPooling2D(logits=logits)
    expected = lip_pool(inputs, logits(inputs))
    np.testing.assert_allclose(
        to_numpy(layer(inputs)), to_numpy(expected), atol=1e-6
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"logits": "projektion"}, "logits='projektion'"),
        ({"padding": "full"}, "padding='full'"),
        ({"pool_size": 0}, "pool_size=0"),
        ({"strides": (2, 2, 2)}, "strides=(2, 2, 2)"),
        ({"data_format": "nhwc"}, "data_format='nhwc'"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError) as error:
        LIPPooling2D(**arguments)
    assert words in str(error.value)


def test_a_logit_module_that_changes_the_shape_is_refused(inputs):
    layer = LIPPooling2D(logits=keras.layers.Conv2D(1, 1))
    with pytest.raises(ValueError, match="keep the shape"):
        layer(inputs)
