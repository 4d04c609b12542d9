"""Row 30: two runs in one folder, two preparations, a lock without owner.

Two children, and a killed owner: tests/test_files.py.
"""

import os
import socket
import subprocess
import sys
import time
import types

from keras_fer import files
from keras_fer.datasets import prepared
from keras_fer.datasets import raf_db_source
from recipe_command import environment_of


def test_the_second_run_ends_at_once_and_names_the_first(data, commands):
    with files.lock_directory(commands.run_dir):
        before = sorted(os.listdir(commands.run_dir))
        status, out, message = commands.rafdb(data)
        assert sorted(os.listdir(commands.run_dir)) == before
    assert status == 2 and out == ""
    owner = f"process {os.getpid()} on {socket.gethostname()}"
    assert f"{commands.run_dir} is in use by {owner}" in message


def test_a_lock_without_its_owner_is_taken_over(data, commands):
    commands.run_dir.mkdir()
    (commands.run_dir / ".lock").touch()
    files.write_json(
        commands.run_dir / ".owner.json", {"pid": 1, "host": "gone"}
    )
    status, _, message = commands.rafdb(data, "--expected-counts", "official")
    assert status == 3 and "12,271" in message  # it came to the data


HOLDER = """
import sys
from keras_fer import files
with files.lock_file(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_preparation_waits_and_names_the_first(
    faces, commands, tmp_path, monkeypatch
):
    source = raf_db_source.find_source(faces, "basic")
    target = tmp_path / "prepared" / source.identity[:16]
    words = ("--cache-dir", target.parent, "--batch-size", "1000")
    target.parent.mkdir()
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, target],
        env=environment_of(PYTHONPATH=os.pathsep.join(sys.path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            first.stdin.close()  # the first ends, in its own time
        time.sleep(seconds)

    clock = types.SimpleNamespace(sleep=sleep)
    monkeypatch.setattr(prepared, "time", clock)
    with first:
        assert first.stdout.readline() == b"held\n"
        status, out, message = commands.rafdb(faces, *words)
    waiting = f"process {first.pid} on {socket.gethostname()} prepares the same"
    assert status == 2 and "do not fill one batch" in message
    assert out.count(waiting) == 1 and str(target) in out
    assert out.index(waiting) < out.index("Faces: 56 train")
    status, out, _ = commands.rafdb(faces, *words)
    assert "prepares" not in out and "Faces: 56 train" in out
