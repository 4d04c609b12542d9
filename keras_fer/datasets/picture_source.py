"""A data set before anything is decoded: its pictures and their identity."""

import dataclasses
import functools
import hashlib
import zipfile
import zlib
from pathlib import Path

from keras_fer.errors import DataError

# An aligned face has a few kilobytes; no file may fill the memory.
MAX_PICTURE_BYTES = 20_000_000
SPLITS = ("train", "validation", "test")
NO_LABEL = -1  # TFDS's value for it, which no class can have


@dataclasses.dataclass(frozen=True)
class Record:
    """One picture, unread.

    Attributes:
        name: path inside the data set, for messages.
        split: one of `SPLITS`.
        label: index into the variant's classes, or `NO_LABEL` where the
            owners of the data set keep it to themselves.
        path: the file, or the archive or csv that holds it.
        member: name inside the archive, or where its line begins in the
            csv, in bytes; None for a file.
    """

    name: str
    split: str
    label: int
    path: Path
    member: str | None = None


@dataclasses.dataclass(frozen=True)
class PictureSource:
    """All pictures of a data set, by their names or by a csv's lines.

    Attributes:
        directory: the folder they lie in.
        variant: which of the data set's label sets, None if it has one.
        layout: how the folder is laid out, in words.
        class_names: the classes, in the order of the labels.
        records: one `Record` a picture.
    """

    directory: Path
    variant: str | None
    layout: str
    class_names: tuple[str, ...]
    records: tuple[Record, ...]

    @property
    def splits(self):
        """The splits that have pictures, in the order of `SPLITS`."""
        present = {record.split for record in self.records}
        return tuple(split for split in SPLITS if split in present)

    def take_split(self, split):
        """The same source with the pictures of one split alone."""
        records = tuple(r for r in self.records if r.split == split)
        return dataclasses.replace(self, records=records)

    def read_all(self):
        """Yields (record, bytes), opening an archive once."""
        archives = {}
        try:
            for record in self.records:
                if record.member is None:
                    yield record, _read(record.path)
                    continue
                if record.path not in archives:
                    archives[record.path] = zipfile.ZipFile(record.path)
                try:
                    content = archives[record.path].read(record.member)
                except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise DataError(
                        f"{record.path}: {record.member} is damaged "
                        f"({error}). Fetch the archive again."
                    ) from error
                yield record, content
        finally:
            for archive in archives.values():
                archive.close()

    @functools.cached_property
    def identity(self):
        """SHA-256 over classes, names, splits, labels and all bytes."""
        return hash_pictures(
            self.class_names,
            (
                (record.name, record.split, record.label, content)
                for record, content in self.read_all()
            ),
        )


def hash_pictures(class_names, pictures):
    """SHA-256 of a data set, as hexadecimal digits.

    Args:
        class_names: the classes, in the order of the labels.
        pictures: (name, split, label, content) of each, in a fixed order.
    """
    digest = hashlib.sha256(repr(tuple(class_names)).encode())
    for name, split, label, content in pictures:
        line = f"{name}\0{split}\0{label}\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _read(path):
    try:
        if path.stat().st_size > MAX_PICTURE_BYTES:
            raise DataError(
                f"{path} has {path.stat().st_size:,} bytes; a face has a few "
                "thousand. Unpack it again."
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}). Unpack it again, or "
            "make it readable: chmod -R u+rwX FOLDER."
        ) from error
