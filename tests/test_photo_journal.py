"""No answer that was kept is lost, and none is taken for another's."""

import os
import subprocess
import sys

import pytest

from keras_fer.errors import DataError
from keras_fer.errors import DiskFullError
from keras_fer.errors import UsageError
from keras_fer.photo_journal import PhotoJournal
from keras_fer.photo_journal import file_stamp
from recipe_command import environment_of

SETTINGS = {"model": "abc", "ten_crop": False}
RECORDS = [
    {"path": f"odd\n\udce9{number}.jpg", "faces": [{"score": number / 7}]}
    for number in range(3)
]


def write(path, records=RECORDS, settings=SETTINGS):
    with PhotoJournal(path, settings) as journal:
        for record in records:
            journal.append(record, [1, 2])


def test_answers_are_read_back_as_they_were(tmp_path):
    path = tmp_path / "answers.jsonl"
    write(path)
    with PhotoJournal(path, SETTINGS, resume=True) as journal:
        assert len(journal) == 3
        for record in reversed(RECORDS):
            assert journal.get(record["path"]) == record
        assert journal.get("another.jpg") is None


def test_the_last_answer_counts(tmp_path):
    path = tmp_path / "answers.jsonl"
    error = {"path": RECORDS[0]["path"], "error": "gone"}
    write(path, [RECORDS[0], error])
    with PhotoJournal(path, SETTINGS, resume=True) as journal:
        assert len(journal) == 1
        assert journal.get(error["path"]) == error


def test_a_changed_photo_counts_as_unanswered(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"1")
    stamp = file_stamp(photo)
    with PhotoJournal(tmp_path / "answers.jsonl", SETTINGS) as journal:
        assert not journal.is_answered(str(photo), stamp)
        journal.append({"path": str(photo)}, stamp)
        assert journal.is_answered(str(photo), stamp)
        photo.write_bytes(b"12")
        assert not journal.is_answered(str(photo), file_stamp(photo))
        journal.append({"path": "b.jpg"}, None)
        assert not journal.is_answered("b.jpg", file_stamp(tmp_path / "b.jpg"))


def test_a_cut_at_any_byte_leaves_the_lines_before_it(tmp_path):
    path = tmp_path / "answers.jsonl"
    write(path)
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    for length in range(first, len(content) + 1, 3):
        path.write_bytes(content[:length])
        with PhotoJournal(path, SETTINGS, resume=True) as journal:
            whole = content[:length].count(b"\n") - 1
            assert len(journal) == whole
            journal.append(RECORDS[2], [1, 2])
        with PhotoJournal(path, SETTINGS, resume=True) as journal:
            kept = {record["path"] for record in RECORDS[:whole]}
            for record in RECORDS:
                known = record["path"] in kept or record is RECORDS[2]
                assert journal.get(record["path"]) == (
                    record if known else None
                )


def test_a_journal_is_not_written_over_unless_resumed(tmp_path):
    path = tmp_path / "answers.jsonl"
    write(path)
    with pytest.raises(UsageError, match="--resume"):
        PhotoJournal(path, SETTINGS)
    with pytest.raises(UsageError, match="ten_crop False, now True"):
        PhotoJournal(path, SETTINGS | {"ten_crop": True}, resume=True)


@pytest.mark.parametrize("content", [b"<html>\n", b"\0\n", b"[]\n"])
def test_what_is_no_journal_is_refused(content, tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_bytes(content)
    with pytest.raises((DataError, UsageError), match="answers.jsonl"):
        PhotoJournal(path, SETTINGS, resume=True)
    assert path.read_bytes() == content


def test_a_damaged_line_is_named_and_costs_its_photo_alone(tmp_path):
    path = tmp_path / "answers.jsonl"
    write(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for damage in (b"{\n", b"\0\xff\n", b"[]\n", b'{"path": 5, "stamp": 1}\n'):
        path.write_bytes(b"".join([*lines[:2], damage, *lines[3:]]))
        with PhotoJournal(path, SETTINGS, resume=True) as journal:
            assert journal.damaged == [3]
            for number, record in enumerate(RECORDS):
                answered = journal.is_answered(record["path"], [1, 2])
                assert answered == (number != 1)
                if answered:
                    assert journal.get(record["path"]) == record


def test_a_file_without_answers_is_a_new_journal(tmp_path):
    path = tmp_path / "answers.jsonl"
    write(path, [])
    first = path.read_bytes()
    # Cut at any byte, empty, or whole with other settings.
    for content in (*(first[:n] for n in range(len(first))), first):
        for resume in (False, True):
            path.write_bytes(content)
            with PhotoJournal(path, SETTINGS, resume=resume) as journal:
                assert len(journal) == 0
                assert path.read_bytes() == first
    with PhotoJournal(path, SETTINGS | {"ten_crop": True}) as journal:
        journal.append(RECORDS[0], [1, 2])
    with pytest.raises(UsageError, match="ten_crop True, now False"):
        PhotoJournal(path, SETTINGS, resume=True)


@pytest.mark.parametrize("content", [b"notes", b'{"model": "x"}', b"{}\n"])
def test_another_programs_file_is_never_written_over(content, tmp_path):
    path = tmp_path / "notes"
    path.write_bytes(content)
    for resume in (False, True):
        with pytest.raises((DataError, UsageError), match="notes"):
            PhotoJournal(path, SETTINGS, resume=resume)
    assert path.read_bytes() == content


def test_a_journal_has_one_owner(tmp_path):
    path = tmp_path / "answers.jsonl"
    code = (
        "import sys\n"
        "from keras_fer.photo_journal import PhotoJournal\n"
        "with PhotoJournal(sys.argv[1], {'a': 1}, resume=True):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path],
        env=environment_of(PYTHONPATH=os.pathsep.join(sys.path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout.readline() == b"open\n"
        for resume in (False, True):
            with pytest.raises(UsageError, match=f"process {owner.pid} on "):
                PhotoJournal(path, {"a": 1}, resume=resume)
        owner.kill()
    with PhotoJournal(path, {"a": 1}, resume=True) as journal:
        journal.append(RECORDS[0], [1, 2])
    with PhotoJournal(path, {"a": 1}, resume=True) as journal:
        assert len(journal) == 1


@pytest.mark.parametrize("room", [0, 10])
def test_an_answer_that_does_not_fit_costs_no_other(room, tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "answers.jsonl"
    with PhotoJournal(path, SETTINGS) as journal:
        journal.append(RECORDS[0], [1, 2])
        before = path.read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (len(before) + room, limits[1])
        )
        try:
            with pytest.raises(DiskFullError, match="answers.jsonl"):
                journal.append(RECORDS[1], [1, 2])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == before
        journal.append(RECORDS[1], [1, 2])
        assert journal.get(RECORDS[1]["path"]) == RECORDS[1]


def test_outputs_keep_their_names(tmp_path):
    path = tmp_path / "answers.jsonl"
    record = {"path": "a.jpg", "output": "a-2"}
    write(path, [*RECORDS, record])
    with PhotoJournal(path, SETTINGS, resume=True) as journal:
        assert journal.outputs() == {"a.jpg": "a-2"}
        assert journal.get("a.jpg") == record
