"""Row 38: a step that does not fit, and memory over many answers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import inject
from recipe_command import SMALL
from recipe_command import environment_of
from recipe_command import run

SOAK = Path(__file__).parents[1] / "soak.py"

EXHAUSTED = """
import keras
def exhausted(self, *arguments, **options):
    import tensorflow as tf
    raise tf.errors.ResourceExhaustedError(
        None, None, "OOM when allocating tensor with shape[64,64,90,90]"
    )
keras.Model.train_on_batch = exhausted
"""
ANSWERS = """
import sys
from pathlib import Path
from keras_fer.classifier import Classifier
classifier = Classifier(sys.argv[1])
pages = []
for number in range(400):
    try:
        classifier.predict(sys.argv[2 + number % 2])
    except Exception as error:
        assert "cannot be decoded" in str(error)
    if number % 100 == 99:
        pages.append(int(Path("/proc/self/statm").read_text().split()[1]))
print(*pages)
"""


@pytest.mark.slow
def test_a_batch_size_to_try_is_named(data, cache, tmp_path):
    words = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    status, _, error = run(cache, *words, prelude=EXHAUSTED)
    assert status == 2
    for part in ("A training step of 8 faces", "OOM", "--batch-size 4"):
        assert part in error
    assert "Traceback" not in error


def test_answers_leave_nothing_behind(data, model_files, tmp_path):
    good = data / "basic/Image/aligned/test_00001_aligned.jpg"
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(good.read_bytes()[:900])
    pages = inject.run_code(
        ANSWERS, model_files / "model.tflite", good, bad
    ).split()
    first, *_, last = map(int, pages)
    assert last - first < 500  # of 4 kB, over 300 answers


@pytest.mark.slow
@pytest.mark.parametrize(
    "most_growth, status, words",
    [
        (10, 0, "Nothing grew, changed or was lost."),
        (-100, 1, "process 0: memory grew by"),
    ],
)
def test_a_short_soak_is_sound_and_sees_what_is_not(
    most_growth, status, words, model_files
):
    done = subprocess.run(
        [
            *(sys.executable, SOAK, model_files / "model.tflite"),
            *("--minutes", "0.4", "--most-growth", str(most_growth)),
        ],
        capture_output=True,
        text=True,
        env=environment_of(PYTHONPATH=os.pathsep.join(sys.path)),
        timeout=300,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert words in done.stdout
