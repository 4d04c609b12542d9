"""The recipe as a user starts it: the real command, on drawn faces."""

import json
import re

import numpy as np
import pytest

from recipe_command import ENDS
from recipe_command import SAYS_WHETHER_TENSORFLOW_LOADED
from recipe_command import SMALL
from recipe_command import read_weights
from recipe_command import run


def test_a_run_leaves_its_files(whole):
    run_dir, out = whole
    names = {path.name for path in run_dir.iterdir()}
    assert names >= {
        "config.json",
        "manifest.json",
        "history.csv",
        "curves.png",
        "confusion.png",
        "model.keras",
        "model.weights.h5",
        "predictions.npz",
        "fingerprints.npz",
        "report.json",
        "report.md",
        "checkpoints",
    }
    assert not [name for name in names if "partial" in name]
    kept = {path.name for path in (run_dir / "checkpoints").iterdir()}
    assert kept == {"last.npz", "previous.npz", "best.weights.h5"}
    assert "about" in out and "minutes in all" in out
    assert out.count("validation: loss") == 3
    history = (run_dir / "history.csv").read_text().splitlines()
    assert len(history) == 1 + 3


def test_a_run_keeps_what_a_temperature_may_be_fitted_on(whole):
    with np.load(whole[0] / "predictions.npz") as file:
        assert len(file["validation_labels"]) == 14
        assert file["validation_single_view"].shape == (14, 7)
        assert file["single_view"].shape == (14, 7)


def test_the_report_says_what_was_measured(whole):
    run_dir, _ = whole
    report = json.loads((run_dir / "report.json").read_text())
    for view in ("single_view", "ten_crop"):
        metrics = report[view]
        assert 0 <= metrics["accuracy"] <= 1
        assert np.sum(metrics["confusion_matrix"]) == 14
        assert set(metrics) >= {
            "mean_class_recall",
            "macro_f1",
            "expected_calibration_error",
            "per_class",
            "intervals",
        }
    assert report["split"] == "test"
    assert report["chosen_by"] == "validation, cut from train"
    assert report["counts"] == {"train": 56, "validation": 14, "test": 14}
    assert report["precision"] == "float32"
    assert report["seed"] == 0
    assert "counts not checked" in report["title"]


def test_the_saved_model_gives_the_reported_accuracy(whole, data, cache):
    import keras_fer
    from keras_fer import evaluation
    from keras_fer import input_pipeline
    from keras_fer.datasets import raf_db

    run_dir, _ = whole
    test = raf_db.load_raf_db(data, expected_counts="any", cache_dir=cache)
    images = input_pipeline.image_batches(
        test["test"], image_size=40, batch_size=8
    )
    model = keras_fer.load_model(run_dir / "model.keras")
    report = json.loads((run_dir / "report.json").read_text())
    for view, predict in (
        ("single_view", evaluation.predict),
        ("ten_crop", evaluation.predict_ten_crop),
    ):
        answers = predict(model, images).argmax(-1)
        accuracy = (answers == test["test"].labels).mean()
        assert accuracy == pytest.approx(report[view]["accuracy"])


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
def test_a_run_goes_on_where_its_last_child_ended(interrupted, end):
    _, answers = interrupted
    status, out, error = answers[end]
    _, expected, epochs = ENDS[end]
    assert status == expected, error
    begun = re.findall(r"^Epoch (\d) of 3$", out, re.MULTILINE)
    assert [int(epoch) for epoch in begun] == epochs


@pytest.mark.slow
def test_a_run_killed_and_stopped_again_and_again_ends_with_the_same_weights(
    whole, interrupted
):
    ours, theirs = (
        read_weights(interrupted[0]),
        read_weights(whole[0]),
    )
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.slow
def test_a_stopped_run_says_how_to_go_on(interrupted):
    run_dir, answers = interrupted
    _, _, error = answers["stopped in mid-epoch"]
    assert "epoch 2 after step 3 of 7" in error
    assert f"--config {run_dir / 'config.json'} --resume" in error


def test_wrong_usage_of_a_run_directory(whole, data, cache, tmp_path):
    run_dir, _ = whole
    arguments = ("--data-dir", data, "--run-dir", run_dir, *SMALL)
    for extra, words in (
        ((), "--overwrite"),
        (("--resume", "--learning-rate", "0.5"), "learning_rate"),
    ):
        status, out, error = run(
            cache, *arguments, *extra, prelude=SAYS_WHETHER_TENSORFLOW_LOADED
        )
        assert status == 2
        assert "loaded: False" in out
        assert words in error and str(run_dir) in error
    assert (run_dir / "report.json").exists()


@pytest.mark.slow
def test_the_demo_ends_with_an_export_and_its_parity_table(cache, tmp_path):
    status, out, error = run(
        cache, "--demo", *SMALL, "--run-dir", tmp_path, "--width", "0.1"
    )
    assert status == 0, error
    end = out[out.index("# Parity of the exported files") :]
    assert "350 held-back faces" in end and "| int8 |" in end
    assert "drawn faces (not photographs)" in end
    names = {path.name for path in (tmp_path / "export").iterdir()}
    assert {"model.float32.tflite", "model.int8.tflite"} <= names
