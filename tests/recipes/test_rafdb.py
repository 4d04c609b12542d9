"""The recipe as a user starts it: the real command, on drawn faces."""

import concurrent.futures
import json
import re
import signal

import h5py
import numpy as np
import pytest

from recipe_command import SAYS_WHETHER_TENSORFLOW_LOADED
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


# Ends the child at the worst moments: what to run first, exit status, and the
# epochs that the child began, from 1 as it says them.
ENDS = {
    "killed in mid-epoch": (
        """
from keras_fer import training
step = training._train_step
def killing(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 4:
        import os; os.kill(os.getpid(), 9)
training._train_step = killing
""",
        -signal.SIGKILL,
        [1, 2],
    ),
    "stopped in mid-epoch": (
        """
from keras_fer import training
step = training._train_step
def stopping(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 3:
        import os, signal; os.kill(os.getpid(), signal.SIGTERM)
training._train_step = stopping
""",
        4,
        [2],
    ),
    "killed in the middle of a save": (
        """
import os
replace = os.replace
def killing(source, target):
    if str(target).endswith("previous.npz"):
        replace(source, target)
        os.kill(os.getpid(), 9)
    replace(source, target)
os.replace = killing
""",
        -signal.SIGKILL,
        [2],
    ),
    "killed between weights and checkpoint": (
        """
from keras_fer import checkpoints
def killing(directory, model, progress, best):
    import os; os.kill(os.getpid(), 9)
checkpoints.save = killing
""",
        -signal.SIGKILL,
        [3],
    ),
    "at its end": ("", 0, [3]),
}


def interrupt_and_resume(cache, run_dir, *arguments):
    """One run that ends in every way of `ENDS`; each child's answer."""
    answers = {}
    for end, (prelude, _, _) in ENDS.items():
        answers[end] = run(cache, *arguments, prelude=prelude)
        # As the stopped run says.
        arguments = ("--config", run_dir / "config.json", "--resume")
    return answers


@pytest.fixture(scope="module")
def runs(data, cache, tmp_path_factory):
    """Two runs alike: one left alone, one not. A core for each."""
    directory = tmp_path_factory.mktemp("runs")
    whole, interrupted = directory / "whole", directory / "interrupted"
    arguments = ("--data-dir", data, *SMALL, "--run-dir")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answers = pool.submit(
            interrupt_and_resume, cache, interrupted, *arguments, interrupted
        )
        status, out, error = run(cache, *arguments, whole)
        assert status == 0, error
        return (whole, out), (interrupted, answers.result())


@pytest.fixture(scope="module")
def whole(runs):
    return runs[0]


@pytest.fixture(scope="module")
def interrupted(runs):
    return runs[1]


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


@pytest.mark.parametrize("end", ENDS)
def test_a_run_goes_on_where_its_last_child_ended(interrupted, end):
    _, answers = interrupted
    status, out, error = answers[end]
    _, expected, epochs = ENDS[end]
    assert status == expected, error
    begun = re.findall(r"^Epoch (\d) of 3$", out, re.MULTILINE)
    assert [int(epoch) for epoch in begun] == epochs


def test_a_run_killed_and_stopped_again_and_again_ends_with_the_same_weights(
    whole, interrupted
):
    ours, theirs = weights(interrupted[0]), weights(whole[0])
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


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
