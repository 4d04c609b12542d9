"""Faces to expressions without TensorFlow."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import keras_fer
from keras_fer import evaluation
from keras_fer.classifier import Classifier
from keras_fer.classifier import Prediction
from keras_fer.errors import ModelFileError

CODE = """
import sys
from keras_fer.classifier import Classifier
classifier = Classifier(sys.argv[1])
print(classifier.predict(sys.argv[2]).label)
heavy = {"tensorflow", "keras", "jax", "torch", "sklearn", "matplotlib"}
heavy |= {"filelock", "tyro"}  # not there where only files are used
print(heavy & set(sys.modules))
"""


ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def classifier(exported):
    return Classifier(exported)


def test_the_file_says_how_it_wants_to_be_used(classifier):
    assert classifier.class_names == keras_fer.CLASSES
    assert (classifier.image_size, classifier.view_size) == (52, 48)


def test_a_fresh_process_answers_without_a_framework(
    exported, classifier, test_images, tmp_path
):
    path = tmp_path / "face.png"
    Image.fromarray(test_images.images[0]).save(path)
    label, heavy = subprocess.run(
        [sys.executable, "-c", CODE, exported, path],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert label == classifier.predict(path).label
    assert heavy == "set()"


def test_answers_name_their_classes(classifier, test_images):
    answer = classifier.predict(test_images.images[0])
    assert isinstance(answer, Prediction)
    assert tuple(answer.probabilities) == keras_fer.CLASSES
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert answer.label == max(
        answer.probabilities, key=answer.probabilities.get
    )


def test_every_form_of_one_face_gets_one_answer(
    classifier, test_images, tmp_path
):
    face = test_images.images[0]
    path = tmp_path / "face.png"
    Image.fromarray(face).save(path)
    expected = classifier.predict(face)
    for form in (path, str(path), Image.fromarray(face), face.astype(float)):
        assert classifier.predict(form) == expected
    assert classifier.predict([path, face]) == [expected] * 2
    assert classifier.predict(face[None]) == [expected]
    assert classifier.predict([]) == []


@pytest.mark.parametrize("ten_crop", [False, True])
def test_it_agrees_with_the_evaluation(
    ten_crop, classifier, model, test_images
):
    images = test_images.images[:14]
    predict = evaluation.predict_ten_crop if ten_crop else evaluation.predict
    expected = predict(model, images)
    found = np.array(
        [
            list(answer.probabilities.values())
            for answer in classifier.predict(images, ten_crop=ten_crop)
        ]
    )
    assert np.abs(found - expected).mean() < 0.05


def test_ten_views_are_those_of_training():
    from keras_fer import augment
    from keras_fer.classifier import ten_views

    image = np.random.default_rng(0).integers(0, 256, (9, 10, 3), "uint8")
    np.testing.assert_array_equal(
        np.stack(ten_views(image, 6)), augment.ten_crop(image[None], 6)[0]
    )


def test_class_names_are_given_where_the_file_has_none(
    contents, classifier, test_images, tmp_path
):
    path = tmp_path / "bare.tflite"
    path.write_bytes(contents["int8"])
    with pytest.raises(ModelFileError, match="carries no class names"):
        Classifier(path)
    with pytest.raises(ModelFileError, match="Received 2"):
        Classifier(path, class_names=("a", "b"))
    bare = Classifier(path, class_names=list("abcdefg"))
    view = test_images.views(48)[0]
    answer, named = bare.predict(view), classifier.predict
    assert set(answer.probabilities) == set("abcdefg")
    expected = named(test_images.images[0])
    np.testing.assert_allclose(
        list(answer.probabilities.values()),
        list(expected.probabilities.values()),
        atol=1e-6,
    )


def test_class_names_are_refused_where_the_file_has_them(exported):
    with pytest.raises(ValueError, match="leave class_names out"):
        Classifier(exported, class_names=("a", "b"))


@pytest.mark.slow
def test_the_readmes_installation_without_tensorflow_is_enough(
    exported, classifier, test_images, tmp_path
):
    path = tmp_path / "face.png"
    Image.fromarray(test_images.images[0]).save(path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^pip install --no-deps .*$", readme, re.MULTILINE)[0]
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".*", "build", "runs", "*.egg-info")
    shutil.copytree(ROOT, checkout, symlinks=True, ignore=ignored)
    venv.create(tmp_path / "environment", with_pip=True)
    binaries = tmp_path / "environment" / "bin"
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }
    clean["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, shell=True, check=True, cwd=checkout, env=clean)
    label, heavy = subprocess.run(
        [binaries / "python", "-W", "error", "-c", CODE, exported, path],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean,
    ).stdout.splitlines()
    assert label == classifier.predict(path).label
    assert heavy == "set()"
    installed = subprocess.check_output(
        [binaries / "python", "-m", "pip", "list"], text=True, env=clean
    )
    assert "keras" not in installed.replace("keras-fer", "").lower()
    assert "tensorflow" not in installed.lower()
