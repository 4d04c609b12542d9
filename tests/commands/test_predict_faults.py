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
from keras_fer.face_detectors import Face
from photographed import find_marked

def fail_without_a_face(photo):
    found = find_marked(photo)
    if not found:
        raise RuntimeError("out of luck")
    return found

def find_one_too_many(photo):
    found = find_marked(photo)
    return [*found, Face((0.0, 1.0, 8.0, 9.0))] if found else []
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


def test_a_face_that_cannot_be_cut_out_costs_that_face(
    ask, photo_folder, tmp_path
):
    words = (photo_folder, "--crops", tmp_path / "crops")
    words += ("--csv", tmp_path / "a.csv")
    _, whole, _ = ask(*words)
    crops = read_all(tmp_path / "crops")
    table = (tmp_path / "a.csv").read_text()
    journal = ("--journal", tmp_path / "a.jsonl")
    detector = "failing_detectors:find_one_too_many"
    status, records, error = ask(*words, *journal, detector=detector)
    assert status == 3
    *faults, last = error.splitlines()
    for name, fault in zip(("a.png", "inner/b.jpg"), faults, strict=True):
        assert f"{photo_folder / name}: the face (0, 1) to (8, 9)" in fault
        assert "8x8 pixels" in fault
    assert last == (
        "All 3 photos have an answer, but for the faces named here."
    )
    for found, expected in zip(records, whole, strict=True):
        is_seen = bool(expected["faces"])
        boxes = [face["box"] for face in found.pop("skipped")]
        assert boxes == [[0, 1, 8, 9]] * is_seen
        assert expected.pop("skipped") == [] and found == expected
    assert read_all(tmp_path / "crops") == crops
    assert (tmp_path / "a.csv").read_text() == table
    # Who goes on is told again.
    again = ask(*words, *journal, "--resume", detector=detector)
    assert again[0] == 3 and error in again[2]


def read_all(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*.png")
    }


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
    assert len(list((tmp_path / "crops").glob("*.png"))) == 2


@pytest.fixture
def refuse_pictures(monkeypatch):
    """Lets all writing of PNG fail with an error of the system."""
    atomic_path = files.atomic_path

    def refuse_with(number):
        def refuse(target):
            if Path(target).suffix != ".png":
                return atomic_path(target)
            with files.full_disk_named(target):
                raise OSError(number, os.strerror(number), str(target))

        monkeypatch.setattr(files, "atomic_path", refuse)

    return refuse_with


@pytest.mark.parametrize(
    ("number", "expected"), [(errno.ENOSPC, 4), (errno.EACCES, 3)]
)
def test_where_nothing_can_be_written_the_job_ends(
    number, expected, ask, photo_folder, tmp_path, refuse_pictures
):
    refuse_pictures(number)
    status, records, error = ask(photo_folder, "--crops", tmp_path / "crops")
    assert (status, records) == (expected, None)
    assert error.count("a.1.png") == error.count(os.strerror(number)) == 1
    assert ("--journal FILE" in error) == (expected == 4)
    assert "photos have no answer" not in error


def test_after_a_full_disk_the_command_goes_on(
    ask, photo_folder, tmp_path, refuse_pictures, monkeypatch
):
    words = ("--journal", tmp_path / "a.jsonl", "--crops", tmp_path / "crops")
    refuse_pictures(errno.ENOSPC)
    photos = (photo_folder / "c.webp", photo_folder / "a.png")
    status, _, error = ask(*photos, *words)  # the first has no face
    assert status == 4 and "bytes are free" in error
    assert f"{tmp_path / 'a.jsonl'}; the same command with --resume" in error
    monkeypatch.undo()
    status, records, error = ask(*photos, *words, "--resume")
    assert status == 0 and "1 of 2 photos" in error
    assert [len(record["faces"]) for record in records] == [0, 2]


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
