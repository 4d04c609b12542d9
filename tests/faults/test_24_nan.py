"""Row 24: a loss that is NaN, or weights that the last step spoils.

Each at the level of `training.fit`: tests/test_training.py.
"""

import numpy as np
import pytest

from recipe_command import SMALL
from recipe_command import run

SPOIL = """
from keras_fer import training
step = training._train_step
def spoiling(model, images, labels, progress, bar):
    if progress.epoch == 1 and progress.step == 3:
        kernel = model.trainable_variables[0]
        kernel.assign(kernel * float("nan"))
    step(model, images, labels, progress, bar)
training._train_step = spoiling
"""


@pytest.mark.slow
def test_that_step_stops_the_run_and_the_last_checkpoint_goes_on(
    whole, data, cache, tmp_path
):
    from recipe_command import read_weights

    arguments = ("--data-dir", data, *SMALL, "--run-dir", tmp_path)
    status, _, error = run(cache, *arguments, prelude=SPOIL)
    assert status == 3
    for words in (
        "NaN or infinity in the loss of epoch 2, step 4",
        "at learning rate 0.0",
        "under float32",
        "The last checkpoint was kept",
    ):
        assert words in error
    with np.load(tmp_path / "checkpoints" / "last.npz") as file:
        for name in file.files:
            if name != "progress":
                assert np.isfinite(file[name]).all()
    status, _, error = run(
        cache, "--config", tmp_path / "config.json", "--resume"
    )
    assert status == 0, error
    ours, theirs = read_weights(tmp_path), read_weights(whole[0])
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
