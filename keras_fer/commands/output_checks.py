"""Refuses, before hours of work, what could not be written at their end."""

import tempfile
from pathlib import Path

from keras_fer.commands.answer_files import replaced_file
from keras_fer.commands.photo_job import annotated_name
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


def check_places(files, folders, photos):
    """Whether all outputs have a place of their own, and can be written.

    Args:
        files: flag -> path of a file, "-" for the standard output, or None.
        folders: flag -> `Path` of a folder, or None.
        photos: `Path`s that must stay as they are.

    Raises:
        UsageError: if two outputs share a place, or a photo lies there.
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
    photos = {path.resolve() for path in photos}
    for path in files.values():
        if path.is_dir() or path.resolve() in photos:
            raise UsageError(f"{path} is there already, and no file to write.")
    replaced = filter(None, map(replaced_file, files.values()))
    parents = (path.parent for path in replaced)
    for folder in (*folders.values(), *parents):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise DataError(
                f"{folder} cannot be written to ({error.strerror}). Choose "
                "another folder."
            ) from error


def check_photos_stay(folders, tasks):
    """Whether no picture that is written lies where a photo is.

    Args:
        folders: `Path`s that are written to.
        tasks: `photo_job.Task`s.

    Raises:
        UsageError: if a photo would be written over.
    """
    photos = {task.path.resolve() for task in tasks}
    for folder in folders:
        for task in tasks:
            for name in (annotated_name(task), f"{task.output}.png"):
                if (folder / name).resolve() in photos:
                    raise UsageError(
                        f"{folder / name} is one of the photos, and would be "
                        "written over. Choose another folder."
                    )
