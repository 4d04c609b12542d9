"""RAF-DB: the TFDS builder, and the door through which training reads it."""

import os
import shutil
from pathlib import Path

import filelock
import numpy as np
import tensorflow_datasets as tfds

from keras_fer.datasets import picture_checks
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.picture_source import hash_pictures
from keras_fer.datasets.raf_db_source import HOW_TO_OBTAIN
from keras_fer.datasets.raf_db_source import VARIANTS
from keras_fer.datasets.raf_db_source import find_source
from keras_fer.errors import DataError

OFFICIAL_COUNTS = {
    "basic": {"train": 12_271, "test": 3_068},
    "compound": {"train": 3_162, "test": 792},
}
OFFICIAL_SIZE = (100, 100)


class RafDb(tfds.core.GeneratorBasedBuilder):
    """Real-world Affective Faces: aligned faces, basic and compound."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(
            name=name, description=f"The {len(classes)} {name} expressions."
        )
        for name, classes in VARIANTS.items()
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = HOW_TO_OBTAIN

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "label": tfds.features.ClassLabel(
                        names=list(VARIANTS[self.builder_config.name])
                    ),
                    "name": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="http://www.whdeng.cn/raf/model1.html",
            description=(
                "Aligned faces from the internet, labelled by about 40 "
                "annotators each (Li, Deng and Du, CVPR 2017)."
            ),
            citation=(
                "Li, Deng and Du, Reliable Crowdsourcing and Deep "
                "Locality-Preserving Learning for Expression Recognition in "
                "the Wild, CVPR 2017."
            ),
            # Training draws its own order, from the epoch's table.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        source = find_source(dl_manager.manual_dir, self.builder_config.name)
        return {
            split: self._generate_examples(source, split)
            for split in ("train", "test")
        }

    def _generate_examples(self, source, split):
        number = 0
        for record, content in source.read_all():
            if record.split == split:
                yield (
                    number,
                    {
                        "image": content,
                        "label": record.label,
                        "name": record.name,
                    },
                )
                number += 1


def load_raf_db(
    data_dir, variant="basic", *, expected_counts="official", cache_dir=None
):
    """Checks RAF-DB, prepares it once, and gives the compressed pictures.

    Args:
        data_dir: see `raf_db_source.find_source`.
        variant: "basic" or "compound".
        expected_counts: "official" checks the numbers of pictures, "any"
            does not.
        cache_dir: where prepared data is kept; see `cache_directory`.

    Returns:
        {"train": `LabeledFaces`, "test": `LabeledFaces`}.

    Raises:
        DataError: with all faults of one kind at once.
    """
    source = find_source(data_dir, variant)
    check_source(source, expected_counts)
    return load_source(source, cache_dir)


def check_source(source, expected_counts="official"):
    """Counts and decodes everything, before anything is made of it.

    Args:
        source: `PictureSource`.
        expected_counts: "official" or "any".

    Raises:
        DataError: with all faults of one kind at once.
    """
    size = None
    if expected_counts == "official":
        _check_counts(source, OFFICIAL_COUNTS[source.variant])
        size = OFFICIAL_SIZE
    picture_checks.check_pictures(source, size)


def load_source(source, cache_dir=None):
    """Prepares a checked source once, and gives the compressed pictures.

    What is prepared lies in a folder named by the hash of its source, so
    that another folder, or one changed label, is prepared anew.

    Args:
        source: `PictureSource`.
        cache_dir: where prepared data is kept; see `cache_directory`.

    Returns:
        {"train": `LabeledFaces`, "test": `LabeledFaces`}.
    """
    prepared = cache_directory(cache_dir) / source.identity[:16]
    with filelock.FileLock(prepared.with_suffix(".lock")):
        parts = _read_prepared(source, prepared)
        if parts is None:
            # Absent, killed half-way, or damaged since.
            shutil.rmtree(prepared, ignore_errors=True)
            _builder(source, prepared).download_and_prepare(
                download_config=tfds.download.DownloadConfig(
                    manual_dir=str(source.directory.resolve())
                )
            )
            parts = _read_prepared(source, prepared)
    if parts is None:
        raise DataError(
            f"{source.directory} changed while it was prepared, or {prepared} "
            "cannot be read back. Run the command again."
        )
    return parts


def _builder(source, prepared):
    return RafDb(
        config=source.variant, data_dir=str(prepared), file_format="tfrecord"
    )


def _read_prepared(source, prepared):
    """The parts of a prepared set, or None if it is not this source's."""
    if not prepared.exists():
        return None
    try:
        builder = _builder(source, prepared)
        parts = {
            split: _read(builder, split, source.class_names)
            for split in ("train", "test")
        }
    except Exception:  # whatever a damaged file makes its readers raise
        return None
    pictures = {
        name: (name, split, int(label), image)
        for split, faces in parts.items()
        for image, label, name in zip(
            faces.images, faces.labels, faces.names, strict=True
        )
    }
    names = [record.name for record in source.records]
    if sorted(names) != sorted(pictures):
        return None
    found = hash_pictures(
        source.class_names, (pictures[name] for name in names)
    )
    return parts if found == source.identity else None


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


def _check_counts(source, expected):
    splits = [record.split for record in source.records]
    found = {split: splits.count(split) for split in expected}
    if found != expected:
        raise DataError(
            f"{source.directory} has {found['train']:,} train and "
            f"{found['test']:,} test pictures; RAF-DB has "
            f"{expected['train']:,} and {expected['test']:,}. Use "
            "--expected-counts any if this is meant; the report will say so."
        )


def _read(builder, split, class_names):
    dataset = builder.as_dataset(
        split=split,
        decoders={"image": tfds.decode.SkipDecoding()},
        shuffle_files=False,
    )
    examples = list(tfds.as_numpy(dataset))
    return LabeledFaces(
        images=tuple(example["image"] for example in examples),
        labels=np.array([example["label"] for example in examples], "int32"),
        names=tuple(example["name"].decode("utf-8") for example in examples),
        class_names=class_names,
    )
