"""Row 22: words that are none, before TensorFlow loads.

Every kind of wrong value: tests/recipes/test_rafdb_refusals.py, and
tests/commands/test_cli.py for keras-fer.
"""

import resource

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from recipe_command import refusal

TYPOS = {
    "--epohcs 3": "--epochs",
    "--learning-rat 0.1": "--learning-rate",
    "--on-leek drop": "--on-leak",
}
WRONG = {
    "--epochs three": "epochs",
    "--learning-rate -1": "--learning-rate",
    "--batch-size 0": "--batch-size",
    "--epochs 0": "--epochs",
    "--weights no-such-preset": "no-such-preset",
    "--resume --overwrite": "Choose one",
}


@pytest.mark.parametrize("name", ["rafdb", "sfew", "fer2013", "image_folder"])
@pytest.mark.parametrize("words", TYPOS)
def test_the_nearest_flag_is_shown(name, words, commands):
    status, _, message = commands.recipe(name, *words.split())
    assert status == 2
    assert TYPOS[words] in message


@pytest.mark.parametrize("words", WRONG)
@pytest.mark.parametrize("name", ["rafdb", "sfew", "image_folder"])
def test_values_that_cannot_be_meant_have_status_2(name, words, commands, data):
    arguments = ("--data-dir", data, "--run-dir", commands.run_dir)
    status, _, message = commands.recipe(name, *arguments, *words.split())
    assert status == 2
    assert WRONG[words] in message
    assert not (commands.run_dir / "config.json").exists()


def test_it_takes_less_than_two_seconds_of_the_processor(cache):
    """`refusal` looks whether TensorFlow was loaded."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status, _ = refusal(cache, "--epohcs", "3")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert status == 2
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < 2


WORDS = strategies.sampled_from(
    ["classify", "evaluate", "check-data", "--json", "--csv", "--model", "-1"]
) | strategies.text(max_size=8)


@settings(
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(strategies.lists(WORDS, max_size=4))
def test_no_words_end_in_a_traceback(commands, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)  # a word may be a file to write
    status, _, message = commands.keras_fer(*words)
    assert status in (0, 2, 3)
    assert "Traceback" not in message
