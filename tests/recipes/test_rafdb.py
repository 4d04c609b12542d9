"""The recipe as a user starts it: the real command, on drawn faces."""

import json
import signal

import h5py
import numpy as np
import pytest

from recipe_command import SMALL
from recipe_command import run


def weights(run_dir):
    values = {}
    with h5py.File(run_dir / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                values.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return values


@pytest.fixture(scope="module")
def whole(data, cache, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("runs") / "whole"
    status, out, error = run(
        cache, "--data-dir", data, "--run-dir", run_dir, *SMALL
    )
    assert status == 0, error
    return run_dir, out


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


# Kills the child in the middle of a batch, of a save, or between two files.
KILLS = {
    "in the middle of a save": """
import os
replace = os.replace
def killing(source, target):
    if str(target).endswith("previous.npz"):
        replace(source, target)
        os.kill(os.getpid(), 9)
    replace(source, target)
os.replace = killing
""",
    "in the second epoch": """
from keras_fer import training
step = training._train_step
def killing(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 4:
        import os; os.kill(os.getpid(), 9)
training._train_step = killing
""",
    "between weights and checkpoint": """
from keras_fer import checkpoints
save = checkpoints.save
def killing(directory, model, progress, best):
    if progress.epoch == 2:
        import os; os.kill(os.getpid(), 9)
    save(directory, model, progress, best)
checkpoints.save = killing
""",
}


@pytest.mark.parametrize("kill", KILLS)
def test_a_killed_run_resumes_to_the_same_weights(
    whole, data, cache, tmp_path, kill
):
    arguments = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    status, _, _ = run(cache, *arguments, prelude=KILLS[kill])
    assert status == -signal.SIGKILL
    status, _, error = run(cache, *arguments, "--resume")
    assert status == 0, error
    ours, theirs = weights(tmp_path / "run"), weights(whole[0])
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_a_stopped_run_says_how_to_go_on_and_resumes_in_mid_epoch(
    whole, data, cache, tmp_path
):
    run_dir = tmp_path / "run"
    arguments = ("--data-dir", data, "--run-dir", run_dir, *SMALL)
    stop = """
from keras_fer import training
step = training._train_step
def stopping(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 3:
        import os, signal; os.kill(os.getpid(), signal.SIGTERM)
training._train_step = stopping
"""
    status, _, error = run(cache, *arguments, prelude=stop)
    assert status == 4
    assert "epoch 2 after step 3 of 7" in error
    command = f"--config {run_dir / 'config.json'} --resume"
    assert command in error
    status, _, error = run(cache, *command.split())
    assert status == 0, error
    ours, theirs = weights(run_dir), weights(whole[0])
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_wrong_usage_of_a_run_directory(whole, data, cache, tmp_path):
    run_dir, _ = whole
    arguments = ("--data-dir", data, "--run-dir", run_dir, *SMALL)
    for extra, words in (
        ((), "--overwrite"),
        (("--resume", "--learning-rate", "0.5"), "learning_rate"),
    ):
        status, _, error = run(cache, *arguments, *extra)
        assert status == 2
        assert words in error and str(run_dir) in error
    assert (run_dir / "report.json").exists()
