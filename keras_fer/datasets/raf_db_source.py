"""RAF-DB as its users hold it: which files, which labels, which layout.

Nothing is decoded here and nothing extracted: a layout becomes a list of
records, or an error that names the file, what was found and what to do.
"""

import re
from pathlib import Path

from keras_fer.classes import CLASSES
from keras_fer.datasets.label_file import parse_label_file
from keras_fer.datasets.picture_checks import check_classes
from keras_fer.datasets.picture_folders import CLASS_FOLDERS
from keras_fer.datasets.picture_folders import check_folder
from keras_fer.datasets.picture_folders import is_litter
from keras_fer.datasets.picture_folders import list_archive
from keras_fer.datasets.picture_folders import list_pictures
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

COMPOUND_CLASSES = (
    "happily surprised",
    "happily disgusted",
    "sadly fearful",
    "sadly angry",
    "sadly surprised",
    "sadly disgusted",
    "fearfully angry",
    "fearfully surprised",
    "angrily surprised",
    "angrily disgusted",
    "disgustedly surprised",
)
# Classes in the order of the ids 1..n in the label files.
VARIANTS = {"basic": CLASSES, "compound": COMPOUND_CLASSES}
LABEL_FILE = "list_patition_label.txt"  # spelt so by its authors
SPLIT_FOLDERS = {
    "train": "train",
    "test": "test",
    "valid": "test",
    "validation": "test",
    "val": "test",
}
HOW_TO_OBTAIN = """\
RAF-DB is given to researchers on request: see
http://www.whdeng.cn/raf/model1.html. Unpack what you receive, so that
DIR/basic/EmoLabel/list_patition_label.txt and DIR/basic/Image/aligned exist."""
# Copies name their files as the official set does.
OFFICIAL_NAME = re.compile(r"(train|test)_\d+(_aligned)?\.")


def find_source(directory, variant="basic"):
    """Recognises the layout of a folder and lists its pictures.

    Args:
        directory: the folder with `basic` or `compound` in it, that folder
            itself, or one with `train` and `test` folders of class folders
            (1..7 or names).
        variant: "basic" or "compound".

    Returns:
        A `PictureSource`.

    Raises:
        DataError: if no layout is recognised, or labels and pictures do not
            fit together.
    """
    directory = Path(directory)
    if variant not in VARIANTS:
        raise DataError(
            f"RAF-DB has the variants {tuple(VARIANTS)}. Received: {variant!r}"
        )
    check_folder(directory)
    nearby = [directory, *sorted(p for p in directory.iterdir() if p.is_dir())]
    for folder in nearby:
        other = folder.name in VARIANTS and folder.name != variant
        for root in (
            (folder / variant,) if other else (folder / variant, folder)
        ):
            if (root / "EmoLabel").is_dir() or (root / "Image").is_dir():
                return _official(root, variant)
    for folder in nearby:
        splits = [p for p in folder.iterdir() if p.is_dir()]
        if any(p.name.lower() in SPLIT_FOLDERS for p in splits):
            return _class_folders(folder, variant)
    found = ", ".join(sorted(p.name for p in directory.iterdir())[:5])
    raise DataError(
        f"{directory} has neither {variant}/EmoLabel/{LABEL_FILE} and "
        f"{variant}/Image/aligned (RAF-DB's own layout) nor train and test "
        f"folders of classes. Found: {found or 'nothing'}."
    )


def _official(root, variant):
    class_names = VARIANTS[variant]
    label_path = root / "EmoLabel" / LABEL_FILE
    try:
        text = label_path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise DataError(
            f"The label file {label_path} is missing. Unpack RAF-DB's "
            "EmoLabel folder beside Image."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(f"{label_path} is no text file: {error}") from None
    labels = parse_label_file(text, label_path, len(class_names))
    pictures = _official_pictures(root)
    unsplit = [
        f"{label_path}: {name} begins with neither train_ nor test_"
        for name in labels
        if not name.startswith(("train_", "test_"))
    ]
    raise_faults(unsplit, "Correct the label file.")
    absent = [
        f"{label_path} lists {name}, but {root / 'Image' / 'aligned'} has no "
        f"{_aligned_name(name)}"
        for name in labels
        if name not in pictures
    ]
    raise_faults(
        absent,
        f"{len(absent)} listed pictures are absent. Unpack the pictures "
        "again, or remove the lines.",
    )
    unlisted = [
        f"{place[0]} has {place[1] or ''} but {label_path} does not list it"
        for name, place in pictures.items()
        if name not in labels
    ]
    raise_faults(
        unlisted,
        f"{len(unlisted)} pictures are not listed. Add the lines, or remove "
        "the pictures.",
    )
    records = [
        Record(name, name.partition("_")[0], label, *pictures[name])
        for name, label in sorted(labels.items())
    ]
    return _source(root, variant, "official", records)


def _official_pictures(root):
    """Listed name -> (path, member) of what lies in Image/aligned."""
    folder, archive = root / "Image" / "aligned", root / "Image/aligned.zip"
    if folder.is_dir():
        # The archive unpacks into a folder of its own name.
        inner = folder / "aligned"
        folder = inner if inner.is_dir() else folder
        paths, faults = list_pictures(folder)
        raise_faults(faults, "Move it elsewhere.")
        return {_listed_name(path.name): (path, None) for path in paths}
    if not archive.is_file():
        raise DataError(
            f"{root / 'Image'} has neither aligned nor aligned.zip. Unpack "
            "RAF-DB's aligned faces there."
        )
    members = list_archive(archive).items()
    return {_listed_name(name): (archive, member) for name, member in members}


def _class_folders(root, variant):
    class_names = VARIANTS[variant]
    records, faults, seen = [], [], {}
    for split_folder in sorted(p for p in root.iterdir() if p.is_dir()):
        split = SPLIT_FOLDERS.get(split_folder.name.lower())
        if split is None:
            continue
        if seen.setdefault(split, split_folder) != split_folder:
            faults.append(
                f"{seen[split]} and {split_folder} both hold the {split} part"
            )
        folders = sorted(p for p in split_folder.iterdir() if p.is_dir())
        for path in sorted(set(split_folder.iterdir()) - set(folders)):
            if not is_litter(path.name):
                faults.append(f"{path} lies in no class folder")
        for folder in folders:
            label = _folder_label(folder.name, variant)
            if label is None:
                faults.append(
                    f"{folder} is no class: expected 1 to {len(class_names)}"
                    + (f" or {', '.join(CLASSES)}" * (variant == "basic"))
                )
                continue
            paths, strangers = list_pictures(folder)
            faults += strangers
            for path in paths:
                name = path.relative_to(root).as_posix()
                records.append(Record(name, split, label, path))
                official = OFFICIAL_NAME.match(path.name)
                if official and official[1] != split:
                    faults.append(
                        f"{path} is a {official[1]} picture by its name, but "
                        f"lies in the {split} part"
                    )
    raise_faults(faults, "Rename or move what is named here.")
    return _source(root, variant, "class folders", records)


def _source(root, variant, layout, records):
    class_names = VARIANTS[variant]
    source = PictureSource(root, variant, layout, class_names, tuple(records))
    check_classes(
        source,
        ("train", "test"),
        f"Labels are 1 to {len(class_names)} = {', '.join(class_names)}.",
    )
    return source


def _folder_label(name, variant):
    if re.fullmatch(r"0*[1-9]\d*", name):
        label = int(name) - 1
        return label if label < len(VARIANTS[variant]) else None
    return CLASS_FOLDERS.get(name.lower()) if variant == "basic" else None


def _listed_name(file_name):
    """train_00001_aligned.jpg is listed as train_00001.jpg."""
    stem, dot, suffix = file_name.rpartition(".")
    return stem.removesuffix("_aligned") + dot + suffix


def _aligned_name(name):
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}_aligned{dot}{suffix}"
