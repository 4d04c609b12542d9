"""FER2013: the TFDS builder, and the door through which training reads it."""

import tensorflow_datasets as tfds

from keras_fer.classes import CLASSES
from keras_fer.datasets import picture_checks
from keras_fer.datasets.fer2013_source import HOW_TO_OBTAIN
from keras_fer.datasets.fer2013_source import find_source
from keras_fer.datasets.pixel_table import SIDE
from keras_fer.datasets.prepared import generate_examples
from keras_fer.datasets.prepared import load_prepared
from keras_fer.datasets.prepared import picture_features

OFFICIAL_COUNTS = {"train": 28_709, "validation": 3_589, "test": 3_589}
OFFICIAL_SIZE = (SIDE, SIDE)


class Fer2013(tfds.core.GeneratorBasedBuilder):
    """The faces of the ICML 2013 challenge: 48x48 pixels, grey."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = HOW_TO_OBTAIN

    def _info(self):
        return self.dataset_info_from_configs(
            features=picture_features(CLASSES),
            supervised_keys=("image", "label"),
            homepage=(
                "https://www.kaggle.com/c/challenges-in-representation-"
                "learning-facial-expression-recognition-challenge"
            ),
            description=(
                "Faces found by image search, cut out by a detector, in seven "
                "expressions. Training is the split train, PublicTest "
                "validation and PrivateTest, if it is there, test."
            ),
            citation=(
                "Goodfellow et al., Challenges in Representation Learning: A "
                "Report on Three Machine Learning Contests, ICONIP 2013."
            ),
            # Training draws its own order, from the epoch's table.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        source = find_source(dl_manager.manual_dir)
        return {
            split: self._generate_examples(source, split)
            for split in source.splits
        }

    def _generate_examples(self, source, split):
        yield from generate_examples(source, split)


def load_fer2013(data_dir, *, expected_counts="official", cache_dir=None):
    """Checks FER2013, prepares it once, and gives the compressed pictures.

    Its parts share photographs: `leak_policy.apply_leak_policy(train,
    validation, "drop")` leaves the training copies out.

    Args:
        data_dir: see `fer2013_source.find_source`.
        expected_counts: "official" checks the numbers of pictures, "any"
            does not.
        cache_dir: where prepared data is kept; see
            `prepared.cache_directory`.

    Returns:
        {"train": `LabeledFaces`, "validation": `LabeledFaces`}, and "test"
        where PrivateTest is there; see `load_source`.

    Raises:
        DataError: with all faults of one kind at once.
    """
    source = find_source(data_dir)
    check_source(source, expected_counts)
    return load_source(source, cache_dir)


def check_source(source, expected_counts="official"):
    """Counts and decodes everything, before anything is made of it.

    Args:
        source: `PictureSource`.
        expected_counts: "official" or "any". PrivateTest is counted if it is
            there.

    Raises:
        DataError: with all faults of one kind at once.
    """
    size = None
    if expected_counts == "official":
        counts = {
            split: count
            for split, count in OFFICIAL_COUNTS.items()
            if split != "test" or split in source.splits
        }
        picture_checks.check_counts(source, counts, "FER2013")
        size = OFFICIAL_SIZE
    picture_checks.check_pictures(source, size)


def describe(expected_counts):
    """What a report calls the data: by its name only if it was counted."""
    if expected_counts == "any":
        return "faces in FER2013's layout, counts not checked"
    return "FER2013"


def load_source(source, cache_dir=None, say=None):
    """Prepares a checked source once, and gives the compressed pictures.

    Args:
        source: `PictureSource`.
        cache_dir: where prepared data is kept; see
            `prepared.cache_directory`.
        say: called with a message where another process prepares the same.

    Returns:
        {"train": `LabeledFaces`, "validation": `LabeledFaces`}, and "test"
        where PrivateTest is there. PublicTest judges finished networks; what
        chooses between them is cut from "train".
    """
    return load_prepared(Fer2013, source, cache_dir, say)
