"""Answers as JSON, an object a picture, and as CSV, a line a face.

`keras-fer classify` and `keras-fer predict` both write through here, so that
the same things have the same names.
"""

import contextlib
import csv
import json
import os
import sys
from pathlib import Path

from keras_fer import files

# Of faces that were found in photos and videos; aligned faces have none.
_PLACE = ("time", "face", "left", "top", "right", "bottom", "score")


@contextlib.contextmanager
def writing(json_target, csv_target, class_names, *, with_places):
    """Opens the files that were asked for; they are there when all is in.

    Args:
        json_target, csv_target: path, "-" for the standard output, or None.
        class_names: the classes, in the model's order: a column each.
        with_places: whether the CSV says where in a photo, and when in a
            video, a face was.

    Yields:
        A function that takes a record: a dict with "path" and "error"; with
        "path", "label" and "probabilities" of an aligned face; or as
        `photo_job.PhotoWorker` gives it. JSON has all of it; CSV has a line
        a face, and none for pictures without faces or answer.
    """
    with contextlib.ExitStack() as stack:
        writers = []
        if json_target is not None:
            writers.append(stack.enter_context(_json_array(json_target)))
        if csv_target is not None:
            columns = ("path", *(_PLACE if with_places else ()), "label")
            table = _csv_table(csv_target, [*columns, *class_names])
            writers.append(stack.enter_context(table))

        def write(record):
            for writer in writers:
                writer(record)

        yield write


def replaced_file(target):
    """The file that an output replaces, links followed.

    Args:
        target: path; it need not be there.

    Returns:
        `Path`; None for what is written to as it is (a pipe, a device).
    """
    if os.path.exists(target) and not os.path.isfile(target):
        return None
    return Path(os.path.realpath(target))


@contextlib.contextmanager
def _json_array(target):
    with _opened(target) as file:
        opening = "[\n"

        def write(record):
            nonlocal opening
            file.write(opening + json.dumps(record, ensure_ascii=False))
            file.flush()  # whoever reads a pipe has each answer at once
            opening = ",\n"

        yield write
        file.write("\n]\n" if opening == ",\n" else "[]\n")


@contextlib.contextmanager
def _csv_table(target, columns):
    with _opened(target) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)

        def write(record):
            table.writerows(_rows(record))
            file.flush()

        yield write


def _rows(record):
    path = record["path"]
    if "label" in record:
        yield _row(path, (), record)
    for number, face in enumerate(record.get("faces", ()), 1):
        yield _row(path, _place("", number, face), face)
    for frame in record.get("frames", ()):
        for face in frame["faces"]:
            time = f"{frame['time']:.3f}"
            yield _row(path, _place(time, face["track"], face), face)


def _place(time, number, face):
    box = (f"{value:.1f}" for value in face["box"])
    return (time, number, *box, f"{face['score']:.4f}")


def _row(path, place, answer):
    shares = (f"{share:.6f}" for share in answer["probabilities"].values())
    return (path, *place, answer["label"], *shares)


@contextlib.contextmanager
def _opened(target):
    """The standard output, or what takes the place of `target` at the end."""
    if target == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    path = replaced_file(target)
    with contextlib.ExitStack() as stack:
        if path is None:
            temporary = Path(target)
        else:
            temporary = stack.enter_context(files.atomic_path(path))
        # Names of files may hold what UTF-8 has not.
        options = {"encoding": "utf-8", "errors": "backslashreplace"}
        with temporary.open("w", newline="\n", **options) as file:
            yield file
