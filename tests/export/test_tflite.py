"""Every format says what the network says, in operations that phones have."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_fer
from keras_fer.errors import ExportError
from keras_fer.export import operators
from keras_fer.export import tflite
from keras_fer.litert import LiteRTModel

VIEW_SIZE = 48
DIFFERENCES = {"float32": 1e-4, "float16": 1e-2}


@pytest.fixture
def views(test_images):
    return test_images.views(VIEW_SIZE)


@pytest.fixture
def expected(model, views):
    return model.predict(views, verbose=0)


@pytest.mark.parametrize("name", tflite.FORMATS)
def test_every_format_gives_the_models_probabilities(
    name, contents, views, expected, tmp_path
):
    path = tmp_path / "model.tflite"
    path.write_bytes(contents[name])
    found = LiteRTModel(path).predict(views)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.9
    assert np.abs(found - expected).mean() < 0.05
    if name in DIFFERENCES:
        assert np.abs(found - expected).max() <= DIFFERENCES[name]


@pytest.mark.parametrize("name", tflite.FORMATS)
def test_every_format_takes_one_image_under_its_name(name, contents):
    assert operators.read_signatures(contents[name]) == {
        "serving_default": (("image",), ("probabilities",))
    }


@pytest.mark.parametrize("name", ["float32", "int8"])
def test_one_partition_computes_it_all(name, contents, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(contents[name])
    assert LiteRTModel(path).num_partitions() == 1


@pytest.mark.parametrize("name", ["float32", "full_int8"])
def test_bytes_and_floats_agree(name, contents, views, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(contents[name])
    model = LiteRTModel(path)
    wanted = np.uint8 if name == "full_int8" else np.float32
    assert model.dtype == wanted
    np.testing.assert_array_equal(
        model.predict(views[:3]), model.predict(views[:3].astype("float32"))
    )


def test_weights_weigh_what_their_format_says(contents):
    size = {name: len(contents[name]) for name in tflite.FORMATS}
    assert 0.45 < size["float16"] / size["float32"] < 0.6
    for name in ("dynamic", "int8", "full_int8"):
        assert 0.2 < size[name] / size["float32"] < 0.4


def test_the_hybrid_format_pools_in_floats_and_convolves_in_integers(contents):
    steps = operators.read_operators(contents["int8"])
    kinds = {
        name: {step.outputs for step in steps if step.name == name}
        for name in ("CONV_2D", "FULLY_CONNECTED", "EXP", "DIV")
    }
    assert kinds["CONV_2D"] == kinds["FULLY_CONNECTED"] == {("INT8",)}
    assert kinds["EXP"] == kinds["DIV"] == {("FLOAT32",)}


def test_mixed_precision_leaves_no_trace(tmp_path):
    shape = (32, 32, 3)
    exact = keras_fer.build_model(input_shape=shape, width=0.05)
    keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = keras_fer.build_model(input_shape=shape, width=0.05)
    mixed.set_weights(exact.get_weights())
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite.convert(mixed, "float32"))
    image = np.random.default_rng(0).integers(0, 256, (2, *shape), "uint8")
    np.testing.assert_allclose(
        LiteRTModel(path).predict(image),
        exact.predict(image, verbose=0),
        atol=1e-5,
    )


@keras.saving.register_keras_serializable(package="tests")
class Digamma(keras.layers.Layer):
    """A function that TensorFlow has and TensorFlow Lite has not."""

    def call(self, inputs):
        return tf.math.digamma(inputs + 2.0)


def test_an_operation_that_phones_lack_is_refused_by_name():
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.GlobalAveragePooling2D()(Digamma()(inputs))
    with pytest.raises(ExportError, match="Digamma") as refusal:
        tflite.convert(keras.Model(inputs, outputs), "float32")
    assert refusal.value.exit_status == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("int4",), "int4"),
        (("int8",), r"int8 needs.*None"),
        (("int8", np.zeros((4, 90, 90, 3))), r"\(4, 90, 90, 3\)"),
        (("int8", np.zeros((0, 32, 32, 3))), r"\(0, 32, 32, 3\)"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments, message):
    model = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
    with pytest.raises(ValueError, match=message):
        tflite.convert(model, *arguments)


def test_an_unknown_input_size_is_refused():
    model = keras_fer.build_model(input_shape=(None, None, 3), width=0.02)
    with pytest.raises(ValueError, match="None, None, 3"):
        tflite.convert(model, "float32")
