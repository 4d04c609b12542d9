"""Drawn faces as arrays, and the label file of a drawn set."""

import io

import numpy as np

import keras_fer
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.labeled_faces import LabeledFaces

LABELS = "basic/EmoLabel/list_patition_label.txt"


def drawn_faces(number, size=90):
    rng = np.random.default_rng(0)
    pictures = []
    for index in range(number):
        expression = keras_fer.CLASSES[index % 7]
        picture = draw_face(expression, rng).convert("RGB")
        pictures.append(np.asarray(picture.resize((size, size))))
    return np.stack(pictures).astype("float32")


def encoded_faces(number, size=90):
    """`LabeledFaces` of the seven expressions in turn, as JPEG."""
    rng = np.random.default_rng(0)
    labels = np.arange(number, dtype="int32") % 7
    pictures = []
    for label in labels:
        stream = io.BytesIO()
        picture = draw_face(keras_fer.CLASSES[label], rng).convert("RGB")
        picture.resize((size, size)).save(stream, "JPEG")
        pictures.append(stream.getvalue())
    names = tuple(f"{index}.jpg" for index in range(number))
    return LabeledFaces(tuple(pictures), labels, names, keras_fer.CLASSES)


def listed(directory):
    """The label file's lines: pairs of file name and id."""
    lines = (directory / LABELS).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ")) for line in lines]
