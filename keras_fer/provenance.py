"""What a result was made with: versions, command, commit."""

import contextlib
import os
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path


def versions():
    """The versions that decide a result, by package."""
    names = ["keras-fer", "keras", "tensorflow", "numpy", "pillow"]
    if os.environ.get("KERAS_BACKEND") == "jax":
        names += ["jax", "jaxlib"]
    found = {"python": platform.python_version()}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def command():
    """The command line of this process, as a shell would take it."""
    return shlex.join(["python", *sys.argv])


def commit():
    """The commit of the checkout that this code lies in, or None.

    A plus sign behind it means that files differ from the commit.
    """
    folder = Path(__file__).resolve().parent

    def git(*arguments):
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        revision = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return revision + ("+" if changed else "")
