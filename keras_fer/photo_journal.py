"""Answers kept as they come, so that a stopped program can go on.

A file of JSON, an object a line: first the settings that the answers were
made with, then an answer a photo, each flushed to the disk. A kill loses at
most the line that was being written.
"""

import contextlib
import errno
import json
import os
from pathlib import Path

from keras_fer import files
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


class PhotoJournal:
    """The answers to many photos, on the disk.

    Owned by one process until it is closed. A file without an answer counts
    as new.

    Args:
        path: the file.
        settings: plain values that an answer depends on.
        resume: whether to go on with a file that is there. A last line that
            was cut off is removed.

    Attributes:
        path: the file.
        damaged: the numbers, from 1, of lines that cannot be understood;
            their photos count as unanswered.

    Raises:
        UsageError: if there is such a file and `resume` is False, if it was
            made with other settings, or if another process has it.
        DataError: if it is no journal.
    """

    def __init__(self, path, settings, *, resume=False):
        self.path, self.damaged = Path(path), []
        # path of a photo -> (stamp, offset of its line, its output's name)
        self._places = {}
        settings = json.loads(json.dumps(settings))
        with contextlib.ExitStack() as stack:
            stack.enter_context(files.lock_file(self.path))
            if _has_no_answer(self.path, settings):
                files.write_text(self.path, json.dumps(settings) + "\n")
            elif not resume:
                raise UsageError(
                    f"{self.path} holds the answers of an earlier command. Go "
                    "on with it: --resume. Or remove it."
                )
            self._file = stack.enter_context(self.path.open("rb+", buffering=0))
            self._read(settings)
            self._opened = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._opened.close()

    def __len__(self):
        return len(self._places)

    def append(self, record, stamp=None):
        """Keeps an answer.

        Args:
            record: dict of plain values, with the photo's "path".
            stamp: what tells whether the photo is still the same, such as
                `file_stamp` gives it. None: it is asked again next time.

        Raises:
            DiskFullError: if nothing more fits; the lines before are whole.
        """
        # ASCII alone: names of files may hold what UTF-8 has not.
        line = json.dumps({"stamp": stamp, **record}).encode() + b"\n"
        place = self._file.seek(0, os.SEEK_END)
        with files.full_disk_named(self.path):
            written = self._file.write(line)
            if written != len(line):
                self._file.truncate(place)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        self._places[record["path"]] = stamp, place, record.get("output")

    def is_answered(self, path, stamp):
        """Whether the photo was answered, and is the same file still."""
        known, *_ = self._places.get(path, (None,))
        return stamp is not None and known == stamp

    def get(self, path):
        """The last answer to a photo, as it was appended; None if none."""
        if path not in self._places:
            return None
        self._file.seek(self._places[path][1])
        record = json.loads(_read_line(self._file))
        del record["stamp"]
        return record

    def outputs(self):
        """Path of a photo -> what its "output" is called, where it has one."""
        return {
            path: output
            for path, (*_, output) in self._places.items()
            if output is not None
        }

    def _read(self, settings):
        with self.path.open("rb") as file:
            self._check_settings(file.readline(), settings)
            place = file.tell()
            for number, line in enumerate(file, 2):
                if not line.endswith(b"\n"):
                    self._file.truncate(place)
                    break
                try:
                    record = json.loads(line)
                    path, stamp = record["path"], record["stamp"]
                    output = record.get("output")
                    if not isinstance(path, str) or not isinstance(
                        output, str | None
                    ):
                        raise TypeError("a name is a string")
                    self._places[path] = stamp, place, output
                except (ValueError, KeyError, TypeError):
                    self.damaged.append(number)
                place += len(line)

    def _check_settings(self, line, settings):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise DataError(
                f"{self.path} is no journal of keras-fer predict: line 1 "
                "cannot be understood. Remove it."
            ) from error
        if found != settings:
            raise UsageError(
                f"{self.path} was made with other settings: "
                f"{_difference(found, settings)}. Repeat those, or name "
                "another journal."
            )


def file_stamp(path):
    """What changes when a file changes: its size and time; None if absent."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _has_no_answer(path, settings):
    """Whether a file is absent, empty, or settings alone, cut off or whole.

    Whatever else it holds is not this program's to write over.
    """
    try:
        with path.open("rb") as file:
            line, rest = file.readline(), file.read(1)
    except FileNotFoundError:
        return True
    if rest:
        return False
    if json.dumps(settings).encode().startswith(line):
        return True
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and found.keys() == settings.keys()


def _read_line(file):
    """A line of an unbuffered file, in few reads."""
    parts = []
    while part := file.read(1 << 16):
        head, end, _ = part.partition(b"\n")
        parts.append(head)
        if end:
            break
    return b"".join(parts)


def _difference(found, wanted):
    if not isinstance(found, dict):
        return "it names none"
    names = sorted(set(found) | set(wanted))
    return ", ".join(
        f"{name} {found.get(name)!r}, now {wanted.get(name)!r}"
        for name in names
        if found.get(name) != wanted.get(name)
    )
