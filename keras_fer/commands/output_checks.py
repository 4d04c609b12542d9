"""Refuses, before hours of work, what could not be written at their end."""

import os
import tempfile
from pathlib import Path

from keras_fer import files as artefacts
from keras_fer.commands.answer_files import replaced_file
from keras_fer.commands.picture_paths import OUTPUT_MARK
from keras_fer.commands.picture_paths import PICTURES
from keras_fer.errors import DataError
from keras_fer.errors import DiskFullError
from keras_fer.errors import UsageError

_MARK_TEXT = """\
keras-fer predict writes its pictures into this folder.
When photos are looked for in a folder above, this one is passed over; it is
read if it is named itself. Without this file it is a folder like others.
"""


def check_places(files, folders, photos):
    """Whether all outputs have a place of their own, and can be written.

    Folders for pictures are made and marked, so that `list_pictures` passes
    them over. They may lie among the photos, but hold none.

    Args:
        files: flag -> path of a file, "-" for the standard output, or None.
        folders: flag -> `Path` of a folder, or None.
        photos: `Path`s that must stay as they are.

    Raises:
        UsageError: if two outputs share a place, or a photo, or a picture
            that nobody knows, lies there.
        DataError: if a folder cannot be written to.
    """
    files = {
        flag: Path(name)
        for flag, name in files.items()
        if name not in (None, "-")
    }
    folders = {flag: path for flag, path in folders.items() if path is not None}
    owners = {}
    for flag, path in (files | folders).items():
        owner = owners.setdefault(path.resolve(), flag)
        if owner != flag:
            raise UsageError(
                f"{owner} and {flag} both name {path}, and would write over "
                "each other. Choose another path for one."
            )
    for flag, folder in folders.items():
        _check_folder(flag, folder, photos)
    photos = {path.resolve() for path in photos}
    for path in files.values():
        if path.is_dir() or path.resolve() in photos:
            raise UsageError(f"{path} is there already, and no file to write.")
    replaced = filter(None, map(replaced_file, files.values()))
    parents = (path.parent for path in replaced)
    for folder in (*folders.values(), *parents):
        try:
            with artefacts.full_disk_named(folder):
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass
            mark = folder / OUTPUT_MARK
            if folder in folders.values() and not mark.exists():
                artefacts.write_text(mark, _MARK_TEXT)
        except DiskFullError:
            raise
        except OSError as error:
            raise DataError(
                f"{folder} cannot be written to ({error.strerror}). Choose "
                "another folder."
            ) from error


def check_photos_stay(folders, tasks):
    """Whether no folder that is written into is a photo's, by a link in it.

    Args:
        folders: `Path`s that are written into.
        tasks: `photo_job.Task`s.

    Raises:
        UsageError: if a photo could be written over.
    """
    photos = _folders_of(task.path for task in tasks)
    inner = {task.output.parent for task in tasks}
    for folder in folders:
        for place in sorted(inner):
            if (folder / place).resolve() in photos:
                raise UsageError(
                    f"{folder / place} is a folder of photos, which could be "
                    "written over. Choose another folder."
                )


def _check_folder(flag, folder, photos):
    """Refuses a folder of pictures that `predict` did not write."""
    real = folder.resolve()
    own = f"Name a folder of its own: {flag} {folder / flag.strip('-')}."
    for place, photo in _folders_of(photos).items():
        if place.is_relative_to(real):
            raise UsageError(
                f"{flag} {folder}: the photo {photo} lies there. What is "
                "written beside photos could be written over them, and would "
                f"be taken for photos the next time. {own}"
            )
    if (folder / OUTPUT_MARK).exists():
        return
    for inner, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(PICTURES):
                raise UsageError(
                    f"{flag} {folder}: {Path(inner, name)} is there already, "
                    f"and not of keras-fer predict. {own}"
                )


def _folders_of(photos):
    """The folders that photos lie in, by name and by link -> a photo."""
    found = {}
    for photo in photos:
        found.setdefault(photo.parent.resolve(), photo)
        found.setdefault(photo.resolve().parent, photo)
    return found
