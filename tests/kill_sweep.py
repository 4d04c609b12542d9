"""Kills a writer at every step and prints what its file then held, as JSON.

Run as a program, since a SIGKILL cannot be caught: it forks one child a step.
The arguments: the folder to write in; what a step is ("calls": a call of the
operating system or of a file object, "bytes": a byte written); the writer
under test; the old and the new content.
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path

import filelock

from keras_fer import files


def write_in_blocks(target, text):
    """A writer such as HDF5, which writes many times."""
    with files.atomic_path(target) as path, path.open("wb", 0) as file:
        for byte in text.encode():
            file.write(bytes([byte]))


def write_under_lock(target, text):
    with files.lock_directory(target.parent):
        files.write_text(target, text)


def write_plainly(target, text):
    """The writer that nobody should use: the sweep must catch it."""
    target.write_text(text, encoding="utf-8", newline="")


WRITERS = {
    "text": files.write_text,
    "blocks": write_in_blocks,
    "lock": write_under_lock,
    "plain": write_plainly,
}


def die_before_call(step):
    """This process dies before its `step`-th call of the system."""
    calls = 0

    def count(frame, event, function):
        nonlocal calls
        if event == "c_call":
            owner = type(getattr(function, "__self__", None)).__module__
            module = getattr(function, "__module__", None)
            calls += bool({owner, module} & {"posix", "fcntl", "_io", "io"})
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)


def die_after_bytes(step):
    """This process dies when a file of its own outgrows `step - 1` bytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (step - 1, step - 1))


STEPS = {"calls": die_before_call, "bytes": die_after_bytes}


def main(directory, how, writer, old, new):
    target = Path(directory, "report.json")
    found = []
    left = set()
    finished = False
    while not finished:
        target.write_text(old, encoding="utf-8", newline="")
        child = os.fork()
        if not child:
            STEPS[how](len(found) + 1)
            WRITERS[writer](target, new)
            sys.setprofile(None)
            os._exit(0)
        finished = os.waitpid(child, 0)[1] == 0
        found.append(
            target.read_bytes().decode(errors="replace")
            if target.exists()
            else None
        )
        # What the next run does first: it must succeed and clear the rest.
        with filelock.FileLock(Path(directory, ".lock"), timeout=0):
            files.clear_partial_files(directory)
        left.update(os.listdir(directory))
    print(json.dumps({"found": found, "left": sorted(left)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
