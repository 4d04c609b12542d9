"""Which data set a folder holds, and one door to all of them.

Recipes know their data set. The command line is given a folder.
"""

import contextlib
import importlib
import os
import re
from pathlib import Path

from keras_fer.datasets import fer2013_source
from keras_fer.datasets import image_folder
from keras_fer.datasets import raf_db_source
from keras_fer.datasets import sfew_source
from keras_fer.datasets.drawn_faces import MANIFEST_NAME
from keras_fer.datasets.picture_folders import PICTURES
from keras_fer.datasets.picture_folders import is_litter
from keras_fer.datasets.picture_folders import list_folders
from keras_fer.datasets.picture_source import NO_LABEL
from keras_fer.errors import DataError
from keras_fer.errors import UsageError

TITLES = {
    "raf_db": "RAF-DB",
    "sfew": "SFEW 2.0",
    "fer2013": "FER2013",
    "folder": "class folders",
}
DATA_SETS = tuple(TITLES)
# The part that judges. FER2013's last test is looked at on request alone.
JUDGED = {
    "raf_db": "test",
    "sfew": "validation",
    "fer2013": "validation",
    "folder": "test",
}
_ALIGNED = {
    name for names in sfew_source.ALIGNED_FOLDERS.values() for name in names
}
_DEPTH = 3


def recognize(directory):
    """Tells by names of folders and files which data set a folder holds.

    Args:
        directory: the folder that a recipe would take as `--data-dir`.

    Returns:
        One of `DATA_SETS`; "folder" for what is none of the known sets.

    Raises:
        UsageError: if there is no such folder.
    """
    directory = Path(directory)
    if not directory.is_dir():
        found = "is a file" if directory.exists() else "does not exist"
        raise UsageError(f"{directory} {found}. Give a data set's folder.")
    levels = [[directory]]
    for _ in range(_DEPTH):
        levels.append([p for f in levels[-1] for p in list_folders(f)])
    folders = [folder for level in levels for folder in level]
    names = {folder.name for folder in folders}
    if names & _ALIGNED:
        return "sfew"
    if "EmoLabel" in names:
        return "raf_db"
    tables = fer2013_source.TABLES
    if any((f / t).is_file() for f in levels[0] + levels[1] for t in tables):
        return "fer2013"
    pictures = [name for name in map(_any_picture, folders) if name]
    if any(fer2013_source.FILE_NAME.fullmatch(name) for name in pictures):
        return "fer2013"
    if any(raf_db_source.OFFICIAL_NAME.match(name) for name in pictures):
        return "raf_db"
    numbered = [
        folder
        for folder in folders
        if re.fullmatch(r"0*[1-9]\d?", folder.name)
        and folder.parent.name.lower() in raf_db_source.SPLIT_FOLDERS
    ]
    return "raf_db" if numbered else "folder"


def find_source(name, directory, variant="basic"):
    """Lists the pictures of a data set, as its own `find_source` does.

    Args:
        name: one of `DATA_SETS`.
        directory: its folder.
        variant: of RAF-DB, "basic" or "compound".

    Returns:
        A `PictureSource`.

    Raises:
        DataError: if no layout is recognised.
    """
    if name == "raf_db":
        return raf_db_source.find_source(directory, variant)
    modules = {
        "sfew": sfew_source,
        "fer2013": fer2013_source,
        "folder": image_folder,
    }
    return modules[name].find_source(directory)


def check_source(name, source, expected_counts="official"):
    """Counts and decodes everything, as the data set's recipe does.

    Args:
        name: one of `DATA_SETS`.
        source: `PictureSource`.
        expected_counts: "official" or "any".

    Raises:
        DataError: with all faults of one kind at once.
    """
    if name == "folder":
        image_folder.check_source(source)
    else:
        _module(name).check_source(source, expected_counts)


def count_splits(source):
    """{split: how many pictures}."""
    splits = [record.split for record in source.records]
    return {split: splits.count(split) for split in source.splits}


def describe(name, source):
    """The data set's real name, for a report's title.

    Only what has the published numbers of pictures is called by the set's
    name; drawn faces are called drawn faces.
    """
    for folder in (source.directory, source.directory.parent):
        if (folder / MANIFEST_NAME).exists():
            return "drawn faces (not photographs)"
    if name == "folder":
        return f"the faces in {source.directory.name}"
    official = _module(name).OFFICIAL_COUNTS
    official = official.get(source.variant, official)
    found = count_splits(source)
    if all(official.get(split) == number for split, number in found.items()):
        return TITLES[name]
    return f"faces in {TITLES[name]}'s layout, counts not its own"


def choose_split(name, source, split=None):
    """The part that a finished network is judged on.

    Args:
        name: one of `DATA_SETS`.
        source: `PictureSource`.
        split: the user's choice, or None for `JUDGED`. Where class folders
            have no parts, None takes them all.

    Returns:
        One of the source's splits.

    Raises:
        UsageError: if the source has no such part.
        DataError: if its labels are not given out.
    """
    chosen = split or JUDGED[name]
    if name == "folder" and split is None and source.splits == ("train",):
        chosen = "train"
    if chosen not in source.splits:
        raise UsageError(
            f"{source.directory} has no {chosen} part, but "
            f"{', '.join(source.splits)}. Choose one: --split "
            f"{source.splits[-1]}."
        )
    if any(r.label == NO_LABEL for r in source.take_split(chosen).records):
        raise DataError(
            f"The labels of {TITLES[name]}'s {chosen} part are not given out, "
            f"so that nothing can be judged by it. Use --split {JUDGED[name]}."
        )
    return chosen


def load_judged_part(directory, split=None):
    """The faces that a data set is judged on, of whatever layout it has.

    Args:
        directory: the data set's folder.
        split: see `choose_split`.

    Returns:
        (The faces as `LabeledFaces`, the part's name).

    Raises:
        UsageError, DataError: as `recognize`, `find_source`, `choose_split`.
    """
    name = recognize(directory)
    source = find_source(name, directory)
    split = choose_split(name, source, split)
    (faces,) = image_folder.load_source(source.take_split(split)).values()
    return faces, split


def _module(name):
    # These load TensorFlow Datasets, which takes half a second.
    return importlib.import_module(f"keras_fer.datasets.{name}")


def _any_picture(folder):
    """The name of a picture in a folder, without listing thousands."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix in PICTURES and not is_litter(entry.name):
                return entry.name
    return None
