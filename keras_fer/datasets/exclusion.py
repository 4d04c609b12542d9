"""Pictures that are left out by a list, such as those under two labels."""

import hashlib
from pathlib import Path

from keras_fer import files
from keras_fer.errors import DataError

_HEADING = """\
# Pictures that show the same face under two labels, pair by pair.
# --exclude THIS_FILE leaves them out; take out the lines of those to keep.
"""


def leave_out(parts, path):
    """The parts without the pictures of a list.

    Args:
        parts: {split: `LabeledFaces`}.
        path: the list, a name a line; `#` begins a remark. Or None.

    Returns:
        ({split: `LabeledFaces`}, a set of the names that were left out).

    Raises:
        DataError: if it cannot be read, or a name is no picture's.
    """
    names = _read(path)
    known = {name for part in parts.values() for name in part.names}
    unknown = sorted(names - known)
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise DataError(
            f"--exclude {path} names {unknown[0]}{more}; no picture of "
            f"{', '.join(parts)} is called so. Names are those that warnings "
            "and check-data print."
        )
    kept = {
        split: part.take(
            i for i, name in enumerate(part.names) if name not in names
        )
        for split, part in parts.items()
    }
    return kept, names


def _read(path):
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
