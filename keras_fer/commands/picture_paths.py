"""Which pictures are meant by paths of pictures and of folders."""

import os
from pathlib import Path

from keras_fer.errors import UsageError

PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def list_pictures(paths, suffixes=PICTURES, *, without=()):
    """The pictures meant by paths of pictures and of folders.

    Args:
        paths: of pictures, taken whatever they are called, and of folders.
            Of a folder, the files at any depth that have one of the suffixes
            are taken, by name; hidden ones are passed over.
        suffixes: of file names, in small letters.
        without: folders inside those folders that are passed over.

    Returns:
        A list of (`Path`, its `Path` within the folder that was named; its
        name alone where the picture itself was).

    Raises:
        UsageError: for a folder without pictures.
        PermissionError: for a folder that may not be read.
    """
    without = {os.path.realpath(folder) for folder in without}
    found = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append((path, Path(path.name)))
            continue
        inner = []
        for folder, folders, names in os.walk(path, onerror=_raise):
            folders[:] = [
                name
                for name in folders
                if not name.startswith(".")
                and os.path.realpath(os.path.join(folder, name)) not in without
            ]
            inner += [
                Path(folder, name)
                for name in names
                if name.lower().endswith(suffixes)
                and not name.startswith(".")
                and os.path.isfile(os.path.join(folder, name))
            ]
        if not inner:
            raise UsageError(
                f"{path} holds no picture. Expected: files named "
                f"{', '.join('*' + suffix for suffix in suffixes)}."
            )
        found += [(file, file.relative_to(path)) for file in sorted(inner)]
    return found


def name_outputs(names):
    """Names for what is written about each of several files.

    Args:
        names: `Path`s within an output folder, in order.

    Returns:
        A list of `Path` without suffix. No two are the same, even where
        capital letters do not count: "a.jpg" and "A.png" give "a" and "A-2".
    """
    taken, found = set(), []
    for name in names:
        stem, number = name.with_suffix(""), 1
        while str(stem).casefold() in taken:
            number += 1
            stem = name.with_name(f"{name.stem}-{number}")
        taken.add(str(stem).casefold())
        found.append(stem)
    return found


def shown(path):
    """A path on one line, whatever characters its name holds."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in os.fspath(path)
    )


def _raise(error):
    raise error
