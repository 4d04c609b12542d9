"""Runs of recipes that another program starts, each in its own process."""

import dataclasses
import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from keras_fer.errors import ExpectedError
from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError


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

    def check(self):
        """Makes sure that what is in the folder is this run.

        Raises:
            UsageError: if it was started with other settings.
        """
        path = self.directory / "config.json"
        if not path.exists():
            return
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{path} cannot be read ({error}). Remove {self.directory}, "
                "and it is made again."
            ) from error
        different = [
            f"  {name}: {there.get(name)!r} there, {value!r} now"
            for name, value in self.settings.items()
            if name not in ("data_dir", "cache_dir")
            and str(there.get(name)) != str(value)
        ]
        if different:
            raise UsageError(
                f"{self.directory} holds a run with other settings:\n"
                + "\n".join(different)
                + "\nChoose another --runs-dir, or remove that folder."
            )

    def execute(self):
        """Begins or goes on with the run, and waits for its end.

        Raises:
            TrainingInterrupted: if it was stopped, and can go on.
            ExpectedError: if it failed; it has said why.
        """
        command = self.command()
        child = subprocess.Popen(command)
        # Ctrl-C reaches the child by itself; a request to end does not.
        previous = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            status = _wait(child)
        finally:
            signal.signal(signal.SIGTERM, previous)
        if status == TrainingInterrupted.exit_status:
            raise TrainingInterrupted(f"stopped in {self.directory}")
        if status:
            raise ExpectedError(
                f"status {status} from: {shlex.join(['python', *command[1:]])}"
            )


def _wait(child):
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            pass  # it writes its checkpoint, then ends
