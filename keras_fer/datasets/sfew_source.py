"""SFEW 2.0 as its users hold it: aligned faces, and film frames refused.

Nothing is decoded here: a layout becomes a list of records, or an error that
names the folder, what was found and what to do.
"""

from pathlib import Path

from keras_fer.classes import CLASSES
from keras_fer.datasets.picture_checks import check_classes
from keras_fer.datasets.picture_folders import CLASS_FOLDERS
from keras_fer.datasets.picture_folders import check_folder
from keras_fer.datasets.picture_folders import is_litter
from keras_fer.datasets.picture_folders import list_folders
from keras_fer.datasets.picture_folders import list_pictures
from keras_fer.datasets.picture_source import NO_LABEL
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

# The archives as they are shipped: each unpacks into a folder of its name.
ALIGNED_FOLDERS = {
    "train": ("Train_Aligned_Faces",),
    "validation": ("Val_Aligned_Faces", "Val_Aligned_Faces_new"),
    "test": ("Test_Aligned_Faces",),
}
SPLIT_FOLDERS = {"train": "Train", "validation": "Val", "test": "Test"}
CLASS_NAMES = "Angry, Disgust, Fear, Happy, Neutral, Sad, Surprise"
HOW_TO_OBTAIN = """\
SFEW 2.0 is given to researchers on request by the makers of AFEW at the
Australian National University: see
https://users.cecs.anu.edu.au/~few_group/AFEW.html. Unpack the archives of
aligned faces, so that DIR/Train/Train_Aligned_Faces/Angry and
DIR/Val/Val_Aligned_Faces/Angry exist. DIR/Test/Test_Aligned_Faces may be
missing: its labels are not given out."""
WHY_ALIGNED = """\
SFEW also ships whole film frames, in which the face is small and anywhere.
The paper's network is for aligned faces, so they are refused."""


def find_source(directory):
    """Recognises the layout of a folder and lists its pictures.

    Args:
        directory: the folder with `Train/Train_Aligned_Faces` and
            `Val/Val_Aligned_Faces` in it, and perhaps
            `Test/Test_Aligned_Faces`; or with the same three side by side,
            as the archives unpack; or a folder around that one.

    Returns:
        A `PictureSource` with the splits "train", "validation" and, if it
        is there, "test", whose pictures have no label.

    Raises:
        DataError: if no layout is recognised, if only unaligned film frames
            are there, or if something in it is no picture of the set.
    """
    directory = Path(directory)
    check_folder(directory)
    for root in [directory, *list_folders(directory)]:
        if any(
            path.name in (SPLIT_FOLDERS[split], *ALIGNED_FOLDERS[split])
            for path in list_folders(root)
            for split in ("train", "validation")
        ):
            return _read_layout(root)
    found = ", ".join(sorted(p.name for p in directory.iterdir())[:5])
    raise DataError(
        f"{directory} has neither Train/Train_Aligned_Faces and "
        "Val/Val_Aligned_Faces (SFEW's own layout) nor these two side by "
        f"side. Found: {found or 'nothing'}."
    )


def _read_layout(root):
    records, faults = [], []
    for split in ("train", "validation"):
        folder = _aligned_folder(root, split) or _refuse(root, split)
        found, strangers = _read_classes(root, folder, split)
        records += found
        faults += strangers
    paths, strangers = _test_pictures(root)
    records += [_record(root, path, "test", NO_LABEL) for path in paths]
    raise_faults(faults + strangers, "Rename or move what is named here.")
    records.sort(key=lambda record: record.name)
    source = PictureSource(root, None, "official", CLASSES, tuple(records))
    check_classes(
        source,
        ("train", "validation"),
        f"Its folders are {CLASS_NAMES}.",
    )
    return source


def _aligned_folder(root, split):
    """The folder of a split's aligned faces, or None."""
    found = [
        parent / name
        for parent in (root / SPLIT_FOLDERS[split], root)
        for name in ALIGNED_FOLDERS[split]
        if (parent / name).is_dir()
    ]
    if len(found) > 1:
        raise DataError(
            f"{found[0]} and {found[1]} both hold the {split} part. Move one "
            "of them elsewhere."
        )
    for folder in found:
        # Some programs unpack an archive into a folder of its name.
        inner = folder / folder.name
        return inner if inner.is_dir() else folder
    return None


def _refuse(root, split):
    """Says why there are no aligned faces, and what to unpack where."""
    folder, name = root / SPLIT_FOLDERS[split], ALIGNED_FOLDERS[split][0]
    archives = " or ".join(f"{n}.zip" for n in ALIGNED_FOLDERS[split])
    unpack = f"Unpack {archives}, so that {folder / name / 'Angry'} exists."
    # The frames' archive unpacks to Train/Angry, or to Train/Train/Angry.
    for frames in (folder, folder / folder.name):
        classes = [
            path.name
            for path in (list_folders(frames) if frames.is_dir() else ())
            if path.name.lower() in CLASS_FOLDERS
        ]
        if classes:
            raise DataError(
                f"{frames} has {', '.join(classes)} in it, but there is no "
                f"{folder / name}: that is how SFEW's unaligned pictures lie."
                f"\n{WHY_ALIGNED}\n{unpack} If these are aligned faces, move "
                f"them into {folder / name}."
            )
    raise DataError(f"{root} has no aligned {split} faces. {unpack}")


def _read_classes(root, folder, split):
    """The labelled pictures of a folder of class folders, and faults."""
    records, faults = [], []
    for path in sorted(folder.iterdir()):
        if is_litter(path.name):
            continue
        if not path.is_dir():
            faults.append(f"{path} lies in no class folder")
        elif path.name.lower() not in CLASS_FOLDERS:
            faults.append(f"{path} is no class: expected {CLASS_NAMES}")
        else:
            paths, strangers = list_pictures(path)
            faults += strangers
            label = CLASS_FOLDERS[path.name.lower()]
            records += [_record(root, p, split, label) for p in paths]
    return records, faults


def _test_pictures(root):
    """Paths of the unlabelled pictures, if they are there, and faults."""
    folder = _aligned_folder(root, "test")
    if folder is not None:
        return list_pictures(folder)
    folder = root / SPLIT_FOLDERS["test"]
    if not folder.is_dir():
        return [], []
    paths, strangers = list_pictures(folder)
    inner = list_folders(folder)
    if paths or not inner:
        return paths, strangers if paths else []
    if len(inner) == 1:
        return list_pictures(inner[0])
    return [], [
        f"{folder} has {len(inner)} folders; the test pictures have no "
        "classes and lie in one"
    ]


def _record(root, path, split, label):
    return Record(path.relative_to(root).as_posix(), split, label, path)
