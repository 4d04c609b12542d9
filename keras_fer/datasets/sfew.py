"""SFEW 2.0: the TFDS builder, and the door through which training reads it."""

import tensorflow_datasets as tfds

from keras_fer.classes import CLASSES
from keras_fer.datasets import picture_checks
from keras_fer.datasets.picture_source import NO_LABEL
from keras_fer.datasets.prepared import generate_examples
from keras_fer.datasets.prepared import load_prepared
from keras_fer.datasets.prepared import picture_features
from keras_fer.datasets.sfew_source import HOW_TO_OBTAIN
from keras_fer.datasets.sfew_source import WHY_ALIGNED
from keras_fer.datasets.sfew_source import find_source
from keras_fer.errors import raise_faults

OFFICIAL_COUNTS = {"train": 958, "validation": 436, "test": 372}
# Film is wider than tall. Aligned faces are square, or taller than wide
# (143x181 in copies that circulate), so the rule looks at one side alone.
FRAME_RATIO = 1.2
FRAME_SIZE = (720, 576)


class Sfew(tfds.core.GeneratorBasedBuilder):
    """Static Facial Expressions in the Wild 2.0: aligned faces from films."""

    VERSION = tfds.core.Version("2.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = HOW_TO_OBTAIN

    def _info(self):
        return self.dataset_info_from_configs(
            features=picture_features(CLASSES),
            supervised_keys=("image", "label"),
            homepage="https://users.cecs.anu.edu.au/~few_group/AFEW.html",
            description=(
                "Aligned faces from films in seven expressions. The test "
                "pictures have the label -1: theirs are not given out."
            ),
            citation=(
                "Dhall, Goecke, Lucey and Gedeon, Static Facial Expression "
                "Analysis in Tough Conditions: Data, Evaluation Protocol and "
                "Benchmark, ICCV Workshops 2011."
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


def load_sfew(data_dir, *, expected_counts="official", cache_dir=None):
    """Checks SFEW, prepares it once, and gives the compressed pictures.

    Args:
        data_dir: see `sfew_source.find_source`.
        expected_counts: "official" checks the numbers of pictures, "any"
            does not.
        cache_dir: where prepared data is kept; see
            `prepared.cache_directory`.

    Returns:
        {"train": `LabeledFaces`, "validation": `LabeledFaces`}, see
        `load_source`.

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
        expected_counts: "official" or "any". The test pictures are counted
            if they are there.

    Raises:
        DataError: with all faults of one kind at once, and if the pictures
            are film frames.
    """
    if expected_counts == "official":
        labelled = {s: n for s, n in OFFICIAL_COUNTS.items() if s != "test"}
        counts = OFFICIAL_COUNTS if "test" in source.splits else labelled
        picture_checks.check_counts(source, counts, "SFEW 2.0")
    measured = picture_checks.measure_pictures(source)
    _check_aligned(measured)
    for split in source.splits:
        picture_checks.check_one_size(
            [(r, size) for r, size in measured if r.split == split]
        )


def load_source(source, cache_dir=None, say=None):
    """Prepares a checked source once, and gives the labelled pictures.

    The test pictures are checked and prepared, but not returned: without
    labels they can be neither trained on nor measured. TFDS gives them as
    split "test" of `Sfew`, and `prepared.load_prepared(Sfew, source)` too.

    Args:
        source: `PictureSource`.
        cache_dir: where prepared data is kept; see
            `prepared.cache_directory`.
        say: called with a message where another process prepares the same.

    Returns:
        {"train": `LabeledFaces`, "validation": `LabeledFaces`}.
    """
    parts = load_prepared(Sfew, source, cache_dir, say)
    return {
        split: faces
        for split, faces in parts.items()
        if NO_LABEL not in faces.labels
    }


def _check_aligned(measured):
    """Refuses film frames, which hold a face somewhere."""
    frames = [
        f"{picture_checks.shown_name(record)} is {width}x{height}"
        for record, (width, height) in measured
        if width > FRAME_RATIO * height
        or (width >= FRAME_SIZE[0] and height >= FRAME_SIZE[1])
    ]
    raise_faults(
        frames,
        f"{len(frames)} of {len(measured)} pictures are shaped like film "
        f"frames, not like aligned faces: more than {FRAME_RATIO} times as "
        f"wide as tall, or {FRAME_SIZE[0]}x{FRAME_SIZE[1]} and larger.\n"
        f"{WHY_ALIGNED}\nUse the pictures of the archives named "
        "..._Aligned_Faces, or align the faces yourself first.",
        most=5,
    )
