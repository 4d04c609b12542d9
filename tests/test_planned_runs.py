"""Runs that another program starts: real children of a small recipe."""

import json

import pytest

from keras_fer.errors import ExpectedError
from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError
from keras_fer.planned_runs import PlannedRun

RECIPE = """
import json, pathlib, sys
words = sys.argv[1:]
directory = pathlib.Path(words[words.index("--run-dir") + 1])
directory.mkdir(exist_ok=True)
(directory / "words.json").write_text(json.dumps(words))
status = int(words[words.index("--status") + 1])
name = "config.json" if status else "report.json"
(directory / name).write_text("{}")
sys.exit(status)
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


def test_a_failed_run_says_which_command(plan):
    run = plan(status=3)
    with pytest.raises(ExpectedError, match="status 3.*recipe.py --status 3"):
        run.execute()


def test_a_run_with_other_settings_is_not_taken_for_this_one(plan):
    run = plan(width=0.5, data_dir="here")
    run.check()
    run.directory.mkdir()
    path = run.directory / "config.json"
    path.write_text(json.dumps({"width": 0.5, "data_dir": "elsewhere"}))
    run.check()
    path.write_text(json.dumps({"width": 1.0}))
    with pytest.raises(UsageError, match="width: 1.0 there, 0.5 now"):
        run.check()
    path.write_text("{")
    with pytest.raises(UsageError, match="config.json cannot be read"):
        run.check()
