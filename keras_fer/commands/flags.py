"""Words and flags of the subcommands."""

from pathlib import Path
from typing import Annotated

import tyro

from keras_fer.errors import UsageError


def word(name, kind=Path):
    """A word of the command line that has no flag."""
    return Annotated[kind, tyro.conf.Positional, tyro.conf.arg(metavar=name)]


def at_least(command, **smallest):
    """Refuses flags that are too small.

    Raises:
        UsageError: naming the flag.
    """
    for name, value in smallest.items():
        if not getattr(command, name) >= value:
            flag = "--" + name.replace("_", "-")
            raise UsageError(
                f"{flag} must be at least {value}: {getattr(command, name)}"
            )


def one_standard_output(command):
    """Refuses --json and --csv on one standard output.

    Raises:
        UsageError: if both are "-".
    """
    if command.json == command.csv == "-":
        raise UsageError(
            "--json - and --csv - share one output. Choose one, or name a file."
        )
