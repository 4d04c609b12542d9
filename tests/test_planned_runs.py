"""Runs that another program starts: real children of a small recipe."""

import json

import pytest

from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError
from keras_fer.planned_runs import PlannedRun
from keras_fer.planned_runs import RunFailed

RECIPE = """
import dataclasses, json, pathlib, sys

@dataclasses.dataclass(frozen=True)
class Config:
    status: int = 0
    width: float = 1.0
    learning_rate: float = 0.1
    batch_norm: bool = True
    demo: bool = False
    data_dir: pathlib.Path | None = None
    initial_weights: pathlib.Path | None = None

DEMO = {"width": 0.5}

def main(words):
    directory = pathlib.Path(words[words.index("--run-dir") + 1])
    directory.mkdir(exist_ok=True)
    (directory / "words.json").write_text(json.dumps(words))
    status = int(words[words.index("--status") + 1])
    name = "config.json" if status else "report.json"
    (directory / name).write_text("{}")
    sys.exit(status)

if __name__ == "__main__":
    main(sys.argv[1:])
"""


@pytest.fixture
def plan(tmp_path):
    recipe = tmp_path / "recipe.py"
    recipe.write_text(RECIPE)

    def make(**settings):
        return PlannedRun(recipe, tmp_path / "run", settings)

    return make


def words_of(run):
    return json.loads((run.directory / "words.json").read_text())


def test_settings_become_flags(plan):
    run = plan(status=0, batch_norm=False, demo=True, data_dir="a b")
    run.execute()
    assert words_of(run) == [
        *("--status", "0", "--no-batch-norm", "--demo", "--data-dir", "a b"),
        *("--run-dir", str(run.directory)),
    ]
    assert run.is_finished


def test_an_interrupted_run_is_resumed(plan):
    run = plan(status=4)
    with pytest.raises(TrainingInterrupted, match="run"):
        run.execute()
    assert "--resume" not in words_of(run) and not run.is_finished
    with pytest.raises(TrainingInterrupted):
        run.execute()
    assert words_of(run)[-1] == "--resume"


def test_a_run_that_was_ended_before_it_could_answer_is_no_failure(plan):
    run = plan(status=0)
    run.recipe.write_text(
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    )
    with pytest.raises(TrainingInterrupted):
        run.execute()


def test_a_failed_run_says_which_command(plan):
    run = plan(status=3)
    with pytest.raises(RunFailed, match="status 3.*recipe.py --status 3"):
        run.execute()


# What a folder holds, and how the run that is planned there differs.
THERE = {"status": 0, "width": 0.5, "learning_rate": 0.1, "demo": False}
OTHERS = [
    ({"width": 1.0}, {}, "width: 1.0 there, 0.5 now"),
    # Not a setting of the plan, but of the recipe as it is now.
    ({"learning_rate": 9}, {}, "learning_rate: 9 there, 0.1 now"),
    ({}, {"data_hash": "b"}, "data: b there, a now"),
    (
        {},
        {"initial_weights": {"run_id": "old"}},
        "initial run: old there, new now",
    ),
]


def write(run, config=THERE, **manifest):
    run.directory.mkdir(exist_ok=True)
    manifest = {
        "data_hash": "a",
        "initial_weights": {"run_id": "new"},
    } | manifest
    for name, content in (("config", config), ("manifest", manifest)):
        (run.directory / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def transfer(plan, tmp_path):
    initial = tmp_path / "initial"
    initial.mkdir()
    (initial / "config.json").write_text('{"run_id": "new"}')
    return plan(width=0.5, data_dir="here", initial_weights=initial)


def test_the_same_run_is_taken_wherever_its_data_lies(transfer):
    transfer.check("a")  # nothing is there
    write(transfer, THERE | {"data_dir": "elsewhere", "run_id": "x"})
    transfer.check("a")


@pytest.mark.parametrize("config, manifest, message", OTHERS)
def test_another_run_is_not_taken_for_this_one(
    transfer, config, manifest, message
):
    write(transfer, THERE | config, **manifest)
    with pytest.raises(UsageError, match=message):
        transfer.check("a")


def test_a_demo_is_compared_with_the_demos_settings(plan):
    run = plan(demo=True)
    write(run, THERE | {"demo": True})
    run.check()
    write(run, THERE | {"demo": True, "width": 1.0})
    with pytest.raises(UsageError, match="width: 1.0 there, 0.5 now"):
        run.check()


def test_a_report_without_its_settings_is_no_run(plan):
    run = plan(width=0.5)
    run.directory.mkdir()
    (run.directory / "report.json").write_text("{}")
    with pytest.raises(UsageError, match="config.json cannot be read"):
        run.check()
