"""FER2013 as its users hold it: the challenge's csv, or Kaggle's folders.

A face's part is what its line or its file name says. Kaggle's copy keeps both
tests of the challenge in one folder, so that no folder can be believed.
"""

import re
from pathlib import Path

from keras_fer.classes import CLASSES
from keras_fer.datasets.picture_checks import check_classes
from keras_fer.datasets.picture_folders import CLASS_FOLDERS
from keras_fer.datasets.picture_folders import is_litter
from keras_fer.datasets.picture_folders import list_folders
from keras_fer.datasets.picture_folders import list_pictures
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.datasets.pixel_table import EMOTIONS
from keras_fer.datasets.pixel_table import USAGES
from keras_fer.datasets.pixel_table import PixelTableSource
from keras_fer.datasets.pixel_table import list_rows
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

TABLES = ("fer2013.csv", "icml_face_data.csv")
HOW_TO_OBTAIN = """\
FER2013 was given out for the ICML 2013 workshop's challenge in facial
expression recognition: see
https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge.
Unpack it, so that DIR/fer2013.csv or DIR/icml_face_data.csv exists. Copies in
class folders (DIR/train/happy/Training_1.jpg) will do too, as long as the
names of their files say Training, PublicTest and PrivateTest."""
FILE_NAME = re.compile(rf"({'|'.join(USAGES)})_\d+\.\w+", re.ASCII)


def find_source(directory):
    """Recognises the layout of a folder and lists its pictures.

    Args:
        directory: the folder with `fer2013.csv`, `icml_face_data.csv` or
            class folders in it (at once, or in folders such as `train` and
            `test`), or a folder around that one.

    Returns:
        A `PictureSource` with the splits "train" (Training), "validation"
        (PublicTest) and, if it is there, "test" (PrivateTest).

    Raises:
        DataError: if no layout is recognised, or two are, or if something in
            it is no picture of the set.
    """
    directory = Path(directory)
    if directory.is_file():
        raise DataError(
            f"{directory} is a file. Give the folder that it lies in, "
            "unpacked: --data-dir FOLDER."
        )
    if not directory.is_dir():
        raise DataError(f"There is no folder {directory}. Check --data-dir.")
    inner = list_folders(directory)
    for nearby in ([directory], inner):
        found = [place for root in nearby for place in _places(root)]
        if len(found) > 1:
            raise DataError(
                f"{found[0]} and {found[1]} may both hold the set. Move one "
                "of them elsewhere."
            )
        for place in found:
            return _table(place) if place.is_file() else _folders(place)
    found = ", ".join(sorted(p.name for p in directory.iterdir())[:5])
    raise DataError(
        f"{directory} has neither {' nor '.join(TABLES)} nor class folders "
        f"({', '.join(EMOTIONS)}). Found: {found or 'nothing'}."
    )


def _places(root):
    """What a folder holds the set in: the csv, or the folder itself."""
    found = [root / name for name in TABLES if (root / name).is_file()]
    inner = list_folders(root)
    if any(_label(path) is not None or _is_group(path) for path in inner):
        found.append(root)
    return found


def _table(path):
    labels = [CLASS_FOLDERS[emotion] for emotion in EMOTIONS]
    records = tuple(list_rows(path, labels))
    return _checked(
        PixelTableSource(path.parent, None, "csv", CLASSES, records)
    )


def _folders(root):
    records, faults, class_folders = [], [], []
    for folder in list_folders(root):
        if _label(folder) is not None or not _is_group(folder):
            class_folders.append(folder)
            continue
        inner = list_folders(folder)
        class_folders += inner
        faults += [
            f"{path} lies in no class folder"
            for path in sorted(set(folder.iterdir()) - set(inner))
            if not is_litter(path.name)
        ]
    for folder in class_folders:
        label = _label(folder)
        if label is None:
            faults.append(
                f"{folder} is no class: expected {', '.join(EMOTIONS)}"
            )
            continue
        paths, strangers = list_pictures(folder)
        faults += strangers
        for path in paths:
            name = path.relative_to(root).as_posix()
            usage = FILE_NAME.fullmatch(path.name)
            if usage:
                records.append(Record(name, USAGES[usage[1]], label, path))
            else:
                faults.append(
                    f"{path} does not say its part: expected "
                    f"{', '.join(f'{usage}_N' for usage in USAGES)}"
                )
    raise_faults(faults, "Rename or move what is named here.")
    records.sort(key=lambda record: record.name)
    return _checked(
        PictureSource(root, None, "class folders", CLASSES, tuple(records))
    )


def _checked(source):
    check_classes(
        source,
        ("train", "validation"),
        f"Its classes are {', '.join(EMOTIONS)}.",
    )
    return source


def _is_group(folder):
    """Whether class folders lie in a folder."""
    return any(_label(path) is not None for path in list_folders(folder))


def _label(folder):
    return CLASS_FOLDERS.get(folder.name.lower())
