"""Data sets prepared once for each source, and checked when read back.

TFDS reuses whatever was prepared under a name and version. Here it lies in a
folder named by the hash of its source, so that another folder, or one changed
label, is prepared anew and two sources never meet.
"""

import contextlib
import dataclasses
import os
import shutil
import time
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from keras_fer import files
from keras_fer.datasets import stored_pictures
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.picture_source import hash_pictures
from keras_fer.errors import DataError

_PAUSE = 0.2  # seconds between two looks whether the other is done


def load_prepared(builder_class, source, cache_dir=None, say=None):
    """Prepares a checked source once, and gives the compressed pictures.

    Args:
        builder_class: a TFDS builder whose examples are `generate_examples`
            of `source`; its config is the source's variant.
        source: `PictureSource`.
        cache_dir: where prepared data is kept; see `cache_directory`.
        say: called with a message where another process has to be waited
            for, which prepares the same.

    Returns:
        {split: `LabeledFaces`} for each of the source's splits, an unlabelled
        picture with label `picture_source.NO_LABEL`. Pictures of more than
        `stored_pictures.MAX_BYTES_IN_MEMORY` stay in the prepared files.

    Raises:
        DataError: if what was prepared is not the source.
    """
    directory = cache_directory(cache_dir) / source.identity[:16]
    with _wait_for_turn(directory, say):
        parts = _read_back(builder_class, source, directory)
        if parts is None:
            # Absent, killed half-way, or damaged since.
            shutil.rmtree(directory, ignore_errors=True)
            builder = _builder(builder_class, source, directory)
            with files.full_disk_named(directory):
                builder.download_and_prepare(
                    download_config=tfds.download.DownloadConfig(
                        manual_dir=str(source.directory.resolve())
                    )
                )
            parts = _read_back(builder_class, source, directory)
    if parts is None:
        raise DataError(
            f"{source.directory} changed while it was prepared, or "
            f"{directory} cannot be read back. Run the command again."
        )
    return parts


def picture_features(class_names):
    """What a builder's examples hold, as `load_prepared` reads them."""
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=list(class_names)),
            "name": tfds.features.Text(),
        }
    )


def generate_examples(source, split):
    """Yields (number, example) for each picture of a split, in order."""
    part = source.take_split(split)
    for number, (record, content) in enumerate(part.read_all()):
        yield (
            number,
            {"image": content, "label": record.label, "name": record.name},
        )


def cache_directory(cache_dir=None):
    """Where prepared data is kept: created, and writable.

    Args:
        cache_dir: None takes the environment's KERAS_FER_CACHE, or
            `~/.cache/keras_fer`.

    Raises:
        DataError: if it cannot be written.
    """
    path = cache_dir or os.environ.get("KERAS_FER_CACHE")
    try:
        path = Path(path or Path.home() / ".cache" / "keras_fer")
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK)
    except RuntimeError:  # this user has no home folder
        path, writable = "~/.cache/keras_fer", False
    except OSError:
        writable = False
    if not writable:
        raise DataError(
            f"Prepared data cannot be kept in {path}. Give another folder: "
            "--cache-dir FOLDER, or set KERAS_FER_CACHE."
        )
    return path


@contextlib.contextmanager
def _wait_for_turn(directory, say):
    """Owns a prepared set; says who is waited for."""
    told = None
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(files.lock_file(directory))
                break
            except files.DirectoryInUseError as error:
                if say and error.owner != told:
                    say(
                        f"{error.owner} prepares the same pictures in "
                        f"{directory}: waiting for it. Ctrl-C stops waiting."
                    )
                told = error.owner
                time.sleep(_PAUSE)
        yield


def _builder(builder_class, source, directory):
    return builder_class(
        config=source.variant, data_dir=str(directory), file_format="tfrecord"
    )


def _read_back(builder_class, source, directory):
    """The parts of a prepared set, or None if it is not this source's."""
    if not directory.exists():
        return None
    try:
        builder = _builder(builder_class, source, directory)
        parts = {
            split: _read_split(builder, split, source.class_names)
            for split in source.splits
        }
        num_bytes = sum(faces.images.num_bytes for faces in parts.values())
        if num_bytes <= stored_pictures.MAX_BYTES_IN_MEMORY:
            parts = {
                split: dataclasses.replace(faces, images=tuple(faces.images))
                for split, faces in parts.items()
            }
    except Exception:  # whatever a damaged file makes its readers raise
        return None
    places = {
        name: (split, index)
        for split, faces in parts.items()
        for index, name in enumerate(faces.names)
    }
    names = [record.name for record in source.records]
    if sorted(names) != sorted(places):
        return None
    found = hash_pictures(
        source.class_names,
        (
            (
                name,
                split,
                int(parts[split].labels[index]),
                parts[split].images[index],
            )
            for name, (split, index) in ((n, places[n]) for n in names)
        ),
    )
    return parts if found == source.identity else None


def _read_split(builder, split, class_names):
    pictures, examples = stored_pictures.index_records(
        builder.info.splits[split].filepaths
    )
    return LabeledFaces(
        images=pictures,
        labels=np.array([example["label"] for example in examples], "int32"),
        names=tuple(example["name"].decode("utf-8") for example in examples),
        class_names=class_names,
    )
