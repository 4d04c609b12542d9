"""Lists of faces, forms of answers, faces without one."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

import keras_fer
from keras_fer import cli
from keras_fer import presets
from keras_fer.classifier import Classifier
from keras_fer.commands.classify import classify
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


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


def test_every_form_gives_the_classifiers_answers(faces, small_model, tmp_path):
    paths = [faces / name for name in ("a.jpg", "b.png", "inner/c.PNG")]
    expected = Classifier(small_model).predict(paths)
    files = {form: tmp_path / "new" / f"a.{form}" for form in ("json", "csv")}
    text = answers([faces], small_model, **files)
    array = json.loads(files["json"].read_text(encoding="utf-8"))
    table = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert list(table[0]) == ["path", "label", *keras_fer.CLASSES]
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


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_standard_output_is_the_file_and_nothing_else(
    form, faces, small_model, tmp_path, capsys
):
    path = tmp_path / f"a.{form}"
    answers([faces], small_model, **{form: str(path)})
    assert answers([faces], small_model, **{form: "-"}) == []
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")


def test_what_predict_says_of_the_same_face_is_called_the_same(
    faces, small_model, tmp_path
):
    """Each column and key of classify is one of predict's."""
    files = {form: tmp_path / f"classify.{form}" for form in ("json", "csv")}
    answers([faces / "a.jpg"], small_model, **files)
    others = {form: tmp_path / f"predict.{form}" for form in ("json", "csv")}
    words = ["predict", faces / "a.jpg", "--detector", "none"]
    words += ["--model", small_model]
    words += ["--json", others["json"], "--csv", others["csv"]]
    assert cli.main([*map(str, words)]) == 0
    (row,), (other,) = (
        csv.DictReader(io.StringIO(table["csv"].read_text()))
        for table in (files, others)
    )
    assert row.items() < other.items()
    (entry,), (other,) = (
        json.loads(array["json"].read_text()) for array in (files, others)
    )
    assert entry.pop("path") == other["path"]
    assert entry.items() < other["faces"][0].items()


def test_ten_views_are_averaged_on_request(faces, small_model, tmp_path):
    path, file = faces / "a.jpg", tmp_path / "a.json"
    answers([path], small_model, ten_crop=True, json=file)
    expected = Classifier(small_model).predict(path, ten_crop=True)
    (found,) = json.loads(file.read_text())
    assert found["probabilities"] == expected.probabilities


def test_a_bad_picture_is_named_last_and_the_others_answered(
    faces, small_model, tmp_path
):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes((faces / "a.jpg").read_bytes()[:500])
    large, absent = tmp_path / "large.png", tmp_path / "no\nne"
    Image.new("RGB", (400, 100)).save(large)
    paths = [bad, faces / "a.jpg", large, absent, faces / "b.png"]
    files = {form: tmp_path / f"a.{form}" for form in ("json", "csv")}
    lines = []
    with pytest.raises(DataError, match="3 of 5 pictures") as refusal:
        classify(paths, small_model, **files, say=lines.append)
    faults = str(refusal.value).splitlines()
    names = ("bad.jpg", "large.png", r"no\nne")
    for name, fault in zip(names, faults, strict=False):
        assert name in fault
    assert len(faults) == 4
    assert [line.split()[-1] for line in lines] == [
        str(path) for path in (paths[1], paths[4])
    ]
    array = json.loads(files["json"].read_text())
    assert [entry["path"] for entry in array] == [*map(str, paths)]
    assert ["error" in entry for entry in array] == [1, 0, 1, 1, 0]
    rows = list(csv.reader(io.StringIO(files["csv"].read_text())))
    assert [row[0] for row in rows[1:]] == [str(paths[1]), str(paths[4])]


def test_an_answer_is_not_written_over_a_face(faces, small_model):
    face = faces / "a.jpg"
    before = face.read_bytes()
    with pytest.raises(UsageError, match="no file to write"):
        answers([faces], small_model, csv=face)
    assert face.read_bytes() == before


def test_without_a_preset_it_says_how_to_make_one(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    with pytest.raises(UsageError, match="keras-fer export"):
        classify([faces], None)
