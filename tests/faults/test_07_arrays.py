"""Row 7: arrays of another range, layout or kind, given to `Classifier`.

The same for `evaluation.predict`: tests/test_evaluation.py. Blue before red
cannot be told from a face in odd light: docs/reliability.md.
"""

import warnings

import numpy as np
import pytest

from drawn import drawn_faces
from keras_fer.classifier import Classifier


@pytest.fixture
def classifier(model_files):
    return Classifier(model_files / "model.tflite")


@pytest.fixture(scope="module")
def face():
    return drawn_faces(1)[0]


def spoil(face, value):
    face = face.copy()
    face[3, 4, 1] = value
    return face


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 256.0, -1.0])
def test_values_that_are_none_name_the_range(value, face, classifier):
    with pytest.raises(ValueError, match="RGB values in 0..255"):
        classifier.predict(spoil(face, value))


def test_other_layouts_and_kinds_are_named(face, classifier):
    for array, words in (
        (face.transpose(2, 0, 1), r"Received: \(3, 90, 90\)"),
        (face[..., :2], r"Received: \(90, 90, 2\)"),
        (face.astype("int64"), "Received: int64"),
        (face.astype("complex64"), "Received: complex64"),
        (face[None][None], "Received: "),
    ):
        with pytest.raises(ValueError, match=words):
            classifier.predict(array)


def test_floats_of_0_to_1_are_warned_about(face, classifier):
    with pytest.warns(UserWarning, match="Multiply it by 255"):
        classifier.predict(face / 255)


def test_the_face_as_it_is_passes_in_every_form(face, classifier):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers = [
            classifier.predict(array).probabilities
            for array in (face, face.astype("uint8"), face.astype("float64"))
        ]
        (answer,) = classifier.predict(face[None])
    # Floats keep the fractions that resizing makes.
    for found in (*answers, answer.probabilities):
        assert found == pytest.approx(answers[0], abs=1e-5)
