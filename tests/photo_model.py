"""A small network, trained on nothing, in the forms that photos need."""

import keras_fer
from keras_fer import model_file


def write_model(path):
    """Writes a float32 .tflite of faces of 40 pixels, views of 32."""
    from keras_fer.export import tflite

    network = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
    path.write_bytes(tflite.convert(network, "float32"))
    contract = model_file.Contract(keras_fer.CLASSES, 40, 32, "float32")
    model_file.attach(path, contract)
    return path
