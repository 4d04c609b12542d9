"""Faults for the tests in tests/faults, and the user's commands to meet them.

Some faults go into a child process as code that runs first (`prelude` in
`recipe_command`): pyfakefs and monkeypatch reach neither HDF5 nor TensorFlow.
"""

import ctypes
import json
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from recipe_command import RECIPES
from recipe_command import environment_of

_PR_CAPBSET_DROP = 24
# CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: why root ignores chmod.
_CAPABILITIES = 1, 2


def kill_at(number, name="os.replace"):
    """Code: the process dies before its `number`-th call of a function."""
    module, _, function = name.rpartition(".")
    return f"""
import {module}, os, signal, sys
def _killing(*arguments, _whole={name}, _calls=[], **options):
    _calls.append(1)
    if len(_calls) == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
    return _whole(*arguments, **options)
{module}.{function} = _killing
"""


def limit_bytes(number):
    """Code: no file of the process may have more bytes, as on a full disk."""
    return f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({number}, {number}))
"""


def block_import(*names):
    """Code: these modules are not installed."""
    return f"""
import sys
class _Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, _Blocked())
"""


def run_unprivileged(command, **options):
    """A command for which file modes hold, though the tests run as root.

    The child stays root, without root's right to ignore them: another user
    could not read an environment in root's own folder.
    """

    def drop():
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in _CAPABILITIES:
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")

    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=drop if os.geteuid() == 0 else None,
        **{"env": environment_of()} | options,
    )


def keras_fer_child(*words, prelude="", **variables):
    """(status, output, message) of `keras-fer` in a child."""
    code = f"{prelude}\nimport sys\nfrom keras_fer import cli\n"
    done = subprocess.run(
        [
            *(sys.executable, "-c", code + "sys.exit(cli.main())"),
            *map(str, words),
        ],
        capture_output=True,
        text=True,
        errors="surrogateescape",
        env=environment_of(**variables),
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def keras_fer(capsys, *words):
    """(status, output, message) of `keras-fer` in this process."""
    from keras_fer import cli

    return _finished(capsys, lambda: sys.exit(cli.main([*map(str, words)])))


def recipe(capsys, name, *words):
    """(status, output, message) of a recipe's file in this process.

    For commands that end before a training.
    """
    path = str(RECIPES / f"{name}.py")
    arguments, sys.argv = sys.argv, [path, *map(str, words)]
    try:
        return _finished(
            capsys, lambda: runpy.run_path(path, run_name="__main__")
        )
    finally:
        sys.argv = arguments


def _finished(capsys, command):
    capsys.readouterr()
    status = 0
    try:
        command()
    except SystemExit as end:
        status = 0 if end.code is None else end.code
    out, error = capsys.readouterr()
    return status, out, error


def run_code(code, *arguments):
    """The output of `code` in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        env=environment_of(PYTHONPATH=os.pathsep.join(sys.path)),
        timeout=300,
    ).stdout


def sweep(directory, *sweeps):
    """What `checkpoint_sweep.py` found in a child."""
    tests = Path(__file__).parent
    paths = os.pathsep.join([str(tests), *sys.path])
    done = subprocess.run(
        [sys.executable, tests / "checkpoint_sweep.py", directory, *sweeps],
        capture_output=True,
        text=True,
        env=environment_of(KERAS_BACKEND="numpy", PYTHONPATH=paths),
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def pack(pictures, add=lambda archive: None):
    """Packs aligned faces as RAF-DB's authors ship them, and removes them.

    Args:
        pictures: the folder Image/aligned.
        add: called with the open archive, to add to it.

    Returns:
        The archive's path.
    """
    path = pictures.with_name("aligned.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for picture in sorted(pictures.iterdir()):
            archive.write(picture, f"aligned/{picture.name}")
        add(archive)
    shutil.rmtree(pictures)
    return path


def tree(directory):
    """Relative path -> bytes of every file, but those of locks."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(Path(directory).rglob("*"))
        if path.is_file() and path.name not in (".lock", ".owner.json")
    }
