"""The user's own faces: a folder for each class, of any names.

Nothing is prepared or copied: these pictures change, so that each run reads
them as they are. `stored_split.py` makes the parts that are missing.
"""

import unicodedata
from pathlib import Path

import numpy as np

from keras_fer.classes import CLASSES
from keras_fer.datasets import picture_checks
from keras_fer.datasets import stored_pictures
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.datasets.picture_folders import CLASS_FOLDERS
from keras_fer.datasets.picture_folders import PICTURES
from keras_fer.datasets.picture_folders import check_folder
from keras_fer.datasets.picture_folders import is_litter
from keras_fer.datasets.picture_folders import list_folders
from keras_fer.datasets.picture_folders import list_pictures
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

SPLIT_FOLDERS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
MIN_CLASSES, MIN_PICTURES = 2, 2


def find_source(directory, class_names=None):
    """Lists the pictures of a folder of class folders.

    Args:
        directory: the folder with a folder a class in it, or with `train`
            and perhaps `validation` (`val`, `valid`) and `test` that hold
            them, or a folder around that one alone. Hidden folders, and
            what operating systems leave behind, are passed over.
        class_names: the classes in the order of the labels, each a folder's
            name. None takes `keras_fer.CLASSES` where the folders are the
            seven expressions under any of their usual names (`layout` says
            so then), and else the names as they sort.

    Returns:
        A `PictureSource`. Without folders of parts, all is "train".

    Raises:
        DataError: if there is no such layout, if folders and classes do not
            fit together, or if something in it is no picture.
    """
    root = _root(Path(directory))
    parts, faults = {}, []
    folders = list_folders(root)
    if any(_split(folder) for folder in folders):
        layout = "class folders in parts"
        for folder in folders:
            split = _split(folder)
            if split is None:
                faults.append(
                    f"{folder} is no part: expected train, validation or test"
                )
            elif split in parts:
                faults.append(
                    f"{parts[split]} and {folder} both hold the {split} part"
                )
            else:
                parts[split] = folder
    else:
        layout, parts = "class folders", {"train": root}
    if "train" not in parts:
        raise DataError(f"{root} has no train folder beside its other parts.")
    for folder in parts.values():
        faults += [
            f"{path} lies in no class folder"
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in PICTURES and not is_litter(path.name)
        ]
    found = {f.name for part in parts.values() for f in list_folders(part)}
    faults += _one_class_twice(found)
    class_names, labels = _classes(root, sorted(found), class_names)
    if class_names == CLASSES:
        layout += ", the seven expressions"
    records = []
    for split, part in parts.items():
        for folder in list_folders(part):
            paths, strangers = list_pictures(folder)
            faults += strangers
            records += [
                Record(
                    path.relative_to(root).as_posix(),
                    split,
                    labels[folder.name],
                    path,
                )
                for path in paths
            ]
    raise_faults(faults, "Rename, convert or move what is named here.")
    records.sort(key=lambda record: record.name)
    return PictureSource(root, None, layout, class_names, tuple(records))


def check_source(source):
    """Counts and decodes everything, before anything is made of it.

    Args:
        source: `PictureSource`.

    Raises:
        DataError: with all faults of one kind at once.
    """
    labels = [r.label for r in source.records if r.split == "train"]
    counts = np.bincount(labels, minlength=len(source.class_names))
    raise_faults(
        [
            f"{source.directory} has {count} training pictures of {name}"
            for name, count in zip(source.class_names, counts, strict=True)
            if count < MIN_PICTURES
        ],
        f"Each class needs {MIN_PICTURES} at least, and some dozens to be "
        "learned. Add pictures, or remove the class's folder.",
    )
    picture_checks.measure_pictures(source)


def load_source(source):
    """The compressed pictures of a checked source.

    Args:
        source: `PictureSource`.

    Returns:
        {split: `LabeledFaces`} for each of the source's splits. Pictures of
        more than `stored_pictures.MAX_BYTES_IN_MEMORY` stay in their files,
        unless those are archives.
    """
    is_large = _is_large(source)
    return {
        split: _read_split(source.take_split(split), is_large)
        for split in source.splits
    }


def _is_large(source):
    """Whether the pictures are too many for the memory, and files."""
    if any(record.member is not None for record in source.records):
        return False
    try:
        num_bytes = sum(r.path.stat().st_size for r in source.records)
    except OSError:  # reading it says more
        return False
    return num_bytes > stored_pictures.MAX_BYTES_IN_MEMORY


def _read_split(source, is_large):
    if is_large:
        paths = [record.path for record in source.records]
        images = stored_pictures.StoredPictures.whole(paths)
    else:
        images = tuple(content for _, content in source.read_all())
    return LabeledFaces(
        images=images,
        labels=np.array([r.label for r in source.records], "int32"),
        names=tuple(record.name for record in source.records),
        class_names=source.class_names,
    )


def _root(directory):
    check_folder(directory)
    inner = list_folders(directory)
    if len(inner) == 1 and not _split(inner[0]) and list_folders(inner[0]):
        return inner[0]
    return directory


def _classes(root, found, wanted):
    """(class names in the order of labels, folder name -> label)."""
    if len(found) < MIN_CLASSES:
        raise DataError(
            f"{root} has {len(found)} class folders; expected a folder a "
            f"class, {MIN_CLASSES} at least. Found: "
            f"{', '.join(found) or 'none'}."
        )
    expressions = [CLASS_FOLDERS.get(name.lower()) for name in found]
    if wanted is None:
        if None in expressions or len(set(expressions)) < len(CLASSES):
            return tuple(found), {n: label for label, n in enumerate(found)}
        wanted = CLASSES
    wanted = tuple(wanted)
    labels = {name: label for label, name in enumerate(wanted)}
    if wanted == CLASSES:
        labels = dict(zip(found, expressions, strict=True))
    if (
        None in labels.values()
        or set(labels) != set(found)
        or sorted(labels.values()) != list(range(len(wanted)))
    ):
        raise DataError(
            f"{root} has the class folders {', '.join(found)}; expected one "
            f"for each of {', '.join(wanted)}. Rename or move folders, or "
            "give the classes as they are."
        )
    return wanted, labels


def _one_class_twice(names):
    """Folders whose names differ in case or in how an accent is stored."""
    spellings = {}
    for name in sorted(names):
        plain = unicodedata.normalize("NFKC", name).casefold().strip()
        spellings.setdefault(plain, []).append(name)
    return [
        f"{' and '.join(map(ascii, same))} look like one class: give all their "
        "folders one name, in every part"
        for same in spellings.values()
        if len(same) > 1
    ]


def _split(folder):
    return SPLIT_FOLDERS.get(folder.name.lower())
