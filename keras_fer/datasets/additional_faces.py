"""Faces of a second data set, learned from beside those of the first."""

import dataclasses
import io

from PIL import Image

from keras_fer.datasets import found_copies
from keras_fer.datasets import image_folder
from keras_fer.datasets import labeled_faces
from keras_fer.datasets import layouts
from keras_fer.datasets import leak_policy
from keras_fer.datasets import splits
from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.stored_pictures import StoredPictures
from keras_fer.errors import DataError


@dataclasses.dataclass(frozen=True)
class AdditionalSource:
    """A second data set's pictures, checked.

    Attributes:
        title: its real name, see `layouts.describe`.
        source: its `PictureSource`.
    """

    title: str
    source: PictureSource


def open_source(directory, class_names, say=print):
    """Lists and decodes the pictures of a second data set.

    Args:
        directory: its folder, in any layout that `layouts.recognize` knows;
            None for no second data set.
        class_names: the classes that it must have, in their order.
        say: called with each message.

    Returns:
        An `AdditionalSource`, or None.

    Raises:
        DataError: if the pictures cannot be read or are of other classes.
        UsageError: if there is no such folder.
    """
    if directory is None:
        return None
    name = layouts.recognize(directory)
    source = layouts.find_source(name, directory)
    title = layouts.describe(name, source)
    say(f"{source.directory}: {title}; checking ...")
    if source.class_names != class_names:
        raise DataError(
            f"{source.directory} has the classes "
            f"{', '.join(source.class_names)}. To be learned from beside the "
            f"first data set, it needs {', '.join(class_names)}."
        )
    layouts.check_source(name, source, "any")
    return AdditionalSource(title, source)


def add_faces(
    faces,
    additional,
    *,
    judges=(),
    validation_fraction=0.1,
    seed=0,
    on_leak="stop",
    cache=None,
    say=print,
):
    """Puts the training part of another data set beside those of the first.

    A share of it chooses the epoch, with the first set's: chosen by that one
    alone, weights that learned nothing of the second are the best.

    Its pictures become grey: where one of two sets has colour and the other
    has none, a network would tell by that how often each class comes.

    Args:
        faces: {"train", "validation", "test"} -> `LabeledFaces`, grey.
        additional: `AdditionalSource`. Without parts, all of it is learned.
        judges: more `LabeledFaces` that must not be learned from. So are
            "validation", "test" and the other parts of the second data set.
        validation_fraction: the share of its training part that chooses.
        seed: of the choice.
        on_leak: what to do about judges in a training part, see
            `leak_policy.apply_leak_policy`.
        cache: where results are remembered, see `found_copies`.
        say: called with each message.

    Returns:
        (`faces` with the others behind "train" and "validation", all in
        memory; facts for a report: "additional_data", a dict of "data_set",
        "data_hash", "train" and "validation" (how many faces were added),
        "additional_leak_report", of copies across the two sets and their
        parts, and "chosen_by").

    Raises:
        DataError: if the pictures are too many, too few, or are judges
            (under "stop").
    """
    folder = additional.source.directory
    parts = {
        split: _rename(part, folder.name)
        for split, part in image_folder.load_source(additional.source).items()
    }
    added = parts.pop("train")
    if isinstance(added.images, StoredPictures):
        raise DataError(
            f"{folder} is too large to be turned to grey in memory. "
            "Give smaller pictures: the network sees few of their pixels."
        )
    reports = []

    def without(train, held_out):
        train, report = leak_policy.apply_leak_policy(
            train, held_out, on_leak, cache=cache
        )
        reports.append(report)
        return train

    others = tuple(parts.values())
    held_out = (faces["validation"], faces["test"], *judges, *others)
    # One that is named twice is to be reported once.
    for judge in {id(part): part for part in held_out}.values():
        added = without(added, judge)
    if not len(added):
        raise DataError(
            f"Every training face of {folder} is a copy of one that "
            "chooses or judges. Leave out --additional-data-dir."
        )
    copies = found_copies.find_copies(added, cache=cache)
    added, chooses = splits.split_validation(
        added, validation_fraction, seed, copies
    )
    # Weights of an earlier training may know the first set's faces already.
    chooses, train = without(chooses, faces["train"]), faces["train"]
    for judge in others:
        train = without(train, judge)
    merged = leak_policy.merge(reports)
    title = additional.title
    say(
        f"{title}: {len(added)} are learned from as well, {len(chooses)} "
        f"choose the epoch; {len(merged.names)} copies between the parts, "
        f"{merged.num_dropped} faces left out"
    )
    facts = {
        "additional_data": {
            "data_set": title,
            "data_hash": additional.source.identity,
            "train": len(added),
            "validation": len(chooses),
        },
        "additional_leak_report": merged.as_dict(),
        "chosen_by": f"parts cut from Training and from {title}",
    }
    return faces | {
        "train": _join(train, added),
        "validation": _join(faces["validation"], chooses),
    }, facts


def _join(faces, others):
    faces = dataclasses.replace(faces, images=tuple(faces.images))
    others = dataclasses.replace(
        others, images=tuple(map(_grey, others.images))
    )
    return labeled_faces.concatenate([faces, others])


def _rename(faces, folder):
    names = tuple(f"{folder}/{name}" for name in faces.names)
    return dataclasses.replace(faces, names=names)


def _grey(content):
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").convert("L").save(stream, "PNG")
    return stream.getvalue()
