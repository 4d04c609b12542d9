"""The checks that every layer has to pass, whatever it computes."""

import keras
import numpy as np


def check_layer(layer_class, arguments, inputs):
    """Shape, serialisation, a saved copy, precision policies, gradients.

    Args:
        layer_class: the layer's class.
        arguments: its keyword arguments.
        inputs: float32 array, the layer's input.
    """
    layer = layer_class(**arguments)
    outputs = layer(inputs)
    computed = layer.compute_output_shape(inputs.shape)
    assert tuple(outputs.shape) == tuple(computed)

    config = keras.saving.serialize_keras_object(layer)
    twin = keras.saving.deserialize_keras_object(config)
    assert type(twin) is layer_class
    assert (
        keras.saving.serialize_keras_object(twin)["config"]
        == (config["config"])
    )
    twin.build(inputs.shape)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(to_numpy(twin(inputs)), to_numpy(outputs))

    symbolic = keras.Input(inputs.shape[1:])
    model = keras.Model(symbolic, layer_class(**arguments)(symbolic))
    assert model.output_shape == (None, *computed[1:])

    for policy in ("mixed_float16", "mixed_bfloat16"):
        half = layer_class(**arguments, dtype=policy)
        half.build(inputs.shape)
        assert all(weight.dtype == "float32" for weight in half.weights)
        assert np.isfinite(to_numpy(half(inputs))).all()


def check_trains(layer, inputs):
    """One step of `fit` changes every trainable weight, and stays finite."""
    symbolic = keras.Input(inputs.shape[1:])
    outputs = keras.layers.GlobalAveragePooling2D()(layer(symbolic))
    model = keras.Model(symbolic, keras.layers.Dense(1)(outputs))
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    before = [to_numpy(weight) for weight in layer.trainable_weights]
    targets = np.arange(len(inputs), dtype="float32")[:, None]
    model.fit(inputs, targets, epochs=2, verbose=0)
    for weight, old in zip(layer.trainable_weights, before, strict=True):
        new = to_numpy(weight)
        assert np.isfinite(new).all()
        assert not np.array_equal(new, old), f"{weight.path} did not move"


def to_numpy(tensor):
    """A tensor of any backend and precision as float32 NumPy array."""
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))
