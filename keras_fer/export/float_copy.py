"""What every export starts from: the network in float32, weights and all."""

import keras


def float_copy(model, replace=None):
    """The same network, computing in float32 whatever it was trained in.

    Args:
        model: a model of `keras_fer.build_model`, on the TensorFlow backend.
        replace: layer class -> the subclass of it to use instead.

    Returns:
        A `keras.Model`, not compiled, that shares nothing with `model`.

    Raises:
        RuntimeError: on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Exporting needs the TensorFlow backend. Received: "
            f"{keras.backend.backend()}. Save the model, set "
            "KERAS_BACKEND=tensorflow and load it there."
        )
    replace = replace or {}

    def clone(layer):
        layer_class = replace.get(type(layer), type(layer))
        return layer_class.from_config(_without_policies(layer.get_config()))

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        copy = keras.models.clone_model(
            model, clone_function=clone, recursive=False
        )
    finally:
        keras.config.set_dtype_policy(policy)
    copy.set_weights(model.get_weights())
    # Keras clones the optimiser too, which would treble what is exported.
    return keras.Model(copy.inputs, copy.outputs, name=copy.name)


def _without_policies(config):
    """The config and every one inside it, with dtype float32."""
    if isinstance(config, dict):
        return {
            key: "float32" if key == "dtype" else _without_policies(value)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_without_policies(value) for value in config)
    return config
