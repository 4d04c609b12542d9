"""Drawn faces as arrays, and the label file of a drawn set."""

import numpy as np

import keras_fer
from keras_fer.datasets.drawn_faces import draw_face

LABELS = "basic/EmoLabel/list_patition_label.txt"


def drawn_faces(number, size=90):
    rng = np.random.default_rng(0)
    pictures = []
    for index in range(number):
        expression = keras_fer.CLASSES[index % 7]
        picture = draw_face(expression, rng).convert("RGB")
        pictures.append(np.asarray(picture.resize((size, size))))
    return np.stack(pictures).astype("float32")


def listed(directory):
    """The label file's lines: pairs of file name and id."""
    lines = (directory / LABELS).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ")) for line in lines]
