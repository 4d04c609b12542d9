"""One network in every form, judged as the recipe judged it."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_fer import cli
from keras_fer.commands import trained_model


def judged(model, data, *words):
    return cli.main(["evaluate", str(model), str(data), *map(str, words)])


def read(directory):
    return json.loads((directory / "report.json").read_text())


def test_a_run_gets_its_own_figures_again(whole, data, tmp_path, capsys):
    out = tmp_path / "report"
    assert judged(whole[0], data, "--ten-crop", "--output", out) == 0
    found, expected = read(out), read(whole[0])
    for view in ("single_view", "ten_crop"):
        for key in ("accuracy", "confusion_matrix"):
            assert found[view][key] == expected[view][key]
    assert found["data_hash"] == expected["data_hash"]
    assert found["chosen_by"] == expected["chosen_by"]
    assert "drawn faces (not photographs)" in found["title"]
    assert (out / "confusion.png").exists() and (out / "report.md").exists()
    printed = capsys.readouterr().out
    accuracy = f"{100 * expected['single_view']['accuracy']:.2f}"
    assert f"| accuracy | {accuracy}" in printed
    assert "RAF-DB, official" in printed and "split test" in printed


@pytest.mark.parametrize("name", ["model.float32.tflite", "saved_model"])
def test_an_exported_file_gets_the_accuracy_of_its_parity_report(
    name, exported, data, tmp_path
):
    directory, _ = exported
    assert judged(directory / name, data, "--output", tmp_path) == 0
    parity = json.loads((directory / "parity.json").read_text())
    row = parity["formats"][name.split(".")[1] if "." in name else name]
    report = read(tmp_path)
    assert report["single_view"]["accuracy"] == row["accuracy"]
    assert report["ten_crop"] is None
    assert "without its run" in report["learned_from"]


def test_a_keras_file_alone_is_told_the_size_of_its_faces(
    whole, data, tmp_path, capsys
):
    path = tmp_path / "alone.keras"
    shutil.copy(whole[0] / "model.keras", path)
    assert judged(path, data, "--image-size", 40, "--output", tmp_path) == 0
    expected = read(whole[0])["single_view"]["confusion_matrix"]
    assert read(tmp_path)["single_view"]["confusion_matrix"] == expected
    capsys.readouterr()
    assert judged(path, data) == 0
    assert "taken: 32 pixels" in capsys.readouterr().out
    assert judged(path, data, "--image-size", "31") == 2


def test_faces_that_the_weights_have_seen_are_no_test(
    whole, data, tmp_path, capsys
):
    assert judged(whole[0], data, "--split", "train", "--output", tmp_path) == 0
    assert "70 of 70 faces were learned from" in capsys.readouterr().out
    assert read(tmp_path)["seen_report"]["pairs"]["bytes"] == 70


def test_other_classes_are_refused(whole, tmp_path, capsys):
    for label, name in enumerate(("yes", "no")):
        (tmp_path / name).mkdir()
        for index in range(2):
            pixels = np.full((48, 48, 3), 60 * label + index, "uint8")
            Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    assert judged(whole[0], tmp_path) == 3
    assert "no, yes" in capsys.readouterr().err


def test_a_broken_picture_is_named_before_anything_is_judged(
    whole, data, tmp_path, capsys
):
    shutil.copytree(data, tmp_path / "faces")
    name = "basic/Image/aligned/test_00002_aligned.jpg"
    (tmp_path / "faces" / name).write_bytes(b"")
    assert judged(whole[0], tmp_path / "faces") == 3
    assert name in capsys.readouterr().err


def test_a_runs_own_report_is_not_overwritten(whole, data, capsys):
    assert judged(whole[0], data, "--output", whole[0]) == 2
    assert "is a run's folder" in capsys.readouterr().err


def test_a_damaged_model_has_status_3(data, tmp_path, capsys):
    for name, content in (("a.keras", b"PK"), ("b.tflite", b"TFL3")):
        (tmp_path / name).write_bytes(content)
        assert judged(tmp_path / name, data) == 3
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert judged(tmp_path, data) == 3
    capsys.readouterr()


def test_a_folder_of_files_is_no_model_and_says_which_is(exported, capsys):
    assert judged(exported[0], ".") == 2
    assert "model.float32.tflite" in capsys.readouterr().err


def test_what_a_path_is_is_told_without_loading_it(whole, exported):
    kinds = {
        whole[0]: "keras",
        whole[0] / "model.keras": "keras",
        exported[0] / "saved_model": "saved_model",
        exported[0] / "model.float32.tflite": "tflite",
    }
    for path, kind in kinds.items():
        described = trained_model.describe(path)
        assert described.kind == kind
        assert described.image_size == 40
        assert len(described.class_names) == 7
        assert (described.run is None) == (kind != "keras")
