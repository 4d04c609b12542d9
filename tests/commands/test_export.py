"""A finished run becomes files, on the run's own data and no other."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from drawn import LABELS
from keras_fer import cli
from keras_fer.commands.export import find_data
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from keras_fer.finished_run import open_run
from keras_fer.litert import LiteRTModel


@pytest.fixture
def run(whole):
    return open_run(whole[0])


def test_the_command_leaves_the_files_and_prints_their_parity(exported, run):
    directory, out = exported
    assert set(os.listdir(directory)) == {
        ".lock",
        "saved_model",
        "model.float32.tflite",
        "labels.txt",
        "parity.json",
        "parity.md",
        "golden_input.bin",
        "golden_output.float32.bin",
    }
    report = json.loads((directory / "parity.json").read_text())
    assert report["data_hash"] == run.report["data_hash"]
    assert report["num_images"] == 14
    assert report["accuracy"] == run.report["single_view"]["accuracy"]
    assert (directory / "parity.md").read_text() in out
    assert "14 to judge by" in out


def test_an_app_can_test_itself_by_the_golden_face(exported):
    directory, _ = exported
    model = LiteRTModel(directory / "model.float32.tflite")
    view = np.fromfile(directory / "golden_input.bin", np.uint8)
    view = view.reshape(1, model.view_size, model.view_size, 3)
    assert len(np.unique(view.reshape(-1, 3), axis=0)) > 50  # a picture
    expected = np.fromfile(directory / "golden_output.float32.bin", "<f4")
    np.testing.assert_allclose(model.predict(view)[0], expected, atol=1e-6)
    assert expected.sum() == pytest.approx(1, abs=1e-5)


def test_a_second_export_leaves_no_answers_of_another_model(exported, tmp_path):
    from keras_fer.export.golden import write_golden

    directory = tmp_path / "export"
    shutil.copytree(exported[0], directory)
    (directory / "golden_output.int8.bin").write_bytes(b"stale")
    write_golden(directory, ["float32"])
    assert not (directory / "golden_output.int8.bin").exists()
    assert (directory / "golden_output.float32.bin").exists()


def test_calibration_and_judgement_share_no_face(run, data):
    from keras_fer.datasets import image_folder

    source = find_data(run)
    parts = image_folder.load_source(source)
    train, held_out = run.split_parts(parts)
    assert len(train) == 70 and len(held_out) == 14
    assert not set(train.images) & set(held_out.images)


def test_too_few_faces_to_judge_by_are_refused(whole, capsys):
    assert cli.main(["export", str(whole[0])]) == 2
    assert "--min-images 14" in capsys.readouterr().err
    assert not (whole[0] / "export").exists()


def test_other_data_than_the_runs_is_refused(run, data, tmp_path):
    shutil.copytree(data, tmp_path / "faces")
    assert find_data(run, tmp_path / "faces").identity
    path = tmp_path / "faces" / LABELS
    path.write_text(path.read_text().replace(" 2\n", " 3\n", 1))
    with pytest.raises(DataError, match="is not the data that"):
        find_data(run, tmp_path / "faces")


def with_settings(run, **settings):
    return dataclasses.replace(run, settings=run.settings | settings)


def test_data_that_was_moved_is_asked_for(run, tmp_path):
    moved = with_settings(run, data_dir=str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="gone.*not there.*--data-dir"):
        find_data(moved)


def test_the_demos_faces_are_found_where_recipes_keep_them(run, data, tmp_path):
    demo = with_settings(run, data_dir=None, demo=True, cache_dir=str(tmp_path))
    with pytest.raises(UsageError, match="no longer in"):
        find_data(demo)
    for name, layout in (("a", "sfew"), ("b", "raf_db")):
        write_drawn_faces(
            tmp_path / name, layout=layout, num_train=7, num_test=7
        )
    with pytest.raises(UsageError, match="no longer in"):
        find_data(demo)
    shutil.copytree(data, tmp_path / "c")
    assert find_data(demo).directory == tmp_path / "c" / "basic"
