"""Unreadable, disguised and ill-sized pictures, all of them at once."""

import io
import warnings

from PIL import Image
from PIL import UnidentifiedImageError

from keras_fer.errors import DataError
from keras_fer.errors import raise_faults

FORMATS = ("JPEG", "PNG")
MIN_SIDE, MAX_PIXELS = 32, 50_000_000
PNG_END = b"IEND\xaeB`\x82"  # Pillow does without it, TensorFlow does not
_ORIENTATION = 0x0112  # EXIF tag; 1 is upright
_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"<": "HTML or XML",
}
# What comes after the size of the first box in ISO's media files.
_BRANDS = {
    b"ftypavif": "AVIF",
    b"ftypheic": "HEIC",
    b"ftypheix": "HEIC",
    b"ftypheim": "HEIC",
    b"ftypheis": "HEIC",
    b"ftyphevc": "HEIC",
    b"ftypmif1": "HEIC",
}


def check_classes(source, required, hint):
    """Asks for pictures in each split, and of each class to train on.

    Args:
        source: `PictureSource`.
        required: the splits that must have pictures.
        hint: which classes are expected where, for the message.

    Raises:
        DataError: naming the split or the classes.
    """
    for split in required:
        labels = {r.label for r in source.records if r.split == split}
        if not labels:
            raise DataError(f"{source.directory} has no {split} pictures.")
        missing = [
            name
            for label, name in enumerate(source.class_names)
            if label not in labels
        ]
        if split == "train" and missing:
            raise DataError(
                f"The training part of {source.directory} has no picture of "
                f"{', '.join(missing)}. {hint}"
            )


def check_counts(source, expected, set_name):
    """Compares the numbers of pictures with the published ones.

    Args:
        source: `PictureSource`.
        expected: {split: number of pictures}.
        set_name: the data set's name, for the message.

    Raises:
        DataError: with both lists of numbers.
    """
    splits = [record.split for record in source.records]
    found = {split: splits.count(split) for split in expected}
    if found != expected:
        raise DataError(
            f"{source.directory} has {_in_words(found)} pictures; {set_name} "
            f"has {_in_words(expected)}. Use --expected-counts any if this "
            "is meant; the report will say so."
        )


def check_pictures(source, size=None):
    """Decodes every picture of a source; all must have one size.

    Args:
        source: `PictureSource`.
        size: (width, height) that all must have, in pixels; None asks for
            one size, whichever it is.

    Raises:
        DataError: naming the faulty files and how many there are.
    """
    check_one_size(measure_pictures(source), size)


def measure_pictures(source):
    """Decodes every picture of a source.

    Args:
        source: `PictureSource`.

    Returns:
        [(record, (width, height) in pixels)], one a picture.

    Raises:
        DataError: naming the faulty files and how many there are.
    """
    faults, measured = [], []
    for record, content in source.read_all():
        fault, size = inspect(content)
        if fault:
            faults.append(f"{shown_name(record)} {fault}")
        else:
            measured.append((record, size))
    raise_faults(
        faults,
        f"{len(faults)} of {len(source.records)} pictures are faulty. "
        "Unpack them again, or remove them and their lines.",
    )
    return measured


def check_one_size(measured, size=None):
    """Asks for one size of all pictures.

    Args:
        measured: what `measure_pictures` found, or some of it.
        size: (width, height) that all must have, in pixels; None asks for
            one size, whichever it is.

    Raises:
        DataError: naming a picture of each other size.
    """
    sizes = {}
    for record, found in measured:
        sizes.setdefault(found, []).append(shown_name(record))
    common = size or max(sizes, key=lambda found: len(sizes[found]))
    wanted = f"{common[0]}x{common[1]}"
    wanted = f"expected {wanted}" if size else f"most are {wanted}"
    raise_faults(
        [
            f"{names[0]}{_and_more(names)} is {width}x{height}, {wanted}"
            for (width, height), names in sizes.items()
            if (width, height) != common
        ],
        "Aligned faces have one size. Use the data set's aligned pictures"
        + (", or --expected-counts any for others." if size else "."),
    )


def shown_name(record):
    """What a message calls a picture: its file, or its name in an archive."""
    return record.path if record.member is None else record.name


def inspect(content):
    """Looks at one encoded picture.

    Args:
        content: `bytes`.

    Returns:
        (what is wrong with it or None, (width, height) in pixels or None).
    """
    if not content:
        return "is empty (0 bytes)", None
    kind = recognize(content)
    if kind not in FORMATS:
        return f"is no JPEG or PNG file (looks like: {kind})", None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = image.size
            if width * height > MAX_PIXELS:
                return f"claims {width}x{height} pixels", None
            image.verify()  # checksums, as far as the format has them
            # An image cannot be used after verify.
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            image.load()
            transparent = _has_transparent_parts(image)
            orientation = image.getexif().get(_ORIENTATION, 1)
    except Image.DecompressionBombError as error:
        return f"is too large to be a face ({error})", None
    except Exception as error:  # a damaged file makes decoders raise anything
        reason = decoder_fault(error, kind)
        return f"cannot be decoded ({reason}): cut off or damaged", None
    if kind == "PNG" and PNG_END not in content:
        return "has no end: cut off or damaged", None
    if image.mode == "CMYK":  # of which there are two opposite kinds
        return "is CMYK, expected RGB or grey", None
    if image.mode.startswith("I"):  # decoders disagree about these
        return "has 16 bits a channel, expected 8", None
    if transparent:  # TensorFlow drops it, the classifier lays it over white
        return "has transparent parts: lay it over a background", None
    if orientation != 1:  # which TensorFlow does not look at
        return f"is stored turned (EXIF orientation {orientation})", None
    if min(width, height) < MIN_SIDE or max(width, height) > 2 * min(
        width, height
    ):
        return f"is {width}x{height}: no face of a usable size", None
    return None, (width, height)


def recognize(content):
    """The kind of a file by its first bytes, whatever its name says.

    Args:
        content: `bytes`.

    Returns:
        Its name, such as "JPEG", or "unknown".
    """
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WebP"
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return kind
    return _BRANDS.get(content[4:12], "unknown")


def decoder_fault(error, kind):
    """What a decoder complains of, in words that stay the same.

    Args:
        error: what Pillow raised. Of a file that it does not know it names
            the object's address, which is another in every process.
        kind: of `recognize`.

    Returns:
        A part of a message.
    """
    if not isinstance(error, UnidentifiedImageError):
        return str(error)
    if kind in (*FORMATS, "WebP"):
        return f"it begins as {kind} and goes on as none"
    return f"it looks like: {kind}"


def _has_transparent_parts(image):
    if not image.has_transparency_data:
        return False
    return image.convert("RGBA").getchannel("A").getextrema()[0] < 255


def _and_more(names):
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def _in_words(counts):
    """{"train": 9, "test": 3} is 9 train and 3 test."""
    *first, last = (f"{n:,} {split}" for split, n in counts.items())
    return f"{', '.join(first)} and {last}" if first else last
