"""Lists of faces, forms of answers, faces without one."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

import keras_fer
from keras_fer import model_file
from keras_fer.classifier import Classifier
from keras_fer.commands.classify import classify
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small network that was trained on nothing, as a float32 file."""
    from keras_fer.export import tflite

    network = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
    path = tmp_path_factory.mktemp("classify") / "model.float32.tflite"
    path.write_bytes(tflite.convert(network, "float32"))
    contract = model_file.Contract(keras_fer.CLASSES, 40, 32, "float32")
    model_file.attach(path, contract)
    return path


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A folder of three faces, one of them deeper, and what is no face."""
    folder = tmp_path_factory.mktemp("faces")
    for name in ("b.png", "a.jpg", "inner/c.PNG", ".hidden/d.png"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        draw_face("fear", np.random.default_rng(len(name))).save(path)
    (folder / "notes.txt").write_text("no face")
    return folder


def answers(*arguments, **options):
    lines = []
    classify(*arguments, **options, say=lines.append)
    return lines


def test_every_form_gives_the_classifiers_answers(faces, model):
    paths = [faces / name for name in ("a.jpg", "b.png", "inner/c.PNG")]
    expected = Classifier(model).predict(paths)
    text = answers([faces], model)
    array = json.loads("\n".join(answers([faces], model, form="json")))
    rows = answers([faces], model, form="csv")
    table = list(csv.DictReader(io.StringIO("\n".join(rows))))
    assert len(text) == len(array) == len(table) == 3
    for path, answer, line, entry, row in zip(
        paths, expected, text, array, table, strict=True
    ):
        assert line.split()[0] == entry["label"] == row["label"]
        assert answer.label == entry["label"]
        assert entry["probabilities"] == answer.probabilities
        assert str(path) == entry["path"] == row["path"] == line.split()[-1]
        for name, share in answer.probabilities.items():
            assert float(row[name]) == pytest.approx(share, abs=1e-6)


def test_ten_views_are_averaged_on_request(faces, model):
    path = faces / "a.jpg"
    (line, _) = answers([path], model, ten_crop=True, form="json")
    expected = Classifier(model).predict(path, ten_crop=True)
    found = json.loads(line.removeprefix("["))
    assert found["probabilities"] == expected.probabilities


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_bad_picture_is_named_last_and_the_others_answered(
    form, faces, model, tmp_path
):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes((faces / "a.jpg").read_bytes()[:500])
    large = tmp_path / "large.png"
    Image.new("RGB", (400, 100)).save(large)
    lines = []
    with pytest.raises(DataError, match="3 of 5 pictures") as refusal:
        classify(
            [bad, faces / "a.jpg", large, tmp_path / "none", faces / "b.png"],
            model,
            form=form,
            say=lines.append,
        )
    for path in (bad, large, tmp_path / "none"):
        assert str(path) in str(refusal.value)
    text = "\n".join(lines)
    assert "a.jpg" in text and "b.png" in text and "bad.jpg" not in text
    if form == "json":
        assert len(json.loads(text)) == 2


def test_no_answer_at_all_is_an_empty_array(tmp_path, model):
    lines = []
    with pytest.raises(DataError):
        classify([tmp_path / "x"], model, form="json", say=lines.append)
    assert json.loads("".join(lines)) == []


def test_without_a_model_it_says_how_to_make_one(faces):
    with pytest.raises(UsageError, match="keras-fer export"):
        classify([faces], None)
