"""A trained model as TensorFlow SavedModel."""

import os
import shutil
import uuid
from pathlib import Path

import keras


def export_saved_model(model, directory):
    """Writes a SavedModel that takes any number of images.

    Whatever precision the model was trained in, the exported one computes in
    float32.

    Args:
        model: a model of `keras_fer.build_model`, on the TensorFlow backend.
        directory: the folder to write; one that is there is replaced once
            the new one is whole. Its signature `serving_default` takes
            `image`, float32 `(batch, height, width, 3)`, RGB 0..255, and
            gives `probabilities`, float32 `(batch, classes)`.

    Raises:
        RuntimeError: on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Exporting needs the TensorFlow backend. Received: "
            f"{keras.backend.backend()}. Save the model, set "
            "KERAS_BACKEND=tensorflow and load it there."
        )
    import tensorflow as tf

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        copy = keras.models.clone_model(
            model, clone_function=_as_float32, recursive=False
        )
    finally:
        keras.config.set_dtype_policy(policy)
    copy.set_weights(model.get_weights())

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, "image")
        ]
    )
    def serve(image):
        return {"probabilities": copy(image, training=False)}

    directory = Path(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = directory.with_name(f".{directory.name}.{uuid.uuid4().hex[:8]}")
    replaced = directory.with_name(f".{directory.name}.replaced")
    if replaced.exists() and not directory.exists():
        os.replace(replaced, directory)  # a kill fell between the two below
    shutil.rmtree(replaced, ignore_errors=True)
    try:
        tf.saved_model.save(copy, str(partial), {"serving_default": serve})
        if directory.exists():
            os.replace(directory, replaced)
        os.replace(partial, directory)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _as_float32(layer):
    return layer.__class__.from_config(_without_policies(layer.get_config()))


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
