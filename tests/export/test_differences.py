"""A refusal names the pictures: with both answers, the worst first."""

import numpy as np
import pytest

import keras_fer
from keras_fer.errors import ExportError
from keras_fer.export import LabeledImages
from keras_fer.export import export_model
from keras_fer.export.differences import list_differences

CLASSES = ("happiness", "anger")


def images(number, names=None):
    pixels = np.zeros((number, 8, 8, 3), np.uint8)
    return LabeledImages(pixels, np.zeros(number, int), names)


def probabilities(first):
    first = np.array(first)
    return np.stack([first, 1 - first], axis=1)


def test_other_answers_come_first_and_the_worst_of_them_before_all():
    names = tuple("abcd")
    expected = probabilities([0.9, 0.9, 0.6, 0.9])
    found = probabilities([0.9, 0.1, 0.45, 0.6])
    head, *lines = list_differences(
        images(4, names), expected, found, CLASSES, tolerance=0.1
    )
    assert head == (
        "2 of 4 pictures get another answer; of the rest, 1 are beyond 0.1:"
    )
    assert lines == [
        "b (labelled happiness): the model says happiness, 0.9000; the file "
        "says anger, 0.9000",
        "c (labelled happiness): the model says happiness, 0.6000; the file "
        "says anger, 0.5500",
        "d (labelled happiness): the model says happiness, 0.9000; the file "
        "says happiness, 0.6000",
    ]


def test_ten_are_listed_and_all_are_counted():
    expected, found = probabilities([0.9] * 13), probabilities([0.2] * 13)
    head, *lines = list_differences(images(13), expected, found)
    assert head == "13 of 13 pictures get another answer; the 10 worst:"
    assert len(lines) == 10
    assert lines[0].startswith("number 0 (labelled class 0): the model says")


def test_equal_answers_are_no_difference():
    same = probabilities([0.9, 0.2])
    assert list_differences(images(2), same, same) == [
        "0 of 2 pictures get another answer."
    ]


def test_names_are_as_many_as_images():
    with pytest.raises(ValueError, match="3 names for 2 images"):
        images(2, ("a", "b", "c"))


def test_a_refused_export_names_the_pictures_that_its_file_is_wrong_about(
    model, test_images, tmp_path
):
    blank = np.full((40, 52, 52, 3), 124, np.uint8)  # the mean: no structure
    with pytest.raises(ExportError) as refusal:
        export_model(
            model,
            tmp_path,
            "full_int8",
            LabeledImages(blank, np.arange(40) % 7),
            held_back=test_images,
            min_images=1,
            rounds=1,
        )
    _, fault, counted, *lines, fix = str(refusal.value).splitlines()
    assert fault.startswith("full_int8: accuracy")
    number = int(counted.split()[0])
    assert f"{number} of 35 pictures get another answer" in counted
    assert len(lines) == min(number, 10) > 0
    answers = model.predict(test_images.views(48), verbose=0).argmax(axis=1)
    for line in lines:
        row = test_images.names.index(line.split()[0])
        label = keras_fer.CLASSES[test_images.labels[row]]
        ours, theirs = line.split(": the model says ")[1].split("; the file ")
        answer = keras_fer.CLASSES[answers[row]]
        assert f"(labelled {label})" in line
        assert ours.startswith(f"{answer}, 0.")
        assert not theirs.startswith(f"says {answer},")
    assert fix.startswith("Calibrate on images like those")
    assert not list(tmp_path.glob("model.*"))
