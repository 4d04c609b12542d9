"""Which pictures a folder or an archive holds, and what does not belong."""

import os
import stat
import zipfile

from keras_fer.datasets.picture_source import MAX_PICTURE_BYTES
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

# How copies of the known sets name their folders, in small letters, and the
# index of that expression in `keras_fer.CLASSES`.
CLASS_FOLDERS = {
    "surprise": 0,
    "surprised": 0,
    "fear": 1,
    "fearful": 1,
    "disgust": 2,
    "disgusted": 2,
    "happiness": 3,
    "happy": 3,
    "sadness": 4,
    "sad": 4,
    "anger": 5,
    "angry": 5,
    "neutral": 6,
}
PICTURES = (".jpg", ".jpeg", ".png")
_MOST_UNPACKED = 100  # times a member's size in the archive
# What operating systems leave behind.
_LITTER = ("thumbs.db", "desktop.ini", "__macosx")


def check_folder(directory):
    """Makes sure that a folder can be looked through, all the way down.

    Args:
        directory: a `Path` that a user gave.

    Raises:
        DataError: if it is a file, is not there, or holds a folder that this
            user may not read.
    """
    if directory.is_file():
        raise DataError(
            f"{directory} is a file. Unpack it and give the folder: "
            "--data-dir FOLDER."
        )
    if not directory.is_dir():
        raise DataError(f"There is no folder {directory}. Check --data-dir.")
    faults = []

    def add(error):
        mode = stat.filemode(os.stat(error.filename).st_mode)
        faults.append(f"{error.filename} cannot be read ({mode})")

    for _ in os.walk(directory, onerror=add):
        pass
    raise_faults(faults, f"Make it readable: chmod -R u+rwX {directory}")


def list_folders(directory):
    """The folders in a folder, without what operating systems leave."""
    return sorted(
        path
        for path in directory.iterdir()
        if path.is_dir() and not is_litter(path.name)
    )


def list_pictures(folder):
    """Looks through one folder.

    Args:
        folder: the path.

    Returns:
        (paths of picture files, faults: one message for each other thing
        that somebody may have taken for a picture of the set).
    """
    pictures, faults = [], []
    for path in sorted(folder.iterdir()):
        if is_litter(path.name):
            continue
        if path.suffix.lower() not in PICTURES or not path.is_file():
            faults.append(f"{path} is no JPEG or PNG file")
        elif not _is_text(path.name):
            faults.append(f"{ascii(str(path))} is no name in UTF-8")
        else:
            pictures.append(path)
    return pictures, faults


def list_archive(archive):
    """Looks through a zip archive without unpacking it.

    Args:
        archive: the path.

    Returns:
        Picture name without folders -> name of the member.

    Raises:
        DataError: if it cannot be read, or holds what an archive of faces
            has no need for.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(
            f"{archive} cannot be read ({error}). Fetch it again."
        ) from error
    pictures, faults = {}, []
    for member in members:
        *folders, name = member.filename.split("/")
        fault = _leads_out(member, folders)
        litter = not name or any(map(is_litter, [*folders[:1], name]))
        if litter and not fault:
            continue
        fault = fault or _unsafe(member, name)
        if name in pictures and not fault:
            fault = "is there twice"
        if fault:
            faults.append(f"{archive}: {member.filename} {fault}")
        pictures[name] = member.filename
    raise_faults(faults, "Unpack the archive yourself, and check it.")
    return pictures


def is_litter(name):
    """Whether a name is what operating systems leave behind."""
    return name.startswith(".") and name != ".." or name.lower() in _LITTER


def _leads_out(member, folders):
    """A fault of a member's path, or None."""
    if (
        ".." in folders
        or member.filename.startswith("/")
        or "\\" in member.orig_filename
        or "\0" in member.orig_filename
    ):
        return "leads out of the archive"
    return None


def _unsafe(member, name):
    """Why a member of an archive is not read, or None."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG):
        return "is no plain file"
    if member.flag_bits & 1:
        return "is encrypted"
    if member.file_size > MAX_PICTURE_BYTES:
        return f"unpacks to {member.file_size:,} bytes"
    # Pictures are packed already.
    if member.file_size > _MOST_UNPACKED * max(member.compress_size, 1):
        return (
            f"unpacks from {member.compress_size:,} to "
            f"{member.file_size:,} bytes"
        )
    if not name.lower().endswith(PICTURES):
        return "is no JPEG or PNG file"
    return None


def _is_text(name):
    """Whether a name has no odd bytes, which prepared data cannot hold."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
