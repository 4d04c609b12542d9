"""A finished run whose network is sure of itself, and its int8 file."""

import json

import keras
import numpy as np

import keras_fer
from drawn import drawn_faces
from drawn import encoded_faces
from keras_fer import model_file
from keras_fer import run_results
from keras_fer.export import tflite
from keras_fer.pooling_variants import pooling_variant

SETTINGS = {
    "data_dir": "/somewhere/faces",
    "run_dir": "/somewhere/run",
    "image_size": 40,
    "crop_size": 32,
    "width": 0.05,
    "pooling": "lip-batch",
    "head": "conv",
    "attention": "none",
    "batch_norm": True,
    "dropout": 0.3,
    "seed": 4,
    "run_id": "0",
}
CONTRACT = model_file.Contract(keras_fer.CLASSES, 40, 32, "int8")
HISTORY = "epoch,loss,accuracy,validation_loss,validation_accuracy\n1,1,1,1,1\n"


def write_run(directory):
    """Writes the run's folder and returns it."""
    directory.mkdir()
    keras.utils.set_random_seed(0)
    model = keras_fer.build_model(
        width=0.05,
        input_shape=(32, 32, 3),
        pooling=pooling_variant("lip-batch"),
        attention=None,
        dropout=0.3,
    )
    faces = encoded_faces(28, 40)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([20 * kernel, bias + np.arange(7)])
    (directory / "config.json").write_text(json.dumps(SETTINGS))
    (directory / "history.csv").write_text(HISTORY)
    facts = {
        "title": "drawn",
        "data_set": "drawn faces (not photographs)",
        "split": "test",
        "chosen_by": "validation, cut from train",
        "command": "python /somewhere/recipe.py",
        "seed": 4,
    }
    run_results.write_results(
        directory,
        model,
        faces.take(range(14)),
        image_size=40,
        batch_size=7,
        facts=facts,
        learned=(faces.take(range(14)), faces.take(range(14, 28))),
    )
    return directory


def write_int8(path, model):
    """A network of the run as its int8 file, which no face has judged."""
    views = drawn_faces(7, size=SETTINGS["crop_size"])
    path.write_bytes(tflite.convert(model, "int8", views))
    model_file.attach(path, CONTRACT)
    return path
