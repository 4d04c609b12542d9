"""One bad photo costs the others nothing, whatever is bad about it."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from keras_fer import cli
from keras_fer import files

DETECTORS = """
from photographed import find_marked

def fail_without_a_face(photo):
    found = find_marked(photo)
    if not found:
        raise RuntimeError("out of luck")
    return found
"""


@pytest.fixture
def ask(small_model, capsys, tmp_path, monkeypatch):
    """Runs the command; its status, the JSON it writes and its message."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "failing_detectors.py").write_text(DETECTORS)
    monkeypatch.syspath_prepend(folder)

    def run(*words, detector="photographed:find_marked"):
        path = tmp_path / "answers.json"
        words = (*words, "--model", small_model, "--detector", detector)
        status = cli.main(["predict", *map(str, words), "--json", str(path)])
        records = json.loads(path.read_text()) if path.exists() else None
        return status, records, capsys.readouterr().err

    return run


def test_a_detector_that_fails_at_a_photo_costs_that_photo(ask, photo_folder):
    status, records, error = ask(
        photo_folder, detector="failing_detectors:fail_without_a_face"
    )
    assert status == 3
    (fault,) = (record["error"] for record in records if "error" in record)
    assert fault == f"{photo_folder / 'c.webp'}: RuntimeError: out of luck"
    assert fault in error and "1 of 3 photos" in error
    assert sum("faces" in record for record in records) == 2


def test_a_name_too_long_to_be_written_costs_that_photo(
    ask, photo_folder, tmp_path
):
    folder = tmp_path / "photos"
    folder.mkdir()
    longest = "x" * 251 + ".png"  # its crops have names of 257 bytes
    for name in ("a.png", longest):
        shutil.copy(photo_folder / "a.png", folder / name)
    status, records, error = ask(folder, "--crops", tmp_path / "crops")
    assert status == 3 and longest in error
    assert ["error" in record for record in records] == [False, True]
    assert len(list((tmp_path / "crops").iterdir())) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_where_nothing_can_be_written_the_job_ends(
    number, ask, photo_folder, tmp_path, monkeypatch
):
    atomic_path = files.atomic_path

    def refuse(target):
        if Path(target).suffix != ".png":
            return atomic_path(target)
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(files, "atomic_path", refuse)
    status, records, error = ask(photo_folder, "--crops", tmp_path / "crops")
    assert (status, records) == (3, None)
    assert os.strerror(number) in error and "a.1.png" in error
    assert "photos have no answer" not in error


def test_a_dead_link_is_named_and_the_others_answered(
    ask, photo_folder, tmp_path
):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(photo_folder / "a.png", folder)
    (folder / "dead.png").symlink_to("gone.png")
    status, records, error = ask(folder)
    assert status == 3 and "dead.png is a link" in error
    assert "1 of 2 photos" in error
    assert [len(record["faces"]) for record in records] == [2]


def test_a_photo_that_came_later_takes_no_earlier_ones_picture(
    ask, photo_folder, tmp_path
):
    folder, drawn = tmp_path / "photos", tmp_path / "drawn"
    folder.mkdir()
    shutil.copy(photo_folder / "c.webp", folder / "p.webp")
    words = (folder, "--journal", tmp_path / "a.jsonl", "--annotate", drawn)
    assert ask(*words)[0] == 0
    before = (drawn / "p.png").read_bytes()
    # Listed first, and its name without suffix is the same.
    shutil.copy(photo_folder / "a.png", folder / "p.png")
    status, records, _ = ask(*words, "--resume")
    assert status == 0
    assert (drawn / "p.png").read_bytes() == before
    assert (drawn / "p-2.png").read_bytes() != before
    outputs = {Path(entry["path"]).name: entry["output"] for entry in records}
    assert outputs == {"p.png": "p-2", "p.webp": "p"}


def test_a_damaged_line_of_the_journal_is_named_and_asked_again(
    ask, photo_folder, tmp_path
):
    journal = tmp_path / "a.jsonl"
    whole = ask(photo_folder, "--journal", journal)
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = b"{\n"
    journal.write_bytes(b"".join(lines))
    status, records, error = ask(photo_folder, "--journal", journal, "--resume")
    assert (status, records) == whole[:2]
    assert "line 3 cannot be understood" in error and "2 of 3" in error
