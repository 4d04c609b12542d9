"""Whether a video is all there: its container's head says how long it is.

FFmpeg takes a Matroska, WebM or AVI file that was cut off for a shorter video
and says nothing.
"""

import os

from keras_fer.errors import DataError

_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
_UNKNOWN = (0, 0xFFFFFFFF)  # sizes that a program writes before it knows
# Those that a video cannot do without; behind the last, anything may follow.
_BOXES = (b"ftyp", b"moov", b"mdat", b"moof")


def check_whole(path):
    """Refuses a video that was cut off.

    Args:
        path: of the video; what is no regular file is left to its reader, as
            are kinds other than MP4, QuickTime, Matroska, WebM and AVI, and
            recordings that do not tell their length.

    Raises:
        DataError: if bytes are missing at its end.
    """
    if not os.path.isfile(path):
        return
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        promised = _promised_size(file, size)
    if promised is not None and promised > size:
        raise DataError(
            f"{path} cannot be decoded as a video: it is cut off ({size:,} of "
            f"{promised:,} bytes). Copy it again."
        )


def _promised_size(file, size):
    """Bytes that the file should have at least; None where it is not told."""
    head = file.read(16)
    if head[:4] == b"RIFF":
        length = int.from_bytes(head[4:8], "little")
        return None if length in _UNKNOWN else 8 + length
    if head[:4] == _EBML:
        return _matroska_size(file)
    if head[4:8] in _BOXES:
        return _boxes_size(file, size)
    return None


def _matroska_size(file):
    """The end of the segment, the element behind the head."""
    file.seek(len(_EBML))
    length = _read_length(file)
    if length is None:
        return None
    file.seek(length, os.SEEK_CUR)
    if file.read(len(_SEGMENT)) != _SEGMENT:
        return None
    length = _read_length(file)
    return None if length is None else file.tell() + length


def _read_length(file):
    """A length of EBML: the leading zeros tell how many bytes it has."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    number = 9 - first[0].bit_length()
    bits = 7 * number
    value = int.from_bytes(first + file.read(number - 1), "big")
    value &= (1 << bits) - 1
    return None if value == (1 << bits) - 1 else value


def _boxes_size(file, size):
    """The end of the last box that begins within the file."""
    place = 0
    while place < size:
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:  # it goes on to the end, or is none
            return None
        if place + length > size and head[4:8] not in _BOXES:
            return None
        place += length
    return place
