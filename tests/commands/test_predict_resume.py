"""A stopped `keras-fer predict` goes on where it was; whoever may not write."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_fer import cli
from keras_fer import model_file
from keras_fer.commands.photo_outputs import ProgressBar
from recipe_command import environment_of

# Finds marked faces, writes down each call, and ends its process at one, or at
# every photo without a face.
DETECTOR = """
import os, signal
from photographed import find_marked

SIGNAL = int(os.environ.get("SIGNAL", signal.SIGKILL))

def find(photo):
    with open(os.environ["CALLS"], "a") as file:
        file.write("x")
    if os.path.getsize(os.environ["CALLS"]) == int(os.environ["KILL_AT"]):
        os.kill(os.getpid(), SIGNAL)
    found = find_marked(photo)
    if not found and "KILL_WITHOUT_FACE" in os.environ:
        os.kill(os.getpid(), SIGNAL)
    return found
"""


@pytest.fixture
def command(small_model, photo_folder, tmp_path):
    """Runs the command in a child, killed at a photo; (status, error)."""
    (tmp_path / "killing.py").write_text(DETECTOR)

    def run(kill_at, *words, **variables):
        paths = [str(tmp_path), *(path or os.getcwd() for path in sys.path)]
        environment = environment_of(
            PYTHONPATH=os.pathsep.join(paths),
            CALLS=str(tmp_path / "calls"),
            KILL_AT=str(kill_at),
            **variables,
        )
        done = subprocess.run(
            [
                *(sys.executable, "-m", "keras_fer", "predict", photo_folder),
                *("--model", small_model, "--detector", "killing:find"),
                *map(str, words),
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert "Traceback" not in done.stderr
        lines = done.stderr.splitlines()
        lines = [line for line in lines if not line.startswith("INFO: ")]
        return done.returncode, "\n".join(lines)

    return run


def test_a_killed_command_goes_on_and_ends_as_if_never_killed(
    command, tmp_path
):
    calls = tmp_path / "calls"
    assert command(0, "--json", tmp_path / "whole.json") == (0, "")
    calls.unlink()
    words = ("--json", tmp_path / "a.json", "--journal", tmp_path / "a.jsonl")
    words += ("--annotate", tmp_path / "drawn")
    assert command(3, *words)[0] == -signal.SIGKILL
    assert not (tmp_path / "a.json").exists()
    journal = (tmp_path / "a.jsonl").read_bytes()
    assert journal.count(b"\n") == 3  # settings and two answers
    calls.unlink()
    status, error = command(0, *words)
    assert status == 2 and "--resume" in error and not calls.exists()
    status, error = command(0, *words, "--resume")
    assert status == 0 and "2 of 3 photos" in error
    assert calls.read_text() == "x"
    whole = (tmp_path / "whole.json").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == whole
    assert len(list((tmp_path / "drawn").rglob("*.*g"))) == 3
    status, error = command(0, *words, "--resume", "--ten-crop")
    assert status == 2 and "ten_crop False, now True" in error


def test_ctrl_c_says_how_to_go_on(command, tmp_path):
    words = ("--journal", tmp_path / "a.jsonl")
    status, error = command(2, *words, SIGNAL=str(int(signal.SIGINT)))
    assert status == 4
    assert "--resume" in error and "a.jsonl" in error
    status, error = command(0, *words, "--resume")
    assert status == 0 and "1 of 3 photos" in error


def test_workers_end_with_a_killed_parent(small_model, photo_folder, tmp_path):
    code = """
import os, signal, sys, time
from photographed import find_marked

def find(photo):
    open(os.path.join(os.environ["PIDS"], str(os.getpid())), "w").close()
    time.sleep(600)
"""
    (tmp_path / "sleeping.py").write_text(code)
    (tmp_path / "pids").mkdir()
    paths = [str(tmp_path), *(path or os.getcwd() for path in sys.path)]
    parent = subprocess.Popen(
        [
            *(sys.executable, "-m", "keras_fer", "predict", photo_folder),
            *("--model", small_model, "--detector", "sleeping:find"),
            *("--workers", "2"),
        ],
        env=environment_of(
            PYTHONPATH=os.pathsep.join(paths), PIDS=str(tmp_path / "pids")
        ),
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "pids").iterdir())) < 2:
        assert time.monotonic() < deadline and parent.poll() is None
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    workers = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process):
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status  # ended, and nobody asked yet


def test_a_crash_that_does_not_come_again_costs_no_answer(command, tmp_path):
    path = tmp_path / "a.json"
    status, error = command(2, "--workers", 2, "--json", path)
    # The second try finds the detector past its fatal call.
    assert (status, error) == (0, "")
    assert len(json.loads(path.read_text())) == 3


def test_a_photo_that_crashes_every_worker_is_named(command, tmp_path):
    path = tmp_path / "a.json"
    words = ("--workers", 2, "--json", path)
    status, error = command(0, *words, KILL_WITHOUT_FACE="1")
    assert status == 3
    assert "c.webp: it ended the process that read it" in error
    assert "1 of 3 photos have no answer" in error
    assert len(json.loads(path.read_text())) == 3


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can become somebody else",
)
def test_whoever_may_not_write_is_told_before_the_first_photo(
    small_model, photo_folder
):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(photo_folder, folder / "photos")
        shutil.copy(small_model, folder / "model.tflite")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        (folder / "own").mkdir()
        # As somebody else, once everything is imported.
        code = (
            "import os, sys\n"
            "from keras_fer import cli\n"
            "words = ['predict', 'photos', '--model', 'model.tflite',\n"
            "         '--detector', 'photographed:find_marked']\n"
            "assert cli.main([*words, '--json', 'own/a.json']) == 0\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "sys.exit(cli.main([*words, *sys.argv[1:]]))\n"
        )
        for words in ("--annotate photos/drawn", "--json a.json"):
            done = subprocess.run(
                [sys.executable, "-c", code, *words.split()],
                cwd=folder,
                env=environment_of(PYTHONPATH=os.pathsep.join(sys.path)),
                capture_output=True,
                text=True,
            )
            assert done.returncode == 3, done.stderr
            assert "cannot be written to" in done.stderr
            assert "Traceback" not in done.stderr
            assert done.stdout.count("a.png") == 1  # as root


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory, small_model):
    """What `--explain` needs of a run: settings, report, network, export."""
    import keras_fer

    folder = tmp_path_factory.mktemp("run")
    network = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
    network.save(folder / "model.keras")
    per_class = dict.fromkeys(keras_fer.CLASSES)
    report = {"single_view": {"per_class": per_class}, "data_hash": "none"}
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "config.json").write_text('{"image_size": 40}')
    (folder / "export").mkdir()
    shutil.copy(small_model, folder / "export")
    return folder


def test_explain_draws_the_maps_of_each_face(
    run_folder, photo_folder, tmp_path, capsys
):
    words = f"predict {photo_folder} --model {run_folder} --explain {tmp_path}"
    detector = ["--detector", "photographed:find_marked"]
    assert cli.main([*words.split(), *detector]) == 0
    capsys.readouterr()
    drawn = sorted(path.name for path in tmp_path.rglob("*.png"))
    assert drawn == ["a.png", "b.png"]  # c has no face
    with Image.open(tmp_path / "a.png") as two:
        with Image.open(tmp_path / "inner" / "b.png") as one:
            assert two.height > 1.5 * one.height
            assert np.asarray(one.convert("L")).std() > 10
    names = model_file.read(run_folder / "export/model.float32.tflite")
    assert names.image_size == 40


def test_the_bar_is_drawn_on_a_terminal_alone():
    class Stream:
        text, is_terminal = "", True

        def isatty(self):
            return self.is_terminal

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    times = iter(range(0, 100, 2))
    stream = Stream()
    bar = ProgressBar(4, stream, lambda: next(times))
    bar.step()
    assert "1/4 photos, 0.5 a second, 0:06 left" in stream.text
    assert stream.text.count("#") == 6
    bar.clear()
    assert stream.text.endswith("\r\x1b[K")
    stream = Stream()
    stream.is_terminal = False
    bar = ProgressBar(4, stream, lambda: next(times))
    bar.step()
    bar.clear()
    assert stream.text == ""
