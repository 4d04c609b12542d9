"""RAF-DB: the TFDS builder, and the door through which training reads it."""

import tensorflow_datasets as tfds

from keras_fer.datasets import picture_checks
from keras_fer.datasets.prepared import generate_examples
from keras_fer.datasets.prepared import load_prepared
from keras_fer.datasets.prepared import picture_features
from keras_fer.datasets.raf_db_source import HOW_TO_OBTAIN
from keras_fer.datasets.raf_db_source import VARIANTS
from keras_fer.datasets.raf_db_source import find_source

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
            features=picture_features(VARIANTS[self.builder_config.name]),
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
            for split in source.splits
        }

    def _generate_examples(self, source, split):
        yield from generate_examples(source, split)


def load_raf_db(
    data_dir, variant="basic", *, expected_counts="official", cache_dir=None
):
    """Checks RAF-DB, prepares it once, and gives the compressed pictures.

    Args:
        data_dir: see `raf_db_source.find_source`.
        variant: "basic" or "compound".
        expected_counts: "official" checks the numbers of pictures, "any"
            does not.
        cache_dir: where prepared data is kept; see
            `prepared.cache_directory`.

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
        counts = OFFICIAL_COUNTS[source.variant]
        picture_checks.check_counts(source, counts, "RAF-DB")
        size = OFFICIAL_SIZE
    picture_checks.check_pictures(source, size)


def load_source(source, cache_dir=None, say=None):
    """Prepares a checked source once, and gives the compressed pictures.

    Args:
        source: `PictureSource`.
        cache_dir: where prepared data is kept; see
            `prepared.cache_directory`.
        say: called with a message where another process prepares the same.

    Returns:
        {"train": `LabeledFaces`, "test": `LabeledFaces`}.
    """
    return load_prepared(RafDb, source, cache_dir, say)
