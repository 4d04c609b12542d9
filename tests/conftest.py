"""What every test shares: quiet TensorFlow, fixed seeds, a clean policy."""

import os
import random
import signal
import sys

# Read when NumPy is first imported. Matrices here are small: a second thread
# of BLAS would only wait in a loop, for minutes of processor time in all.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import filelock
import numpy as np
import pytest

from recipe_command import ENDS
from recipe_command import SMALL
from recipe_command import run

# What a shell starts in the background ignores Ctrl-C, and so would the
# programs that are tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Read when TensorFlow is first imported, so it must precede every test file.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(autouse=True)
def fixed_seeds():
    """Each test draws the same numbers, whichever tests ran before it."""
    random.seed(0)
    np.random.seed(0)
    # Only where a test file loaded Keras: the others stay fast.
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def default_dtype_policy():
    """A test that sets a dtype policy leaves none behind."""
    yield
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.config.set_dtype_policy("float32")


@pytest.fixture
def disk_events(monkeypatch):
    """What is flushed and renamed from here on: [(call, inode)], in order."""
    events = []

    def record(call, inode):
        original = getattr(os, call)

        def recorded(first, *rest):
            events.append((call, inode(first).st_ino))
            original(first, *rest)

        monkeypatch.setattr(os, call, recorded)

    record("fsync", os.fstat)
    record("replace", os.stat)
    record("rename", os.stat)
    return events


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id):
    """One folder for all workers, and a lock: whoever comes first fills it."""
    base = tmp_path_factory.getbasetemp()
    directory = (base if worker_id == "master" else base.parent) / "shared"
    directory.mkdir(exist_ok=True)
    return directory, filelock.FileLock(directory / "lock")


@pytest.fixture(scope="session")
def data(shared):
    """Drawn faces in RAF-DB's layout: 70 to train on, 14 to test on."""
    from keras_fer.datasets.drawn_faces import write_drawn_faces

    directory, lock = shared
    with lock:
        return write_drawn_faces(directory / "faces", num_train=70, num_test=14)


@pytest.fixture(scope="session")
def cache(shared):
    """Where recipes of this test session keep prepared data."""
    directory = shared[0] / "cache"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def whole(data, cache, shared):
    """(folder, what was printed) of a run that was left alone."""
    folder, lock = shared
    directory, printed = folder / "whole", folder / "printed.txt"
    with lock:
        if not printed.exists():
            status, out, error = run(
                cache, *("--data-dir", data, *SMALL, "--run-dir", directory)
            )
            assert status == 0, error
            printed.write_text(out)
    return directory, printed.read_text()


@pytest.fixture(scope="session")
def interrupted(data, cache, tmp_path_factory):
    """(folder, {end: its child's answer}) of the same run, which was not."""
    directory = tmp_path_factory.mktemp("runs") / "interrupted"
    arguments = ("--data-dir", data, *SMALL, "--run-dir", directory)
    answers = {}
    for end, (prelude, _, _) in ENDS.items():
        answers[end] = run(cache, *arguments, prelude=prelude)
        # As the stopped run says.
        arguments = ("--config", directory / "config.json", "--resume")
    return directory, answers
