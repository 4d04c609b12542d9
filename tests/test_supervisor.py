"""A supervisor's status and message: those of its program, or its own."""

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import os, signal, sys, time
from keras_fer import supervisor

def program():
    {}

if supervisor.is_supervised():
    sys.exit(supervisor.obey(program))
status = supervisor.supervise("process 1 of 2", lambda: "python again.py")
sys.exit(status)
"""
SLEEP = "print(os.getpid(), flush=True); time.sleep(60)"
ANSWER = (
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(4)); "
    "print('ready', flush=True); time.sleep(60)"
)


def start(body):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(body):
    child = start(body)
    _, error = child.communicate(timeout=60)
    return child.returncode, error


@pytest.mark.parametrize("status", [0, 2, 3, 4])
def test_a_status_of_the_programs_own_is_kept_without_a_word(status):
    assert run(f"return {status}") == (status, "")


def test_an_error_shows_its_traceback_and_is_status_1():
    status, error = run("raise ValueError('of its own')")
    assert status == 1
    assert error.startswith("Traceback") and "of its own" in error
    assert "again.py" not in error


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # How JAX ends a process whose peers are gone.
        ("os._exit(1)", "process 1 of 2 lost the others"),
        ("os.abort()", "process 1 of 2 lost the others"),
        ("os.kill(os.getpid(), 9)", "process 1 of 2 was ended by SIGKILL"),
    ],
)
def test_a_program_that_cannot_speak_is_spoken_for(body, expected):
    status, error = run(body)
    assert status == 4
    assert expected in error
    assert error.endswith("this one with:\n  python again.py\n")


def test_a_request_to_end_is_passed_on():
    child = start(ANSWER)
    assert child.stdout.readline() == "ready\n"
    child.terminate()
    _, error = child.communicate(timeout=60)
    assert (child.returncode, error) == (4, "")


def test_a_program_ends_with_its_supervisor():
    child = start(SLEEP)
    program = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=30)  # the program held the other ends
    assert child.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.kill(program, 0)
            time.sleep(0.1)
