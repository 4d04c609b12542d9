"""Parts that are made once and kept, so that a test part stays one.

Pictures of one's own have no official parts. What was cut is written beside
the weights: whoever evaluates them later judges by the same pictures, or is
told that they changed.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from keras_fer import files
from keras_fer.datasets import leaks
from keras_fer.datasets import splits
from keras_fer.datasets.labeled_faces import concatenate
from keras_fer.datasets.parts import warn_of_two_labels
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

PARTS = ("train", "validation", "test")


def split(parts, path, *, validation_fraction=0.1, test_fraction=0.2, seed=0):
    """Cuts the parts that are missing, or those that were cut before.

    Each is cut from "train", stratified, with copies of one photograph on
    one side. Copies between parts that were there already are not looked
    for: see `leak_policy.apply_leak_policy`.

    Args:
        parts: {split: `LabeledFaces`} with "train" at least.
        path: the JSON file that keeps the parts. If it exists, it decides,
            and the other arguments do nothing.
        validation_fraction, test_fraction: the shares of all pictures of
            "train" to set aside, each between 0 and 1.
        seed: of the choice.

    Returns:
        {"train", "validation", "test"} -> `LabeledFaces`.

    Raises:
        DataError: if pictures, classes or folders of parts are not those of
            the file, if it is damaged, or if there are too few pictures.
    """
    path = Path(path)
    if path.exists():
        return restore(parts, path)
    made = cut(
        parts,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        seed=seed,
    )
    store(made, path, seed)
    return made


def cut(parts, *, validation_fraction=0.1, test_fraction=0.2, seed=0, say=None):
    """Cuts the parts that are missing; see `split`. Nothing is kept.

    `say` is called with a warning for each picture under two labels.
    """
    made = dict(parts)
    missing = [part for part in ("test", "validation") if part not in made]
    given, copies = made["train"], []
    if missing or say:
        copies = leaks.find_duplicates(given, second_crops=bool(missing))
    if say:
        warn_of_two_labels(given, copies, _place_for_lists(), say)
    fractions = {"test": test_fraction, "validation": validation_fraction}
    for part in missing:
        train = made["train"]
        share = min(fractions[part] * len(given) / len(train), 0.5)
        made["train"], made[part] = splits.split_validation(
            train, share, seed, copies
        )
        copies = _follow(copies, train, made["train"])
    return {part: made[part] for part in PARTS}


def store(made, path, seed=0, excluded=()):
    """Keeps what `cut` gave, for `restore`.

    Args:
        made: {part: `LabeledFaces`}, the three parts.
        path: the JSON file to write.
        seed: what they were cut with.
        excluded: the names of pictures that were left out before.
    """
    files.write_json(
        path,
        {
            "class_names": list(made["train"].class_names),
            "seed": seed,
            "excluded": sorted(excluded),
            "parts": {part: _hashes(made[part]) for part in PARTS},
        },
    )


def identity(made):
    """A hash of classes, pictures and parts: 64 hexadecimal digits."""
    parts = {part: sorted(_hashes(made[part]).items()) for part in PARTS}
    named = [list(made["train"].class_names), parts]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def restore(parts, path):
    """The parts that `store` kept, of the same pictures; see `split`."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        class_names = tuple(stored["class_names"])
        kept = {part: dict(stored["parts"][part]) for part in PARTS}
        excluded = set(stored.get("excluded", ()))
        if len(set().union(*kept.values())) != sum(map(len, kept.values())):
            raise ValueError("a picture stands in two parts")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read ({error!r}). It says which pictures are "
            "for testing: without it, train anew in another run directory."
        ) from error
    faces = concatenate([parts[part] for part in PARTS if part in parts])
    faces = faces.take(
        i for i, name in enumerate(faces.names) if name not in excluded
    )
    found = _hashes(faces)
    before = {n: digest for part in kept.values() for n, digest in part.items()}
    faults = [f"{name} is new" for name in sorted(set(found) - set(before))]
    faults += [f"{name} is gone" for name in sorted(set(before) - set(found))]
    faults += [
        f"{name} is another picture than it was"
        for name in sorted(set(found) & set(before))
        if found[name] != before[name]
    ]
    if class_names != faces.class_names:
        faults.insert(
            0,
            f"The classes were {', '.join(class_names)}; now they are "
            f"{', '.join(faces.class_names)}",
        )
    raise_faults(
        faults,
        f"{path} was made of other pictures, and says which are for testing. "
        "Put them back as they were, or train anew in another run directory.",
        most=10,
    )
    places = {name: index for index, name in enumerate(faces.names)}
    return {
        part: faces.take(sorted(places[name] for name in names))
        for part, names in kept.items()
    }


def _place_for_lists():
    """The folder of prepared data, or None: a warning stops no training."""
    # Here, since it loads TensorFlow Datasets, which own faces do without.
    from keras_fer.datasets.prepared import cache_directory

    with contextlib.suppress(DataError):
        return cache_directory()


def _follow(copies, before, after):
    """Pairs of `before` that are both in `after`, by their indices there."""
    places = {name: index for index, name in enumerate(after.names)}
    found = []
    for pair in copies:
        first = places.get(before.names[pair.first])
        second = places.get(before.names[pair.second])
        if first is not None and second is not None:
            found.append(leaks.Duplicate(first, second, pair.kind, 1.0))
    return found


def _hashes(faces):
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in zip(faces.names, faces.images, strict=True)
    }
