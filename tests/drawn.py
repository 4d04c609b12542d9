"""Drawn faces as arrays."""

import numpy as np

import keras_fer
from keras_fer.datasets.drawn_faces import draw_face


def drawn_faces(number, size=90):
    rng = np.random.default_rng(0)
    pictures = []
    for index in range(number):
        expression = keras_fer.CLASSES[index % 7]
        picture = draw_face(expression, rng).convert("RGB")
        pictures.append(np.asarray(picture.resize((size, size))))
    return np.stack(pictures).astype("float32")
