"""Photos split over processes or machines that know nothing of each other.

Which part a photo belongs to follows from its name within the folder that was
given, so that each process finds it alone, wherever the folder is mounted, and
photos that come later move none of the others.
"""

import dataclasses
import os
import re
import zlib
from pathlib import Path

from keras_fer.commands.answer_files import replaced_file
from keras_fer.errors import UsageError

# Whatever they lead to is this process's own.
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/")


def read_shard(text):
    """`I/N` as two numbers.

    Args:
        text: such as "2/4", the second of four, counted from 1.

    Returns:
        (index, number), 1 <= index <= number.

    Raises:
        UsageError: if it is no such text.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    index, number = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= number:
        raise UsageError(
            f"--shard {text}: expected I/N, such as 2/4 for the second of "
            "four parts; the first is 1/4."
        )
    return index, number


def own_files(command, names):
    """The command with files of its own, where it answers one part.

    Args:
        command: dataclass with the field "shard", `I/N` or None.
        names: of its fields that are files, paths or None. What is written
            to as it is stays: "-", a pipe, a device.

    Returns:
        A command of the same class: "a.json" of shard 2/4 is
        "a.2-of-4.json".

    Raises:
        UsageError: see `read_shard`.
    """
    if command.shard is None:
        return command
    index, number = read_shard(command.shard)
    given = {name: getattr(command, name) for name in names}
    return dataclasses.replace(
        command,
        **{
            name: type(path)(_renamed(Path(path), f"{index}-of-{number}"))
            for name, path in given.items()
            if path not in (None, "-") and not _is_written_to_as_it_is(path)
        },
    )


def take(tasks, names, shard):
    """The tasks of one part.

    Args:
        tasks: of all photos, a list.
        names: `Path` of each within the folder that was given.
        shard: `I/N`, or None for all.

    Returns:
        A list, in the same order.
    """
    if shard is None:
        return tasks
    index, number = read_shard(shard)
    return [
        task
        for task, name in zip(tasks, names, strict=True)
        if zlib.crc32(os.fsencode(name.as_posix())) % number == index - 1
    ]


def _is_written_to_as_it_is(path):
    return str(path).startswith(_STREAMS) or replaced_file(path) is None


def _renamed(path, part):
    return path.with_name(f"{path.stem}.{part}{path.suffix}")
