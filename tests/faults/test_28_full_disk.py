"""Row 28: the disk is full while a run saves, logs or exports."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

import inject
from recipe_command import SMALL
from recipe_command import environment_of
from recipe_command import read_weights
from recipe_command import run


def test_every_writer_says_so_and_leaves_the_old_file(sweeps):
    answers, after = sweeps["full"]
    assert len(answers) == 25
    for name, limit, said, whole, left in answers:
        shown = "next.npz" if name == "last.npz" else f"{name} (it had "
        assert shown in said, (name, limit, said)
        for words in ("File too large", "bytes are free there", "Make room"):
            assert words in said
        assert whole and not left, (name, limit)
    assert after == [3, []]  # what was written when there was room again


@pytest.mark.slow
def test_a_training_stops_cleanly_and_goes_on_where_it_was(
    whole, data, cache, tmp_path
):
    run_dir = tmp_path / "run"
    kept = whole[0] / "checkpoints"
    arguments = ("--data-dir", data, *SMALL, "--run-dir", run_dir)
    resume = ("--config", run_dir / "config.json", "--resume")
    for name in ("best.weights.h5", "last.npz"):  # HDF5's writes, and NumPy's
        # Checkpoints grow by some hundred bytes of history an epoch.
        limit = (kept / name).stat().st_size - 1500
        prelude = inject.limit_bytes(limit)
        status, _, error = run(cache, *arguments, prelude=prelude)
        assert status == 4, error
        assert "Traceback" not in error
        shown = "next.npz" if name == "last.npz" else name
        assert shown in error and "File too large" in error
        assert f"--config {run_dir / 'config.json'} --resume" in error
        assert not list(run_dir.rglob(".partial.*"))
        arguments = resume
    status, _, error = run(cache, *arguments)
    assert status == 0, error
    ours, theirs = read_weights(run_dir), read_weights(whole[0])
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.slow
def test_a_preparation_stops_cleanly_and_begins_again(data, tmp_path):
    words = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    words += ("--batch-size", "1000")  # ends when the data is prepared
    cache = tmp_path / "cache"
    status, _, error = run(cache, *words, prelude=inject.limit_bytes(50_000))
    assert status == 4, error
    assert "cannot be written: File too large" in error
    status, out, error = run(cache, *words)
    assert status == 2 and "do not fill one batch" in error
    assert "Faces: 56 train" in out


@pytest.mark.slow
def test_an_export_leaves_the_old_files(whole, tmp_path):
    output = tmp_path / "export"
    words = ["export", whole[0], "--formats", "float32", "--rounds", "2"]
    words += ["--min-images", "14", "--output", output]
    command = [sys.executable, "-m", "keras_fer", *map(str, words)]
    subprocess.run(command, check=True, env=environment_of())
    before = inject.tree(output)
    limit = len(before["model.float32.tflite"]) // 2
    status, _, error = inject.keras_fer_child(
        *words, prelude=inject.limit_bytes(limit)
    )
    assert status == 4, error
    assert "File too large" in error and "Traceback" not in error
    assert inject.tree(output) == before
    shutil.rmtree(output)
