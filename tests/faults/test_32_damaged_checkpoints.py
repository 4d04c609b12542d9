"""Row 32: a checkpoint or a JSON file is cut, swapped or another run's."""

import shutil

import numpy as np
import pytest

from recipe_command import SMALL
from recipe_command import read_weights
from recipe_command import run


def test_no_damage_is_taken_for_a_checkpoint(sweeps):
    """The loader raises if it hands out a mixture; see checkpoint_sweep."""
    found = dict(sweeps["damage"])
    assert found.pop("whole") == [2, []]
    assert len(found) > 100
    harmless = 0
    for damage, (epoch, messages) in found.items():
        if damage == "both empty":
            assert epoch is None and len(messages) == 2
            continue
        # What a zip archive does not need, such as a date, may be flipped.
        harmless += epoch == 2 and damage.startswith("flipped")
        if epoch == 1:
            assert "last.npz" in messages[0], damage
        elif damage == "a pickle":
            assert "next.npz cannot be read" in messages[0]
        else:
            assert damage.startswith("flipped") and not messages
    assert harmless < 40
    assert "belongs to another run" in found["another run's"][1][0]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "swapped"])
def test_a_resumed_run_uses_the_previous_one_and_says_so(
    damage, whole, cache, tmp_path
):
    run_dir = tmp_path / "run"
    shutil.copytree(whole[0], run_dir)
    last = run_dir / "checkpoints" / "last.npz"
    if damage == "cut":
        last.write_bytes(last.read_bytes()[:-5000])
    else:
        shutil.copy(run_dir / "predictions.npz", last)
    status, out, error = run(
        *(cache, "--config", run_dir / "config.json", "--resume"),
        *("--run-dir", run_dir),
    )
    assert status == 0, error
    assert f"warning: {last} cannot be read" in out
    assert "Epoch 3 of 3" in out and "Epoch 2 of 3" not in out
    ours, theirs = read_weights(run_dir), read_weights(whole[0])
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_damaged_settings_are_named(text, data, commands, tmp_path):
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    (run_dir / "config.json").write_text(text)
    words = ("--data-dir", data, "--run-dir", run_dir, *SMALL, "--resume")
    status, _, message = commands.recipe("rafdb", *words)
    assert status == 2
    assert f"{run_dir / 'config.json'}" in message and "--overwrite" in message
    status, _, message = commands.recipe(
        *("rafdb", "--data-dir", data, "--config", run_dir / "config.json")
    )
    assert status == 2
    assert f"--config {run_dir / 'config.json'} cannot be read" in message
