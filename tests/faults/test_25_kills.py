"""Row 25: SIGKILL at any moment; the resumed run is the uninterrupted one.

Mid-batch, mid-save and between weights and checkpoint, with weights equal to
the bit: tests/recipes/test_rafdb.py. Every write of one file:
tests/test_files.py. Here: every call of a checkpoint's save, and the end of
a run, file by file.
"""

import csv
import json
import os

import numpy as np
import pytest

import inject
from recipe_command import SMALL
from recipe_command import read_weights
from recipe_command import run


def test_a_save_killed_after_any_byte_leaves_a_whole_checkpoint(sweeps):
    check_kills(sweeps["bytes"])


@pytest.mark.slow
def test_a_save_killed_before_any_call_leaves_a_whole_checkpoint(tmp_path):
    check_kills(inject.sweep(tmp_path, "calls")["calls"])


def check_kills(found):
    switch = found.index(3)
    assert switch > 30, "the sweep killed too rarely to show anything"
    assert found == [2] * switch + [3] * (len(found) - switch)


# Counts the files that are renamed once training has ended.
AT_THE_END = """
from keras_fer import run_results
_write = run_results.write_results
def _armed(*arguments, **options):
    import os, signal
    replace, calls = os.replace, []
    def killing(source, target):
        calls.append(target)
        if len(calls) == {number}:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(source, target)
    os.replace = killing
    return _write(*arguments, **options)
run_results.write_results = _armed
"""


def history_of(run_dir):
    with (run_dir / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        {key: value for key, value in row.items() if key != "seconds"}
        for row in rows
    ]


@pytest.mark.slow
def test_the_end_of_a_run_may_be_killed_at_every_file(
    whole, data, cache, tmp_path
):
    arguments = ("--data-dir", data, *SMALL, "--run-dir", tmp_path)
    resume = ("--config", tmp_path / "config.json", "--resume")
    for number in range(1, 20):
        prelude = AT_THE_END.format(number=number)
        status, _, error = run(cache, *arguments, prelude=prelude)
        arguments = resume
        if status == 0:
            break
        assert status == -9, error
        assert not (tmp_path / "report.json").exists()
    assert number >= 7  # files of results, the report as the last one
    ours, theirs = read_weights(tmp_path), read_weights(whole[0])
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    assert history_of(tmp_path) == history_of(whole[0])
    reports = [
        json.loads((directory / "report.json").read_text())
        for directory in (tmp_path, whole[0])
    ]
    assert reports[0]["epoch"] == reports[1]["epoch"]
    assert reports[0]["ten_crop"] == reports[1]["ten_crop"]
    assert not [n for n in os.listdir(tmp_path) if "partial" in n]


@pytest.mark.slow
@pytest.mark.slow
def test_history_and_best_epoch_survive_every_end(whole, interrupted):
    assert history_of(interrupted[0]) == history_of(whole[0])
    reports = [
        json.loads((run_dir / "report.json").read_text())
        for run_dir, _ in (whole, interrupted)
    ]
    assert reports[0]["epoch"] == reports[1]["epoch"]


@pytest.mark.slow
def test_a_kill_at_the_first_rename_of_all_leaves_a_folder_to_start_in(
    data, cache, tmp_path
):
    arguments = ("--data-dir", data, *SMALL, "--run-dir", tmp_path)
    status, _, error = run(cache, *arguments, prelude=inject.kill_at(1))
    assert status == -9, error
    status, _, error = run(cache, *arguments, "--epochs", "1")
    assert status == 0, error
