"""Runs of recipes that another program starts, each in its own process."""

import dataclasses
import functools
import json
import runpy
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from keras_fer import supervisor
from keras_fer.errors import ExpectedError
from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError
from keras_fer.resumption import FREE_FIELDS

# A child that was stopped before it could answer for itself.
_STOPPED = (-signal.SIGTERM, -signal.SIGINT)


class RunFailed(ExpectedError):
    """A recipe ended with an error of its own."""


@dataclasses.dataclass(frozen=True)
class PlannedRun:
    """One run of a recipe.

    Attributes:
        recipe: the recipe's file.
        directory: the run's folder.
        settings: field of the recipe's Config -> value; the others keep the
            recipe's defaults.
    """

    recipe: Path
    directory: Path
    settings: dict

    @property
    def is_finished(self):
        return (self.directory / "report.json").exists()

    def report(self):
        """The finished run's report.json."""
        return _read_json(self.directory / "report.json")

    def command(self):
        """The words of the command line that begins or goes on with it."""
        words = [sys.executable, str(self.recipe)]
        for name, value in self.settings.items():
            flag = name.replace("_", "-")
            if value is True:
                words.append(f"--{flag}")
            elif value is False:
                words.append(f"--no-{flag}")
            else:
                words += [f"--{flag}", str(value)]
        words += ["--run-dir", str(self.directory)]
        if (self.directory / "config.json").exists():
            words.append("--resume")
        return words

    def check(self, data_hash=None):
        """Makes sure that what is in the folder is this run.

        Args:
            data_hash: of the data that it is to be made from, if known.

        Raises:
            UsageError: if it was made with other settings, from other data
                or from other initial weights.
        """
        path = self.directory / "config.json"
        if not path.exists() and not self.is_finished:
            return
        there = _read_json(path)
        expected = _all_settings(self.recipe, self.settings)
        different = [
            f"  {name}: {there[name]!r} there, {value!r} now"
            for name, value in expected.items()
            if name in there and there[name] != value
        ]
        manifest_path = self.directory / "manifest.json"
        manifest = _read_json(manifest_path) if manifest_path.exists() else {}
        if manifest and data_hash not in (None, manifest["data_hash"]):
            different.append(
                f"  data: {manifest['data_hash']} there, {data_hash} now"
            )
        different += self._other_start(manifest)
        if different:
            raise UsageError(
                f"{self.directory} holds another run:\n"
                + "\n".join(different)
                + "\nChoose another folder for all runs, or remove this one."
            )

    def _other_start(self, manifest):
        """Whether the initial weights have been trained anew since."""
        initial = self.settings.get("initial_weights")
        if initial is None or not manifest:
            return []
        path = Path(initial) / "config.json"
        now = _read_json(path)["run_id"] if path.exists() else None
        there = manifest["initial_weights"]["run_id"]
        return [f"  initial run: {there} there, {now} now"] * (now != there)

    def execute(self):
        """Begins or goes on with the run, and waits for its end.

        Raises:
            TrainingInterrupted: if it was stopped, and can go on.
            RunFailed: if it failed; it has said why.
        """
        command = self.command()
        status = supervisor.wait(subprocess.Popen(command))
        if status in (TrainingInterrupted.exit_status, *_STOPPED):
            raise TrainingInterrupted(f"stopped in {self.directory}")
        if status:
            raise RunFailed(
                f"status {status} from: {shlex.join(['python', *command[1:]])}"
            )


@functools.cache
def _recipe(path):
    return runpy.run_path(str(path))


def _all_settings(recipe, settings):
    """Every setting that decides a run's result, as config.json has it."""
    module = _recipe(recipe)
    chosen = module["DEMO"] if settings.get("demo") else {}
    whole = dataclasses.asdict(module["Config"](**chosen)) | settings
    whole = json.loads(json.dumps(whole, default=str))
    return {
        name: value for name, value in whole.items() if name not in FREE_FIELDS
    }


def _read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read ({error}). Remove {path.parent}, and it "
            "is made again."
        ) from error
