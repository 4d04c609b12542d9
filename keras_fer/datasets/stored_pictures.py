"""Compressed pictures that stay in their files until they are asked for.

A data set that is larger than memory is read as training goes: `LabeledFaces`
holds these in place of a tuple of `bytes`, and everything else is as before.
"""

import collections.abc
import dataclasses
import os
from pathlib import Path

import numpy as np

from keras_fer.errors import DataError

# Of all compressed pictures of a data set; training needs twice as much for
# what is in memory. About 190,000 faces of 2.8 kB.
MAX_BYTES_IN_MEMORY = 1 << 29


@dataclasses.dataclass(frozen=True, eq=False)
class StoredPictures(collections.abc.Sequence):
    """A sequence of pictures, each read when it is asked for.

    Attributes:
        paths: the files that hold them.
        stamps: size and time of each, by which a changed file is noticed.
        places: int64 `(num_pictures, 3)`: index of the file, where the
            picture begins in it, and its length, both in bytes.
    """

    paths: tuple[str, ...]
    stamps: tuple[tuple[int, int], ...]
    places: np.ndarray

    @classmethod
    def within(cls, paths, places):
        """Pictures within files as they are now; see the attributes.

        Raises:
            DataError: if a file cannot be read.
        """
        paths = tuple(map(os.fspath, paths))
        places = np.array(places, "int64").reshape(-1, 3)
        return cls(paths, tuple(map(_stamp, paths)), places)

    @classmethod
    def whole(cls, paths):
        """Pictures that are a file each.

        Raises:
            DataError: if a file cannot be read.
        """
        found = cls.within(paths, ())
        sizes = [size for size, _ in found.stamps]
        numbers = np.arange(len(sizes))
        places = np.stack([numbers, 0 * numbers, sizes], axis=1)
        return dataclasses.replace(found, places=places.astype("int64"))

    @property
    def num_bytes(self) -> int:
        """Of all pictures together."""
        return int(self.places[:, 2].sum())

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self.take(range(*index.indices(len(self))))
        number, start, length = map(int, self.places[index])
        path = self.paths[number]
        try:
            with open(path, "rb", buffering=0) as file:
                if _stamp(file.fileno()) != self.stamps[number]:
                    raise DataError(
                        f"{path} changed while its pictures were in use. "
                        "Start the command again."
                    )
                file.seek(start)
                content = file.read(length)
        except OSError as error:
            raise _unreadable(path, error) from error
        if len(content) != length:
            raise DataError(f"{path} ends in the middle of a picture.")
        return content

    def take(self, indices) -> "StoredPictures":
        """The pictures at `indices`, in that order."""
        indices = np.asarray(indices, "int64")
        return dataclasses.replace(self, places=self.places[indices])

    def __add__(self, other: "StoredPictures") -> "StoredPictures":
        moved = other.places + np.array([len(self.paths), 0, 0])
        return StoredPictures(
            self.paths + other.paths,
            self.stamps + other.stamps,
            np.concatenate([self.places, moved]),
        )


def index_records(paths):
    """Where the pictures of a TFDS data set lie within its files.

    Args:
        paths: of TFRecord files, not compressed, whose examples hold a
            picture as "image".

    Returns:
        (`StoredPictures`, a list of the other features of each example:
        {name: its first value}).

    Raises:
        tf.errors.DataLossError: if a record does not fit its checksum.
    """
    import tensorflow as tf

    places, others = [], []
    for number, path in enumerate(paths):
        start = 0
        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            example = tf.train.Example.FromString(record)
            features = {
                name: getattr(feature, feature.WhichOneof("kind")).value[0]
                for name, feature in example.features.feature.items()
            }
            image = features.pop("image")
            # A record stands between its length (8 bytes), a checksum of it
            # (4) and a checksum of its own (4).
            inside = record.index(image)
            places.append((number, start + 12 + inside, len(image)))
            others.append(features)
            start += 12 + len(record) + 4
    return StoredPictures.within(map(Path, paths), places), others


def _stamp(file):
    try:
        found = os.stat(file)
    except OSError as error:
        raise _unreadable(file, error) from error
    return found.st_size, found.st_mtime_ns


def _unreadable(path, error):
    return DataError(
        f"{path} cannot be read any more ({error.strerror}). Start the "
        "command again."
    )
