"""A process of a cluster, started once more under one that outlives it.

JAX ends a process whose peers are gone, at once and from outside Python. The
supervisor loads no framework, waits, and says what happened and how to go on.
"""

import os
import signal
import subprocess
import sys
import threading
import traceback

from keras_fer.errors import TrainingInterrupted

_MARK = "KERAS_FER_SUPERVISED"
# Of a process that has shown its own traceback.
_FAILED = 70


def is_supervised():
    """Whether a supervisor has started this process."""
    return _MARK in os.environ


def supervise(describe, go_on):
    """Runs this program once more, and speaks for it if it cannot.

    Args:
        describe: what the process is, for example "process 1 of 2".
        go_on: gives the command that goes on with the run.

    Returns:
        The exit status: the program's own where it ended by itself, 4 where
        it was ended.
    """
    child = subprocess.Popen(
        # Of the interpreter: a recipe may have been started by -c or -m.
        [sys.executable, *sys.orig_argv[1:]],
        env=os.environ | {_MARK: "1"},
        # Never written: it closes when this process dies.
        stdin=subprocess.PIPE,
    )
    status = wait(child)
    if status in (0, 2, 3, 4):
        return status
    if status == _FAILED:
        return 1
    if status < 0 and -status != signal.SIGABRT:
        happened = f"{describe} was ended by {signal.Signals(-status).name}"
    else:
        happened = (
            f"{describe} lost the others: one of them has ended or cannot be "
            "reached, and its own output may say why"
        )
    print(how_to_go_on(happened, go_on()), file=sys.stderr)
    return TrainingInterrupted.exit_status


def wait(child):
    """The exit status of a child that the same signals are meant for.

    Ctrl-C reaches it by itself; a request to end is passed on.

    Args:
        child: a `subprocess.Popen`.
    """
    previous = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                pass  # it writes its checkpoint, then ends
    finally:
        signal.signal(signal.SIGTERM, previous)


def how_to_go_on(happened, command):
    """The message of a process of a cluster that cannot go on.

    Args:
        happened: what it was, without a full stop.
        command: that starts this process again.
    """
    return (
        f"\nerror: {happened.rstrip('.')}. At most one epoch is lost. Start "
        f"all processes again, this one with:\n  {command}"
    )


def obey(program):
    """Runs `program` in the process that a supervisor started.

    It ends with its supervisor, and at once where it fails: at a regular end
    JAX would wait for peers that never come.

    Args:
        program: gives the exit status.

    Returns:
        0.
    """
    threading.Thread(target=_follow_supervisor, daemon=True).start()
    try:
        status = program()
    except Exception:
        traceback.print_exc()
        status = _FAILED
    if status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _follow_supervisor():
    # Not sys.stdin, whose lock Python wants when it ends.
    os.read(0, 1)
    os._exit(1)
