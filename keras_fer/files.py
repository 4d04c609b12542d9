"""Writing files so that a kill at any moment loses nothing, run locks, hashes.

Every artefact of the project is written through `atomic_path`: beside its
target, flushed, and renamed onto it.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from keras_fer.errors import DiskFullError
from keras_fer.errors import UsageError

# What `atomic_path` puts before the target's name, with a random token, since
# two threads may write one target and in containers every process is number 1.
_PARTIAL = re.compile(r"\.partial\.[0-9a-f]{8}\.", re.ASCII)
# Systems allow 255 bytes a name, and one character may take four.
_KEPT_CHARACTERS = 55
# A full disk, a used-up quota, a file larger than may be. HDF5 and
# TensorFlow have them in their messages alone.
_FULL = {
    number: os.strerror(number)
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
}


class DirectoryInUseError(UsageError):
    """Another process, `owner` in words, owns the directory or the file."""

    owner = "another process"


@contextlib.contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """A path to write to, which becomes `target` when the block ends well.

    The temporary file lies in the same folder and keeps the end of the name,
    since writers such as Keras and Pillow choose a format by `.png` or insist
    on `.weights.h5`. If the block raises, the temporary file is removed and
    `target` is left as it was.

    Args:
        target: the file to create or replace. Its folder is created.

    Yields:
        The path to write.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(
        f".partial.{secrets.token_hex(4)}.{target.name[-_KEPT_CHARACTERS:]}"
    )
    try:
        with full_disk_named(target):
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_directory(target.parent)


@contextlib.contextmanager
def full_disk_named(target: str | Path) -> Iterator[None]:
    """Tells a full disk from every other error of the block.

    Args:
        target: the file or folder that the block writes, for the message.

    Raises:
        DiskFullError: if the block failed because nothing more fitted.
    """
    try:
        yield
    except DiskFullError:
        raise
    except Exception as error:
        number = _full_disk(error)
        if number is None:
            raise
        target = Path(target)
        free = shutil.disk_usage(target.parent).free
        needed = target.stat().st_size if target.is_file() else 0
        kept = (
            f" (it had {needed:,} bytes before, and still has)"
            if needed
            else ""
        )
        raise DiskFullError(
            number,
            f"{target}{kept} cannot be written: {_FULL[number]}. "
            f"{free:,} bytes are free there. Make room, or raise the limit.",
        ) from error


def reserve(path: Path, size: int) -> None:
    """Takes the room for a file that HDF5 will write.

    A write of HDF5's that fails can crash the process when it ends; here a
    full disk is an error like others.

    Args:
        path: of `atomic_path`; holds `size` zeros afterwards.
        size: bytes, at least what will be written.
    """
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)


def write_text(target: str | Path, text: str) -> None:
    """Replaces `target` by `text` in UTF-8, all of it or nothing.

    Python holds the odd bytes of a file name that is not UTF-8 as lone
    surrogates; they are written as `\\udce9`, which JSON reads back.
    """
    with atomic_path(target) as path:
        path.write_text(
            text, encoding="utf-8", errors="backslashreplace", newline="\n"
        )


def write_json(target: str | Path, value: object) -> None:
    """Replaces `target` by `value` as indented JSON.

    Raises:
        ValueError: if `value` holds NaN or an infinity, which JSON has not.
    """
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ValueError(
            f"{target} was not written: {error}. Where a figure is undefined, "
            "give None instead of NaN or an infinity."
        ) from error
    write_text(target, text + "\n")


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync_directory(directory: Path) -> None:
    """Makes what was renamed in a folder outlast a power cut."""
    if os.name != "posix":  # Windows cannot open a directory
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_partial_files(directory: str | Path) -> list[Path]:
    """Removes what a killed process left half-written in `directory`.

    Call it only while holding `lock_directory`.

    Returns:
        The removed paths.
    """
    leftovers = sorted(
        path
        for path in Path(directory).glob(".partial.*")
        if _PARTIAL.match(path.name) and not path.is_dir()
    )
    for path in leftovers:
        path.unlink(missing_ok=True)
    return leftovers


def replace_directory(new: str | Path, directory: str | Path) -> None:
    """Puts a finished folder in the place of another.

    Args:
        new: the finished folder, on the same file system; it is moved.
        directory: where it belongs. A kill at the worst moment leaves the
            old one as `.NAME.replaced`, and the next call puts it back.
    """
    directory = Path(directory)
    replaced = directory.with_name(f".{directory.name}.replaced")
    restore_directory(directory)
    if directory.exists():
        os.replace(directory, replaced)
    os.replace(new, directory)
    shutil.rmtree(replaced, ignore_errors=True)


def restore_directory(directory: str | Path) -> None:
    """Undoes or finishes a `replace_directory` that was killed."""
    directory = Path(directory)
    replaced = directory.with_name(f".{directory.name}.replaced")
    if replaced.exists() and not directory.exists():
        os.replace(replaced, directory)
    shutil.rmtree(replaced, ignore_errors=True)


@contextlib.contextmanager
def lock_directory(directory: str | Path) -> Iterator[None]:
    """Owns `directory` until the block ends or the process dies.

    The lock is the operating system's, so a killed owner frees it.

    Args:
        directory: the folder to own; created if missing.

    Raises:
        DirectoryInUseError: at once, if another process owns it, with that
            process's id and host.
        UsageError: if it may not be written.
    """
    directory = Path(directory)
    with _locked(
        directory / ".lock",
        directory / ".owner.json",
        f"{directory} is in use by {{}}. Wait for it to end, or choose "
        "another directory.",
    ):
        yield


@contextlib.contextmanager
def lock_file(path: str | Path) -> Iterator[None]:
    """Owns a file, as `lock_directory` owns a folder.

    The lock lies beside it, since the file itself may be replaced.

    Args:
        path: the file to own; it need not be there, its folder must.

    Raises:
        DirectoryInUseError: at once, if another process owns it, with that
            process's id and host.
    """
    path = Path(path)
    with _locked(
        path.with_name(f".{path.name}.lock"),
        path.with_name(f".{path.name}.owner.json"),
        f"{path} is in use by {{}}. Wait for it to end, or name another file.",
    ):
        yield


@contextlib.contextmanager
def _locked(lock_path: Path, owner_path: Path, refusal: str) -> Iterator[None]:
    import filelock  # not where only finished models are used

    lock = filelock.FileLock(lock_path)
    directory = lock_path.parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except PermissionError as error:
        place = directory if directory.exists() else directory.parent
        mode = stat.filemode(place.stat().st_mode)
        raise UsageError(
            f"{directory} cannot be written: {place} is {mode}. Make it "
            f"writable (chmod u+w {shlex.quote(str(place))}), or choose "
            "another directory."
        ) from error
    except filelock.Timeout:
        error = DirectoryInUseError()
        # A damaged record must not hide the refusal.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(owner_path.read_text(encoding="utf-8"))
            error.owner = f"process {found['pid']} on {found['host']}"
        error.args = (refusal.replace("{}", error.owner),)
        raise error from None
    try:
        write_json(
            owner_path, {"pid": os.getpid(), "host": socket.gethostname()}
        )
        yield
    finally:
        with contextlib.suppress(OSError):
            owner_path.unlink()
        lock.release()


def _full_disk(error):
    """The number of the system's error behind any library's; else None."""
    if getattr(error, "errno", None) in _FULL:
        return error.errno
    found = [n for n, words in _FULL.items() if words in str(error)]
    return found[0] if found else None
