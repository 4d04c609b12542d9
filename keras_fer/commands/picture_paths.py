"""Which pictures are meant by paths of pictures and of folders."""

import os
from pathlib import Path

from keras_fer.errors import DataError
from keras_fer.errors import UsageError

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
# Lies in the folders that `keras-fer predict` writes pictures into, so that
# no later command takes them for photos.
OUTPUT_MARK = ".keras-fer-output"


def list_pictures(paths, suffixes=PICTURES, *, faults=None):
    """The pictures meant by paths of pictures and of folders.

    Args:
        paths: of pictures, taken whatever they are called, and of folders.
            Of a folder, the files at any depth that have one of the suffixes
            are taken, by name; hidden ones are passed over, and so are
            folders in it that hold `OUTPUT_MARK`.
        suffixes: of file names, in small letters.
        faults: list that takes a message for each folder that may not be
            read and each link to nothing. None: the first raises.

    Returns:
        A list of (`Path`, its `Path` within the folder that was named; its
        name alone where the picture itself was).

    Raises:
        UsageError: for a folder without pictures.
        DataError: for a folder that may not be read, or a link to nothing,
            if there is no list of faults.
    """

    def tell(message):
        if faults is None:
            raise DataError(message)
        faults.append(message)

    def pass_over(error):
        tell(f"{error.filename} cannot be searched ({error.strerror}).")

    found = []
    for path in map(Path, paths):
        if not os.path.isdir(path):
            found.append((path, Path(path.name)))
            continue
        inner, outputs, num_before = [], [], len(faults or ())
        for folder, folders, names in os.walk(path, onerror=pass_over):
            marked = [
                name
                for name in folders
                if os.path.exists(os.path.join(folder, name, OUTPUT_MARK))
            ]
            outputs += [os.path.join(folder, name) for name in marked]
            folders[:] = [
                name
                for name in folders
                if not name.startswith(".") and name not in marked
            ]
            for name in names:
                if name.startswith(".") or not name.lower().endswith(suffixes):
                    continue
                file = Path(folder, name)
                if os.path.isfile(file):
                    inner.append(file)
                elif not os.path.exists(file):
                    tell(f"{file} is a link to nothing that can be read.")
        if not inner and len(faults or ()) == num_before:
            passed = (
                f" What keras-fer predict wrote ({outputs[0]}) is read if it "
                "is named itself."
                if outputs
                else ""
            )
            raise UsageError(
                f"{path} holds no picture. Expected: files named "
                f"{', '.join('*' + suffix for suffix in suffixes)}.{passed}"
            )
        found += [(file, file.relative_to(path)) for file in sorted(inner)]
    return found


def name_outputs(names, taken=(), *, whole=False):
    """Names for what is written about each of several files.

    Args:
        names: `Path`s within an output folder, in order.
        taken: what others are called already.
        whole: whether a file's suffix stays, so that what "a.jpg" is called
            does not depend on whether "a.png" is among the names.

    Returns:
        A list of `Path`, without suffix unless `whole`. No two are the same,
        even where capital letters do not count: "a.jpg" and "A.png" give "a"
        and "A-2".
    """
    taken, found = {str(Path(name)).casefold() for name in taken}, []
    for name in names:
        first = name.name if whole else name.stem
        output, number = name.with_name(first), 1
        while str(output).casefold() in taken:
            number += 1
            output = name.with_name(f"{first}-{number}")
        taken.add(str(output).casefold())
        found.append(output)
    return found


def shown(path):
    """A path on one line, whatever characters its name holds."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in os.fspath(path)
    )
