"""Faces of a second data set, learned from beside those of the first."""

import dataclasses
import io

from PIL import Image

from keras_fer.datasets import image_folder
from keras_fer.datasets import labeled_faces
from keras_fer.datasets import layouts
from keras_fer.datasets import leak_policy
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
        (`LabeledFaces`, all in memory; facts for a report: "data_set",
        "data_hash", "train" (how many faces were added) and "left_out").

    Raises:
        DataError: if the pictures cannot be read, are of other classes, or
            are judges (under "stop").
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
    parts = image_folder.load_source(source)
    added = parts.pop("train")
    found = len(added)
    for judge in (*judges, *parts.values()):
        added, _ = leak_policy.apply_leak_policy(
            added, judge, on_leak, cache=cache
        )
    say(
        f"{len(added)} faces of {title} are learned from as well, "
        f"{found - len(added)} copies of faces that judge are left out"
    )
    added = dataclasses.replace(
        added,
        images=tuple(map(_grey, added.images)),
        names=tuple(f"{source.directory.name}/{name}" for name in added.names),
    )
    facts = {
        "data_set": title,
        "data_hash": source.identity,
        "train": len(added),
        "left_out": found - len(added),
    }
    first = dataclasses.replace(faces, images=tuple(faces.images))
    return labeled_faces.concatenate([first, added]), facts


def _grey(content):
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").convert("L").save(stream, "PNG")
    return stream.getvalue()
