"""FER2013's csv: a face a line, as numbers, with its class and its part.

The file has 300 MB. It is read line by line, never whole, and each face
becomes a small grey PNG, so that nothing after this knows of numbers.
"""

import io

from PIL import Image

from keras_fer.datasets.picture_source import PictureSource
from keras_fer.datasets.picture_source import Record
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

SIDE = 48
# The challenge's classes by their ids, and its parts by their names.
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = {
    "Training": "train",
    "PublicTest": "validation",
    "PrivateTest": "test",
}
COLUMNS = ("emotion", "pixels", "usage")
# Four bytes a pixel are 9,216; what is longer is not this file.
_LONGEST_LINE = 20_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class PixelTableSource(PictureSource):
    """A source whose records are lines: `member` says where one begins."""

    def read_all(self):
        """Yields (record, bytes of a PNG), opening the csv once."""
        if not self.records:
            return
        path = self.records[0].path
        with _open(path) as file:
            columns, _ = _read_header(file, path)
            for record in self.records:
                file.seek(int(record.member))
                fields, fault = _fields(file.readline(_LONGEST_LINE), columns)
                if not fault:
                    pixels, fault = _pixels(fields["pixels"])
                if fault:
                    raise DataError(
                        f"{record.name} {fault}: {path} changed while it was "
                        "read. Run the command again."
                    )
                yield record, encode(pixels)


def list_rows(path, labels):
    """Looks through a csv and checks every line of it.

    Columns may stand in any order, their names in any case with blanks
    around, as `fer2013.csv` and `icml_face_data.csv` have them. A byte-order
    mark, CRLF, quotes around fields and empty lines are harmless.

    Args:
        path: the file.
        labels: the label of each of `EMOTIONS`.

    Returns:
        A list of `Record`, in the order of the lines, named FILE:LINE.

    Raises:
        DataError: naming file and line of every fault.
    """
    records, faults = [], []
    with _open(path) as file:
        columns, number = _read_header(file, path)
        while True:
            offset = file.tell()
            line = file.readline(_LONGEST_LINE)
            if not line:
                break
            number += 1
            if not line.strip():
                continue
            name = f"{path.name}:{number}"
            emotion, split, fault = _check_row(line, columns)
            if fault:
                faults.append(f"{path}:{number} {fault}")
                if len(line) == _LONGEST_LINE:
                    break  # where the next line begins is anyone's guess
                continue
            records.append(
                Record(name, split, labels[emotion], path, str(offset))
            )
    raise_faults(
        faults, "Fetch the file again, or correct or remove these lines."
    )
    if not records:
        raise DataError(f"{path} has no line after its first. Fetch it again.")
    return records


def encode(pixels):
    """One face as a grey PNG, the same bytes for the same pixels.

    Stored without compression: zlib's versions differ in what they find.

    Args:
        pixels: `bytes` of `SIDE * SIDE` values, row by row.
    """
    stream = io.BytesIO()
    face = Image.frombytes("L", (SIDE, SIDE), pixels)
    face.save(stream, "PNG", compress_level=0)
    return stream.getvalue()


def _read_header(file, path):
    """(names of the columns, number of the line they stand in)."""
    line = file.readline(_LONGEST_LINE).removeprefix(_BYTE_ORDER_MARK)
    columns = [_text(field).lower() for field in line.split(b",")]
    if set(COLUMNS) <= set(columns):
        return columns, 1
    found = ", ".join(columns[:5])
    hint = ""
    if "pixels" in columns and "usage" not in columns:
        hint = (
            " Without Usage nobody knows which part a face belongs to: use "
            "fer2013.csv or icml_face_data.csv."
        )
    raise DataError(
        f"{path}:1 should name the columns emotion, pixels and Usage. Found: "
        f"{ascii(found[:100])}.{hint}"
    )


def _check_row(line, columns):
    """(index of the emotion, split, what is wrong or None)."""
    fields, fault = _fields(line, columns)
    if fault:
        return None, None, fault
    emotion, usage = (_text(fields[name]) for name in ("emotion", "usage"))
    _, fault = _pixels(fields["pixels"])
    if emotion not in map(str, range(len(EMOTIONS))):
        last = len(EMOTIONS) - 1
        fault = f"has emotion {_shown(emotion)}, expected 0 to {last}"
    elif usage not in USAGES:
        fault = f"has Usage {_shown(usage)}, expected {', '.join(USAGES)}"
    elif columns[-1] == "pixels" and not fault and not line.endswith(b"\n"):
        # A number that lost its last digit is a number still.
        fault = (
            "has no line end, so that its last number may be cut off (if it "
            "is whole, add a line end)"
        )
    if fault:
        return None, None, fault
    return int(emotion), USAGES[usage], None


def _fields(line, columns):
    """(name of a column -> its bytes in a line, what is wrong or None)."""
    if len(line) == _LONGEST_LINE:
        return None, f"is longer than {_LONGEST_LINE:,} bytes"
    fields = line.split(b",")
    if len(fields) != len(columns):
        return None, (
            f"has {len(fields)} fields, expected {len(columns)}: cut off or "
            "damaged"
        )
    return dict(zip(columns, fields, strict=True)), None


def _pixels(field):
    """(values of all pixels as `bytes`, what is wrong or None)."""
    words = field.strip(b'" \t\r\n').split(b" ")
    if len(words) != SIDE * SIDE:
        return None, f"has {len(words)} pixels, expected {SIDE * SIDE}"
    # int() takes more than digits, and bytes() no more than 255.
    if b"".join(words).isdigit() and all(words):
        try:
            return bytes(map(int, words)), None
        except ValueError:
            pass
    wrong = next(word for word in words if not _is_pixel(word))
    shown = _shown(wrong.decode("ascii", "backslashreplace"))
    return None, f"has a pixel {shown}, expected 0 to 255"


def _is_pixel(word):
    try:
        return word.isdigit() and int(word) <= 255
    except ValueError:  # thousands of digits, be they zeros
        return False


def _open(path):
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}). Make it readable: "
            "chmod u+r FILE."
        ) from error


def _text(field):
    return field.decode("ascii", "backslashreplace").strip('" \t\r\n')


def _shown(text):
    return ascii(text if len(text) <= 20 else f"{text[:20]}...")
