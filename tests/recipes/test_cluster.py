"""Several processes end where one ends, and none waits for a dead one."""

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inject import keras_fer_child
from recipe_command import SMALL
from recipe_command import largest_difference
from recipe_command import read_weights
from recipe_command import run
from recipe_command import start

pytest.importorskip("jax")
pytestmark = pytest.mark.slow

ON_JAX = {"KERAS_BACKEND": "jax"}
# Dropout stays on: its masks are of the whole batch too.
ALIKE = (*SMALL, "--epochs", "2")
PLAIN = ("--no-batch-norm",)
# Rounding grows from step to step: a few small ones.
NORMALISED = ("--epochs", "1", "--learning-rate", "0.0002")
# In mid-epoch: writes when, then meets its end.
END = """
import os, signal, time
from keras_fer import training
step = training._train_step
def ending(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 3:
        with open({note!r}, "w") as file:
            file.write(f"{{time.time()}} {{os.getpid()}}")
        {end}
training._train_step = ending
"""
ENDS = {
    # Its supervisor too, as when the machine's power fails.
    "killed": "os.kill(os.getppid(), 9); os.kill(os.getpid(), 9)",
    # Silent, with its connections open, as behind a cut cable.
    "frozen": "os.kill(os.getpid(), signal.SIGSTOP)",
    "stopped": "os.kill(os.getpid(), signal.SIGTERM)",
}
TWO_DEVICES_EACH = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


def named(index, number, port):
    """A process's place on its command line, and nothing in its environment."""
    place = f"--coordinator localhost:{port} --num-processes {number}"
    return [*place.split(), "--process-id", index], {}


def of_slurm(index, number, port):
    """The same as Slurm tells it."""
    return ["--coordinator", "auto"], {
        "JAX_COORDINATOR_PORT": str(port),
        "SLURM_JOB_ID": "1",
        "SLURM_STEP_NODELIST": "localhost",
        "SLURM_NTASKS": str(number),
        "SLURM_PROCID": str(index),
        "SLURM_LOCALID": str(index),
    }


def run_all(
    number,
    data,
    cache,
    directory,
    *words,
    ends=(),
    placed=named,
    **variables,
):
    """[(status, output, message, when it ended)] of a cluster's processes.

    `ends`: process -> code to run first in it; `variables`: of all.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    places = [placed(index, number, port) for index in range(number)]
    children = [
        start(
            cache,
            *("--data-dir", data, "--run-dir", directory, *ALIKE, *words),
            *place,
            prelude=dict(ends).get(index, ""),
            variables=ON_JAX | variables | own,
        )
        for index, (place, own) in enumerate(places)
    ]

    def finish(child):
        out, error = child.communicate(timeout=500)
        return child.returncode, out, error, time.time()

    try:
        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(finish, children))
    finally:
        for child in children:
            child.kill()


def trained(number, data, cache, directory, *words, **variables):
    """The weights of a run, of so many processes; None: without a cluster."""
    if number is None:
        words = ("--data-dir", data, "--run-dir", directory, *ALIKE, *words)
        answers = [run(cache, *words, variables=ON_JAX)]
    else:
        answers = run_all(number, data, cache, directory, *words, **variables)
    for answer in answers:
        assert answer[0] == 0, answer[2]
    return read_weights(directory)


def read_state(directory):
    """All that the last step left: weights, averages, optimiser, seeds."""
    with np.load(directory / "checkpoints" / "last.npz") as archive:
        return {
            name: archive[name].astype("float64")
            for name in archive.files
            if name.startswith("state") and archive[name].size
        }


@pytest.fixture(scope="module")
def one(data, cache, tmp_path_factory):
    directory = tmp_path_factory.mktemp("cluster") / "one"
    trained(None, data, cache, directory, *PLAIN)
    return directory


@pytest.fixture(scope="module")
def two(data, cache, tmp_path_factory):
    directory = tmp_path_factory.mktemp("cluster") / "two"
    trained(2, data, cache, directory, *PLAIN)
    return directory


def test_two_processes_end_where_one_with_their_batch_ends(one, two):
    assert largest_difference(read_state(two), read_state(one)) < 1e-6
    manifest = json.loads((two / "manifest.json").read_text())
    assert manifest["processes"] == 2 and manifest["backend"] == "jax"


def test_the_runs_folder_looks_as_it_always_does(one, two):
    assert sorted(os.listdir(two)) == sorted(os.listdir(one))
    assert os.listdir(two.parent) == ["two"]


def test_four_processes_of_two_devices_end_there_too(
    one, data, cache, tmp_path
):
    # The validation part and its rest divide among none of them.
    four = tmp_path / "four"
    trained(4, data, cache, four, *PLAIN, **TWO_DEVICES_EACH)
    assert largest_difference(read_state(four), read_state(one)) < 1e-6


def test_statistics_are_those_of_the_whole_batch(data, cache, tmp_path):
    alone, together = (
        trained(number, data, cache, tmp_path / f"{number}", *NORMALISED)
        for number in (None, 2)
    )
    assert largest_difference(together, alone) < 1e-3


def run_until(end, victim, data, cache, tmp_path):
    """Runs two processes, one of which meets its end; what the other says.

    Its status, message, and how many seconds later it ended.
    """
    note = tmp_path / "note"
    prelude = END.format(note=str(note), end=ENDS[end])
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            run_all,
            *(2, data, cache, tmp_path / "run", *PLAIN),
            ends={victim: prelude},
        )
        if end == "frozen":
            # It must be gone for run_all to end, but not before the other.
            while not note.exists() and not running.done():
                time.sleep(1)
            time.sleep(25)
            os.kill(int(note.read_text().split()[1]), signal.SIGKILL)
        status, _, error, ended = running.result()[1 - victim]
    return status, error, ended - float(note.read_text().split()[0])


def check_farewell(index, status, error, seconds):
    assert status == 4, error
    assert seconds < 20
    assert "one of them has ended or cannot be reached" in error
    assert "Start all processes again, this one with:" in error
    command = error.strip().splitlines()[-1].strip()
    assert command.startswith("KERAS_BACKEND=jax python ")
    assert f"--process-id {index}" in command
    assert command.endswith("--resume")


@pytest.mark.parametrize(("end", "victim"), [("frozen", 1), ("killed", 0)])
def test_the_other_of_a_dead_process_ends_and_says_how_to_go_on(
    end, victim, data, cache, tmp_path
):
    check_farewell(1 - victim, *run_until(end, victim, data, cache, tmp_path))


def test_a_killed_run_goes_on_to_the_same_state(two, data, cache, tmp_path):
    check_farewell(0, *run_until("killed", 1, data, cache, tmp_path))
    directory = tmp_path / "run"
    trained(2, data, cache, directory, *PLAIN, "--resume")
    assert largest_difference(read_state(directory), read_state(two)) < 1e-6
    assert set(os.listdir(tmp_path)) == {"run", "note"}


def test_a_request_to_one_process_stops_all_after_the_same_step(
    two, data, cache, tmp_path
):
    directory = tmp_path / "run"
    prelude = END.format(note=str(tmp_path / "note"), end=ENDS["stopped"])
    answers = run_all(2, data, cache, directory, *PLAIN, ends={1: prelude})
    for status, _, error, _ in answers:
        assert status == 4, error
        assert "stopped in epoch 2 after step 3 of 7; nothing is lost" in error
    trained(2, data, cache, directory, *PLAIN, "--resume")
    assert largest_difference(read_state(directory), read_state(two)) < 1e-6


def test_a_process_may_take_longer_over_its_data_than_connections_wait(
    data, cache, tmp_path
):
    late = """
import time
from keras_fer import run_directory
begin = run_directory.Run.begin
def late(self, facts):
    time.sleep(40)
    return begin(self, facts)
run_directory.Run.begin = late
sys.argv += ["--seed", "1"]
"""
    answers = run_all(2, data, cache, tmp_path / "run", *PLAIN, ends={1: late})
    for status, _, error, _ in answers:
        assert status == 2 and "differ in: seed" in error, error


def test_a_batch_that_does_not_divide_among_all_devices_is_refused(
    data, cache, tmp_path
):
    answers = run_all(
        *(2, data, cache, tmp_path / "run", "--batch-size", "6"),
        **TWO_DEVICES_EACH,
    )
    for status, _, error, _ in answers:
        assert status == 2
        assert "does not divide among 4 devices. Take 4 or 8." in error


@pytest.mark.parametrize("placed", [named, of_slurm])
def test_processes_that_would_train_other_things_are_refused(
    placed, data, cache, tmp_path
):
    answers = run_all(
        *(2, data, cache, tmp_path / "run", *PLAIN),
        ends={1: "sys.argv += ['--seed', '1']"},
        placed=placed,
    )
    for seed, (status, _, error, _) in enumerate(answers):
        assert status == 2
        assert f"differ in: seed. Here: seed {seed}." in error


def test_a_cluster_run_is_exported_from_tensorflow(two, tmp_path):
    status, _, error = keras_fer_child(
        *("export", two, "--output", tmp_path / "export"),
        *("--formats", "float32", "--min-images", "1", "--rounds", "1"),
        KERAS_BACKEND="tensorflow",
    )
    assert status == 0, error
    assert list((tmp_path / "export").glob("*.tflite"))
