"""The recipe as a user starts it: the real command, on drawn faces."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from keras_fer.datasets.drawn_faces import write_drawn_faces

RECIPE = Path(__file__).parents[2] / "recipes" / "rafdb.py"
# Augmentation, dropout and averaged weights on, so that a resumed run has
# something to get wrong; narrow, so that it is quick.
SMALL = (
    "--expected-counts any --width 0.05 --epochs 3 --batch-size 8 "
    "--image-size 40 --crop-size 32 --validation-fraction 0.2 "
    "--average-momentum 0.9 --precision float32 --deterministic"
).split()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data") / "faces"
    return write_drawn_faces(directory, num_train=70, num_test=14)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def start(cache, *arguments, prelude="", **options):
    """The recipe as a child; `prelude` is code to run in it first."""
    environment = dict(os.environ, KERAS_FER_CACHE=str(cache))
    environment |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{str(RECIPE)!r}, *sys.argv[1:]]\n"
        f"{prelude}\n"
        f"runpy.run_path({str(RECIPE)!r}, run_name='__main__')"
    )
    command = [sys.executable, RECIPE]
    if prelude:
        command = [sys.executable, "-c", code]
    return subprocess.Popen(
        [*map(str, command), *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(cache, *arguments, prelude=""):
    child = start(cache, *arguments, prelude=prelude)
    out, error = child.communicate(timeout=300)
    return child.returncode, out, error


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


@pytest.mark.parametrize(
    "words, expected",
    [
        ("--epohcs 3", "--epochs"),
        ("--epochs three", "epochs"),
        ("--epochs 0", "--epochs must be at least 1"),
        ("--width 0", "--width"),
        ("--dropout 1.5", "--dropout"),
        ("--seed -1", "--seed must be at least 0"),
        ("--average-momentum 2", "--average-momentum"),
        ("--validation-fraction 0", "--validation-fraction"),
        ("--data-dir pyproject.toml", "is a file"),
        ("--data-dir . --run-dir ./runs", "lies inside"),
        ("--batch-size 0", "--batch-size"),
        ("--learning-rate -1", "--learning-rate"),
        ("--crop-size 120", "--crop-size 120 does not fit"),
        ("--resume --overwrite", "Choose one"),
        ("--demo --data-dir x", "Choose one"),
        ("--pooling LIP", "lip"),
        ("--config missing.json", "missing.json"),
        ("", "whdeng.cn"),
    ],
)
def test_a_wrong_command_ends_before_tensorflow_loads(cache, words, expected):
    prelude = """
import atexit
atexit.register(lambda: print("loaded:", "tensorflow" in sys.modules))
"""
    status, out, error = run(cache, *words.split(), prelude=prelude)
    assert status == 2
    assert expected in error
    assert "Traceback" not in error
    assert "loaded: False" in out


def test_weights_that_are_none_end_before_the_run_begins(data, cache, tmp_path):
    run_dir = tmp_path / "run"
    arguments = ("--data-dir", data, "--run-dir", run_dir, *SMALL)
    status, _, error = run(cache, *arguments, "--weights", "missing.h5")
    assert status == 2
    assert "missing.h5" in error and "Traceback" not in error
    assert not (run_dir / "config.json").exists()


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[:1000])


LABELS = "basic/EmoLabel/list_patition_label.txt"
PICTURE = "basic/Image/aligned/train_00002_aligned.jpg"
BAD_DATA = {
    "missing label file": (lambda d: (d / LABELS).unlink(), "is missing"),
    "label 8": (
        lambda d: (d / LABELS).write_text(
            (d / LABELS).read_text().replace(" 2", " 8", 1)
        ),
        "label '8'",
    ),
    "absent picture": (lambda d: (d / PICTURE).unlink(), "has no train_00002"),
    "truncated picture": (lambda d: cut_in_half(d / PICTURE), "cut off"),
    "text named .jpg": (
        lambda d: (d / PICTURE).write_text("not a picture"),
        "is no JPEG or PNG",
    ),
    "wrong counts": (lambda d: None, "--expected-counts any"),
}


@pytest.mark.parametrize("fault", BAD_DATA)
def test_bad_data_ends_with_status_3_before_training(
    data, cache, tmp_path, fault
):
    damage, words = BAD_DATA[fault]
    copy = tmp_path / "faces"
    shutil.copytree(data, copy)
    damage(copy)
    arguments = [word for word in SMALL if word != "any"]
    if fault == "wrong counts":
        arguments = [a for a in arguments if a != "--expected-counts"]
    else:
        arguments.insert(1, "any")
    run_dir = tmp_path / "run"
    status, _, error = run(
        cache, "--data-dir", copy, "--run-dir", run_dir, *arguments
    )
    assert status == 3
    assert words in error and "Traceback" not in error
    assert not (run_dir / "config.json").exists()
