"""Writing, locking and hashing, under kills and a full disk."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from keras_fer import files

OLD = "old ünï " * 2
NEW = "new 顔 \n" * 3
KILL_SWEEP = Path(__file__).with_name("kill_sweep.py")

HOLD = """
import sys, time
from keras_fer import files
with files.lock_directory(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def run_child(code, *arguments, **options):
    """The output of `code` in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        timeout=300,
        **options,
    ).stdout


def sweep(directory, how, writer):
    """What the target held after each kill, and all names left behind."""
    code = KILL_SWEEP.read_text(encoding="utf-8")
    result = json.loads(run_child(code, directory, how, writer, OLD, NEW))
    return result["found"], set(result["left"])


@pytest.mark.parametrize("how", ["calls", "bytes"])
@pytest.mark.parametrize("writer", ["text", "blocks", "lock"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_file(
    tmp_path, how, writer
):
    found, left = sweep(tmp_path, how, writer)
    switch = found.index(NEW)
    assert switch > 5, "the sweep killed too rarely to show anything"
    assert found[:switch] == [OLD] * switch
    assert found[switch:] == [NEW] * (len(found) - switch)
    assert left <= {"report.json", ".lock", ".owner.json"}


@pytest.mark.parametrize("how", ["calls", "bytes"])
def test_the_same_sweep_catches_a_plain_write(tmp_path, how):
    found, _ = sweep(tmp_path, how, "plain")
    assert set(found) - {OLD, NEW}


def test_content_reaches_the_disk_before_its_name_does(tmp_path, disk_events):
    target = tmp_path / "report.json"
    files.write_text(target, NEW)
    file, folder = target.stat().st_ino, tmp_path.stat().st_ino
    assert disk_events == [
        ("fsync", file),
        ("replace", file),
        ("fsync", folder),
    ]


@pytest.mark.parametrize("limit", [0, 1, len(OLD), 99_999])
def test_a_full_disk_leaves_the_old_file_and_the_process_goes_on(
    tmp_path, limit
):
    code = """
import pathlib, resource, sys
from keras_fer import files
target, limit = pathlib.Path(sys.argv[1]), int(sys.argv[2])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
try:
    files.write_text(target, "x" * 100_000)
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
files.write_text(target.with_name("next.txt"), "written")
"""
    target = tmp_path / "report.md"
    files.write_text(target, OLD)
    assert "too large" in run_child(code, target, limit)
    assert target.read_text(encoding="utf-8") == OLD
    assert sorted(os.listdir(tmp_path)) == ["next.txt", "report.md"]


def test_an_error_in_the_block_leaves_the_old_file(tmp_path):
    target = tmp_path / "model.keras"
    files.write_text(target, OLD)
    with pytest.raises(KeyboardInterrupt):
        with files.atomic_path(target) as path:
            path.write_text("half")
            raise KeyboardInterrupt
    assert target.read_text(encoding="utf-8") == OLD
    assert os.listdir(tmp_path) == ["model.keras"]


def test_missing_folders_are_created(tmp_path):
    files.write_text(tmp_path / "runs" / "first" / "a.txt", NEW)
    written = (tmp_path / "runs" / "first" / "a.txt").read_bytes()
    assert written == NEW.encode()


def test_the_temporary_name_keeps_the_ending_that_writers_ask_for(tmp_path):
    for ending in (".png", ".keras", ".weights.h5", "n" * 200 + ".keras"):
        with files.atomic_path(tmp_path / f"epoch-0.5{ending}") as path:
            assert path.parent == tmp_path
            assert path.name.endswith(ending[-50:])
            path.touch()


def test_two_writers_of_one_target_do_not_share_a_temporary_file(tmp_path):
    target = tmp_path / "history.csv"
    texts = [str(number) * 50_000 for number in range(8)]
    threads = [
        threading.Thread(target=files.write_text, args=(target, text))
        for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in texts
    assert os.listdir(tmp_path) == ["history.csv"]
    with files.atomic_path(target) as outer:
        outer.write_text("outer")
        files.write_text(target, "inner")
    assert target.read_text() == "outer"


@pytest.mark.parametrize(
    "name",
    [
        "ünï 顔 😀.json",
        " with  spaces .json",
        "line\nbreak.json",
        "[g]lob*?.json",
        "-rf.json",
        ".json",
        os.fsdecode(b"not-utf8-\xe9.json"),
        "n" * 250 + ".json",
        "顔" * 83 + ".json",
    ],
)
def test_any_legal_name_can_be_written(tmp_path, name):
    target = tmp_path / name
    files.write_json(target, {"name": name})
    assert json.loads(target.read_text(encoding="utf-8")) == {"name": name}
    assert os.listdir(tmp_path) == [name]
    assert files.sha256(target) == files.sha256(str(target))


@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8"])
def test_text_is_utf8_with_plain_line_ends_in_any_locale(tmp_path, locale):
    code = """
import sys
from keras_fer import files
files.write_text(sys.argv[1], ascii_text.encode().decode("unicode_escape"))
""".replace("ascii_text", ascii(NEW.encode("unicode_escape").decode()))
    environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0"}
    environment["PYTHONCOERCECLOCALE"] = "0"
    run_child(code, tmp_path / "a.txt", env=environment)
    assert (tmp_path / "a.txt").read_bytes() == NEW.encode("utf-8")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), np.float64("nan")]
)
def test_json_refuses_what_json_cannot_hold(tmp_path, value):
    target = tmp_path / "report.json"
    files.write_json(target, {"accuracy": 0.5})
    with pytest.raises(ValueError, match=r"report\.json.*None"):
        files.write_json(target, {"per_class": [{"recall": value}]})
    assert json.loads(target.read_text()) == {"accuracy": 0.5}
    files.write_json(target, {"per_class": [{"recall": None}]})
    assert json.loads(target.read_text()) == {"per_class": [{"recall": None}]}


def test_only_leftovers_of_a_killed_writer_are_cleared(tmp_path):
    code = """
import os, signal, sys
from keras_fer import files
with files.atomic_path(sys.argv[1]) as path:
    path.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    kept = {
        ".partial.notes.md",
        ".partial.0123456g.a.txt",
        "a.partial.01234567.txt",
        ".a.123.partial.txt",
        "a.txt",
    }
    for name in kept:
        (tmp_path / name).touch()
    folder = tmp_path / ".partial.01234567.folder"
    (folder / "inside").mkdir(parents=True)
    for name in ("a.txt", "line\nbreak.txt"):
        with pytest.raises(subprocess.CalledProcessError):
            run_child(code, tmp_path / name)
    cleared = files.clear_partial_files(tmp_path)
    assert len(cleared) == 2
    assert set(os.listdir(tmp_path)) == kept | {folder.name}
    assert files.clear_partial_files(tmp_path / "absent") == []


@pytest.fixture
def holder(tmp_path):
    """A process that owns `tmp_path`, and dies with the test."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_at_once_and_told_by_whom(tmp_path, holder):
    start = time.monotonic()
    with pytest.raises(files.DirectoryInUseError) as refusal:
        with files.lock_directory(tmp_path):
            pytest.fail("two processes own one directory")
    assert time.monotonic() - start < 5
    owner = f"process {holder.pid} on {socket.gethostname()}"
    assert owner in str(refusal.value)
    assert str(tmp_path) in str(refusal.value)


def test_a_refusal_does_not_need_the_record_of_the_owner(tmp_path, holder):
    for text in ("", "{", "[]", "{}"):
        (tmp_path / ".owner.json").write_text(text)
        with pytest.raises(files.DirectoryInUseError, match="another process"):
            with files.lock_directory(tmp_path):
                pytest.fail("two processes own one directory")


def test_a_killed_owner_frees_the_directory(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with files.lock_directory(tmp_path):
        owner = json.loads((tmp_path / ".owner.json").read_text())
        assert owner == {"pid": os.getpid(), "host": socket.gethostname()}
    assert os.listdir(tmp_path) == [".lock"]


def test_a_lock_that_cannot_be_recorded_is_given_back(tmp_path, monkeypatch):
    def full_disk(target, value):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_json", full_disk)
        with pytest.raises(OSError, match="No space left"):
            with files.lock_directory(tmp_path):
                pytest.fail("owned without a record")
    with files.lock_directory(tmp_path):
        pass


@pytest.mark.parametrize("size", [0, 3, 1_000_001])
def test_sha256_equals_the_hash_of_the_whole_content(tmp_path, size):
    content = np.random.default_rng(size).bytes(size)
    path = tmp_path / "bytes"
    path.write_bytes(content)
    assert files.sha256(path) == hashlib.sha256(content).hexdigest()


def test_sha256_is_the_published_one(tmp_path):
    path = Path(tmp_path, "abc")
    path.write_bytes(b"abc")
    assert files.sha256(path) == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
