"""Row 26: Ctrl-C and SIGTERM, once and twice.

SIGTERM once, in a run that goes on afterwards: tests/recipes/test_rafdb.py.
"""

import re

import numpy as np
import pytest

from recipe_command import SMALL
from recipe_command import read_weights
from recipe_command import run

SEND = """
from keras_fer import training
step = training._train_step
def stopping(model, images, labels, progress, bar):
    import os, signal
    if progress.epoch == 1 and progress.step == 3:
        for _ in range({times}):
            os.kill(os.getpid(), signal.{signal})
    step(model, images, labels, progress, bar)
training._train_step = stopping
"""


@pytest.mark.slow
def test_once_saves_and_twice_ends_at_once(whole, data, cache, tmp_path):
    arguments = ("--data-dir", data, *SMALL, "--run-dir", tmp_path)
    resume = ("--config", tmp_path / "config.json", "--resume")
    begun = []
    for signal, times, expected in (
        ("SIGINT", 1, 4),
        ("SIGINT", 2, 4),
        ("SIGTERM", 2, -15),
    ):
        prelude = SEND.format(signal=signal, times=times)
        if begun:  # the first child saved after the step: send at the next
            prelude = prelude.replace("step == 3", "step == 5")
        status, out, error = run(cache, *arguments, prelude=prelude)
        assert status == expected, error
        begun.append(re.findall(r"^Epoch (\d)", out, re.MULTILINE))
        if status == 4:
            assert f"--config {tmp_path / 'config.json'} --resume" in error
            assert "Traceback" not in error
        arguments = resume
    assert begun == [["1", "2"], ["2"], ["2"]]
    status, _, error = run(cache, *resume)
    assert status == 0, error
    ours, theirs = read_weights(tmp_path), read_weights(whole[0])
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
