"""Searches for copies, remembered: the same pictures are compared once.

Comparing every picture with every other takes minutes on a large set, and
each run of a recipe asks for the same comparison.
"""

import dataclasses
import hashlib
import json
from pathlib import Path

from keras_fer import files
from keras_fer.datasets import leaks
from keras_fer.datasets import picture_alignment
from keras_fer.datasets.fingerprints import take_fingerprints

FOLDER = "copies"  # inside `prepared.cache_directory`


def find_copies(first, second=None, *, second_crops=True, cache=None):
    """`leaks.find_duplicates`, which looks up what it found before.

    What is kept is named by the pictures and by the code that compared them,
    so that neither another picture nor another rule meets an old answer.

    Args:
        first, second, second_crops: as `leaks.find_duplicates` takes them.
        cache: the folder of prepared data, see `prepared.cache_directory`.
            None remembers nothing.

    Returns:
        A list of `leaks.Duplicate`.
    """
    first = take_fingerprints(first)
    second = None if second is None else take_fingerprints(second)
    if cache is None:
        return leaks.find_duplicates(first, second, second_crops=second_crops)
    key = _key(first, second, second_crops)
    path = Path(cache) / FOLDER / f"{key}.json"
    found = _read(path)
    if found is None:
        found = leaks.find_duplicates(first, second, second_crops=second_crops)
        files.write_json(path, [dataclasses.astuple(pair) for pair in found])
    return found


def _key(first, second, second_crops):
    digest = hashlib.sha256()
    for module in (leaks, picture_alignment):
        digest.update(Path(module.__file__).read_bytes())
    digest.update(repr((second is None, second_crops)).encode())
    for pictures in (first,) if second is None else (first, second):
        for values in (
            pictures.files,
            pictures.pixels,
            pictures.mirrored_pixels,
            pictures.grey,
        ):
            digest.update(repr(values.shape).encode())
            digest.update(values.tobytes())
    return digest.hexdigest()[:32]


def _read(path):
    """What was found before, or None."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [leaks.Duplicate(*row) for row in rows]
    except (OSError, ValueError, TypeError):  # absent or damaged: look again
        return None
