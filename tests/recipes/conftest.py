"""The runs that several tests look at."""

import concurrent.futures

import pytest

from recipe_command import ENDS
from recipe_command import SMALL
from recipe_command import run


def interrupt_and_resume(cache, run_dir, *arguments):
    """One run that ends in every way of `ENDS`; each child's answer."""
    answers = {}
    for end, (prelude, _, _) in ENDS.items():
        answers[end] = run(cache, *arguments, prelude=prelude)
        # As the stopped run says.
        arguments = ("--config", run_dir / "config.json", "--resume")
    return answers


@pytest.fixture(scope="session")
def runs(data, cache, tmp_path_factory):
    """Two runs alike: one left alone, one not. A core for each."""
    directory = tmp_path_factory.mktemp("runs")
    whole, interrupted = directory / "whole", directory / "interrupted"
    arguments = ("--data-dir", data, *SMALL, "--run-dir")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answers = pool.submit(
            interrupt_and_resume, cache, interrupted, *arguments, interrupted
        )
        status, out, error = run(cache, *arguments, whole)
        assert status == 0, error
        return (whole, out), (interrupted, answers.result())


@pytest.fixture(scope="session")
def whole(runs):
    return runs[0]


@pytest.fixture(scope="session")
def interrupted(runs):
    return runs[1]
