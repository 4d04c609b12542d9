"""What the recipe refuses, before it has cost anything."""

import shutil

import pytest

from recipe_command import SMALL
from recipe_command import refusal


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
    status, error = refusal(cache, *words.split())
    assert status == 2
    assert expected in error


def test_weights_that_are_none_end_before_the_run_begins(data, cache, tmp_path):
    run_dir = tmp_path / "run"
    arguments = ("--data-dir", data, "--run-dir", run_dir, *SMALL)
    status, error = refusal(cache, *arguments, "--weights", "missing.h5")
    assert status == 2
    assert "missing.h5" in error
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
def test_bad_data_ends_with_status_3_before_tensorflow_loads(
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
    status, error = refusal(
        cache, "--data-dir", copy, "--run-dir", run_dir, *arguments
    )
    assert status == 3
    assert words in error
    assert not (run_dir / "config.json").exists()
