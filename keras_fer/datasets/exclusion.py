"""Pictures that are left out by a list, such as those under two labels."""

import hashlib
from pathlib import Path

from keras_fer import files
from keras_fer.errors import DataError

_HEADING = """\
# Pictures that show the same face under two labels, pair by pair.
# --exclude THIS_FILE leaves them out; take out the lines of those to keep.
"""


def read_exclusions(path):
    """The names in a list: one a line, `#` begins a remark.

    Args:
        path: the list, or None for none.

    Returns:
        A set of names.

    Raises:
        DataError: if it cannot be read.
    """
    if path is None:
        return frozenset()
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(
            f"--exclude {path} cannot be read: {error}. Expected: a picture's "
            "name a line."
        ) from error
    lines = (line.strip() for line in text.splitlines())
    return frozenset(
        line for line in lines if line and not line.startswith("#")
    )


def leave_out(parts, names, path):
    """The parts without the pictures of a list.

    Args:
        parts: a list of `LabeledFaces`.
        names: of `read_exclusions`.
        path: the list, for the message.

    Returns:
        (a list of `LabeledFaces`, how many pictures were left out).

    Raises:
        DataError: if a name is no picture's.
    """
    unknown = sorted(names - {name for part in parts for name in part.names})
    if unknown:
        raise DataError(
            f"--exclude {path} names {unknown[0]} and {len(unknown) - 1} "
            "more, and no picture is called so. Names are those that warnings "
            "and check-data print."
        )
    kept = [
        part.take(i for i, name in enumerate(part.names) if name not in names)
        for part in parts
    ]
    return kept, sum(map(len, parts)) - sum(map(len, kept))


def write_exclusions(directory, pairs):
    """Keeps pairs of names as a list for `--exclude`.

    Args:
        directory: the folder for it.
        pairs: a list of (name, name).

    Returns:
        The list's path; its name comes of its content.
    """
    lines = "".join(f"{first}\n{second}\n\n" for first, second in pairs)
    digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape"))
    path = Path(directory, f"two-labels-{digest.hexdigest()[:16]}.txt")
    files.write_text(path, _HEADING + lines)
    return path
