"""FER2013 in Kaggle's folders: parts by file name, never by folder."""

from pathlib import Path

import numpy as np

from keras_fer.classes import CLASSES
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.errors import DataError

FOLDERS = {
    "surprise": "surprise",
    "fear": "fear",
    "disgust": "disgust",
    "happy": "happiness",
    "sad": "sadness",
    "angry": "anger",
    "neutral": "neutral",
}


def read_part(directory, prefix):
    """One part of the challenge, by the prefix of its file names.

    Args:
        directory: the folder with folders named by class in it, at any
            depth.
        prefix: "Training" or "PublicTest".

    Returns:
        `LabeledFaces` in the order of `keras_fer.CLASSES`.

    Raises:
        DataError: if there is no such file.
    """
    paths = sorted(Path(directory).rglob(f"{prefix}_*.jpg"))
    if not paths:
        raise DataError(
            f"{directory} has no file {prefix}_N.jpg. Give the folder of "
            "Kaggle's FER2013 copy, with train and test in it."
        )
    labels = [CLASSES.index(FOLDERS[path.parent.name]) for path in paths]
    return LabeledFaces(
        images=tuple(path.read_bytes() for path in paths),
        labels=np.array(labels, "int32"),
        names=tuple(path.name for path in paths),
        class_names=CLASSES,
    )
