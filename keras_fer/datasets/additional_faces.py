"""Faces of a second data set, learned from beside those of the first."""

import dataclasses
import io

from PIL import Image

from keras_fer.datasets import image_folder
from keras_fer.datasets import labeled_faces
from keras_fer.datasets import layouts
from keras_fer.datasets import leak_policy
from keras_fer.datasets.stored_pictures import StoredPictures
from keras_fer.errors import DataError


def add_faces(
    faces, directory, *, judges, on_leak="stop", cache=None, say=print
):
    """Puts the training part of another data set beside a training part.

    Its pictures become grey: where one of two sets has colour and the other
    has none, a network would tell by that how often each class comes.

    Args:
        faces: `LabeledFaces` to learn from, grey.
        directory: the other data set's folder, in any layout that
            `layouts.recognize` knows. Without parts, all of it is learned.
        judges: sequence of `LabeledFaces`: what chooses or judges. The parts
            of the other set that are not learned from are judges as well.
        on_leak: what to do about judges in the other training part, see
            `leak_policy.apply_leak_policy`.
        cache: where results are remembered, see `found_copies`.
        say: called with each message.

    Returns:
        (`LabeledFaces`, all in memory; facts for a report: "additional_data",
        a dict of "data_set", "data_hash" and "train" (how many faces were
        added), and "additional_leak_report", of copies of faces that judge,
        in either training part).

    Raises:
        DataError: if the pictures cannot be read, are of other classes, are
            too many, or are judges (under "stop").
        UsageError: if there is no such folder.
    """
    name = layouts.recognize(directory)
    source = layouts.find_source(name, directory)
    title = layouts.describe(name, source)
    say(f"{source.directory}: {title}; checking, comparing ...")
    if source.class_names != faces.class_names:
        raise DataError(
            f"{source.directory} has the classes "
            f"{', '.join(source.class_names)}. To be learned from beside the "
            f"first data set, it needs {', '.join(faces.class_names)}."
        )
    layouts.check_source(name, source, "any")
    parts = {
        split: _rename(part, source.directory.name)
        for split, part in image_folder.load_source(source).items()
    }
    added = parts.pop("train")
    if isinstance(added.images, StoredPictures):
        raise DataError(
            f"{source.directory} is too large to be turned to grey in memory. "
            "Give smaller pictures: the network sees few of their pixels."
        )
    reports = []
    for judge in (*judges, *parts.values()):
        added, report = leak_policy.apply_leak_policy(
            added, judge, on_leak, cache=cache
        )
        reports.append(report)
    for judge in parts.values():
        faces, report = leak_policy.apply_leak_policy(
            faces, judge, on_leak, cache=cache
        )
        reports.append(report)
    if not len(added):
        raise DataError(
            f"Every training face of {source.directory} is a copy of one that "
            "chooses or judges. Leave out --additional-data-dir."
        )
    merged = leak_policy.merge(reports)
    say(
        f"{title}: {len(added)} are learned from as well; "
        f"{len(merged.names)} copies of faces that choose or judge, "
        f"{merged.num_dropped} faces left out"
    )
    facts = {
        "additional_data": {
            "data_set": title,
            "data_hash": source.identity,
            "train": len(added),
        },
        "additional_leak_report": merged.as_dict(),
    }
    added = dataclasses.replace(added, images=tuple(map(_grey, added.images)))
    faces = dataclasses.replace(faces, images=tuple(faces.images))
    return labeled_faces.concatenate([faces, added]), facts


def _rename(faces, folder):
    names = tuple(f"{folder}/{name}" for name in faces.names)
    return dataclasses.replace(faces, names=names)


def _grey(content):
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").convert("L").save(stream, "PNG")
    return stream.getvalue()
