"""Several devices give what one gives, and a kill loses nothing there."""

import json

import pytest

from recipe_command import ENDS
from recipe_command import SMALL
from recipe_command import largest_difference
from recipe_command import read_weights
from recipe_command import run

# A processor as two devices, as GPUs would be.
TWO_CPUS = """
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
"""
TWO = "--devices 2 --batch-size 4 --learning-rate 0.01"
ONE = "--batch-size 8 --learning-rate 0.02"
ALIKE = (*SMALL, "--epochs", "2", "--dropout", "0")
PLAIN = " --no-batch-norm"
# Rounding grows from step to step: a few small ones.
STATISTICS = " --epochs 1 --learning-rate "

pytestmark = pytest.mark.slow


def train(data, cache, directory, words, prelude=TWO_CPUS):
    return run(
        cache,
        *("--data-dir", data, "--run-dir", directory, *ALIKE),
        *words.split(),
        prelude=prelude,
    )


def trained(data, cache, directory, words, prelude=TWO_CPUS):
    status, _, error = train(data, cache, directory, words, prelude)
    assert status == 0, error
    return read_weights(directory)


@pytest.fixture(scope="module")
def two(data, cache, tmp_path_factory):
    directory = tmp_path_factory.mktemp("devices") / "two"
    trained(data, cache, directory, TWO + PLAIN)
    return directory


def test_two_devices_end_where_one_with_their_batch_ends(
    two, data, cache, tmp_path
):
    one = trained(data, cache, tmp_path / "one", ONE + PLAIN, prelude="")
    assert largest_difference(read_weights(two), one) < 1e-5
    manifest = json.loads((two / "manifest.json").read_text())
    assert manifest["devices"] == ["CPU:0", "CPU:1"]
    assert json.loads((two / "config.json").read_text())["batch_size"] == 4


def test_synchronised_statistics_are_those_of_the_whole_batch(
    data, cache, tmp_path
):
    one = trained(
        data, cache, tmp_path / "one", ONE + STATISTICS + "0.0002", prelude=""
    )
    words = TWO + STATISTICS + "0.0001"
    apart = trained(data, cache, tmp_path / "apart", words)
    synchronised = trained(
        data, cache, tmp_path / "both", words + " --sync-batch-norm"
    )
    assert largest_difference(synchronised, one) < 1e-3
    assert largest_difference(apart, one) > 5e-3


def test_a_run_on_two_devices_killed_goes_on_to_the_same_weights(
    two, data, cache, tmp_path
):
    kill, killed, _ = ENDS["stopped in mid-epoch"]
    directory = tmp_path / "killed"
    status, _, error = train(
        data, cache, directory, TWO + PLAIN, TWO_CPUS + kill
    )
    assert status == killed, error
    config = directory / "config.json"
    words = ("--config", config, "--resume")
    # On another number of devices the steps would be others.
    status, _, error = run(cache, *words)
    assert status == 2 and "there are 1 here" in error
    status, _, error = run(cache, *words, prelude=TWO_CPUS)
    assert status == 0, error
    assert largest_difference(read_weights(directory), read_weights(two)) < 1e-6


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--devices 3", "there are 2 here"),
        ("--devices 0,0", "expected all"),
        ("--devices 0", "expected all"),
        ("--devices gpu", "expected all"),
    ],
)
def test_devices_that_are_not_there_are_refused(
    words, expected, data, cache, tmp_path
):
    status, _, error = train(data, cache, tmp_path / "none", words)
    assert status == 2 and expected in error
