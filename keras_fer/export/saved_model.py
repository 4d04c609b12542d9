"""A trained model as TensorFlow SavedModel."""

import shutil
import uuid
from pathlib import Path

from keras_fer import files
from keras_fer.export.float_copy import float_copy


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
    directory = Path(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = directory.with_name(f".{directory.name}.{uuid.uuid4().hex[:8]}")
    try:
        write_saved_model(float_copy(model), partial)
        files.replace_directory(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_saved_model(copy, directory):
    """Writes the SavedModel of a network that computes in float32.

    Args:
        copy: of `float_copy`.
        directory: the folder to write, which must not exist.
    """
    import tensorflow as tf

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, *copy.input_shape[1:]), tf.float32, "image")
        ]
    )
    def serve(image):
        return {"probabilities": copy(image, training=False)}

    tf.saved_model.save(copy, str(directory), {"serving_default": serve})
