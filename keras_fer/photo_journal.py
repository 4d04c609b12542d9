"""Answers kept as they come, so that a stopped program can go on.

A file of JSON, an object a line: first the settings that the answers were
made with, then an answer a photo, each flushed to the disk. A kill loses at
most the line that was being written.
"""

import json
import os
from pathlib import Path

from keras_fer import files
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


class PhotoJournal:
    """The answers to many photos, on the disk.

    Args:
        path: the file.
        settings: plain values that an answer depends on.
        resume: whether to go on with a file that is there. A line that was
            cut off is removed.

    Raises:
        UsageError: if there is such a file and `resume` is False, or if it
            was made with other settings.
        DataError: if it is no journal.
    """

    def __init__(self, path, settings, *, resume=False):
        self.path = Path(path)
        self._places = {}  # path of a photo -> (stamp, offset of its line)
        settings = json.loads(json.dumps(settings))
        if not self.path.exists():
            files.write_text(self.path, json.dumps(settings) + "\n")
        elif not resume:
            raise UsageError(
                f"{self.path} holds the answers of an earlier command. Go on "
                "with it: --resume. Or remove it."
            )
        self._file = self.path.open("rb+", buffering=0)
        try:
            self._read(settings)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def __len__(self):
        return len(self._places)

    def append(self, record, stamp=None):
        """Keeps an answer.

        Args:
            record: dict of plain values, with the photo's "path".
            stamp: what tells whether the photo is still the same, such as
                `file_stamp` gives it. None: it is asked again next time.
        """
        # ASCII alone: names of files may hold what UTF-8 has not.
        line = json.dumps({"stamp": stamp, **record}).encode() + b"\n"
        place = self._file.seek(0, os.SEEK_END)
        written = self._file.write(line)
        if written != len(line):
            self._file.truncate(place)
            raise OSError(f"{self.path} cannot be written: the disk is full")
        os.fsync(self._file.fileno())
        self._places[record["path"]] = stamp, place

    def is_answered(self, path, stamp):
        """Whether the photo was answered, and is the same file still."""
        known, _ = self._places.get(path, (None, None))
        return stamp is not None and known == stamp

    def get(self, path):
        """The last answer to a photo, as it was appended; None if none."""
        if path not in self._places:
            return None
        self._file.seek(self._places[path][1])
        record = json.loads(_read_line(self._file))
        del record["stamp"]
        return record

    def _read(self, settings):
        with self.path.open("rb") as file:
            place = 0
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    self._file.truncate(place)
                    break
                try:
                    record = json.loads(line)
                    if number:
                        stamp = record["stamp"]
                        self._places[record["path"]] = stamp, place
                except (ValueError, KeyError, TypeError) as error:
                    raise DataError(
                        f"{self.path} is no journal of keras-fer predict: "
                        f"line {number + 1} cannot be understood. Remove it."
                    ) from error
                if not number and record != settings:
                    raise UsageError(
                        f"{self.path} was made with other settings: "
                        f"{_difference(record, settings)}. Repeat those, or "
                        "name another journal."
                    )
                place += len(line)


def file_stamp(path):
    """What changes when a file changes: its size and time; None if absent."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


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
