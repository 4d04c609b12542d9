"""Row 29: data, run or cache that may not be read or written.

Root ignores file modes, so that the commands run without that right.
"""

import sys

import pytest

import inject
from recipe_command import RECIPES
from recipe_command import SMALL
from recipe_command import environment_of


@pytest.fixture
def unprivileged(cache, tmp_path):
    """(status, message) of the recipe, without root's right."""

    def run(directory, run_dir=tmp_path / "run", cache=cache):
        done = inject.run_unprivileged(
            [
                *(sys.executable, RECIPES / "rafdb.py"),
                *("--data-dir", directory, "--run-dir", run_dir, *SMALL),
                *("--batch-size", "1000"),  # ends when the data is sound
            ],
            env=environment_of(KERAS_FER_CACHE=str(cache)),
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    return run


def test_data_that_may_not_be_read(faces, pictures, unprivileged):
    (pictures / "train_00003_aligned.jpg").chmod(0)
    status, message = unprivileged(faces)
    assert status == 3
    assert "train_00003_aligned.jpg cannot be read" in message
    assert "chmod -R u+rwX" in message
    pictures.chmod(0)
    status, message = unprivileged(faces)
    pictures.chmod(0o755)
    assert status == 3
    assert f"{pictures} cannot be read (d---------)" in message


def test_a_run_or_a_cache_that_may_not_be_written(data, unprivileged, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    status, message = unprivileged(data, run_dir=closed)
    assert status == 2
    assert f"{closed} is dr-xr-xr-x" in message and "chmod u+w" in message
    status, message = unprivileged(data, run_dir=closed / "run")
    assert status == 2 and f"{closed / 'run'} cannot be created" in message
    status, message = unprivileged(data, cache=closed)
    assert status == 3
    assert f"cannot be kept in {closed}" in message
    assert "--cache-dir" in message


@pytest.mark.slow  # loads TensorFlow in a child
def test_the_same_places_with_the_right_modes_pass(data, unprivileged):
    status, message = unprivileged(data)
    assert status == 2 and "do not fill one batch" in message
