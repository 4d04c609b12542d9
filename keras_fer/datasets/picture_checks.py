"""Unreadable, disguised and ill-sized pictures, all of them at once."""

import io
import warnings

from PIL import Image

from keras_fer.errors import raise_faults

FORMATS = ("JPEG", "PNG")
MIN_SIDE, MAX_PIXELS = 32, 50_000_000
PNG_END = b"IEND\xaeB`\x82"  # Pillow does without it, TensorFlow does not
_ORIENTATION = 0x0112  # EXIF tag; 1 is upright
_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"<": "HTML or XML",
}


def check_pictures(source, size=None):
    """Decodes every picture of a source.

    Args:
        source: `PictureSource`.
        size: (width, height) that all must have, in pixels; None asks for
            one size, whichever it is.

    Raises:
        DataError: naming the faulty files and how many there are.
    """
    faults, sizes = [], {}
    for record, content in source.read_all():
        name = record.path if record.member is None else record.name
        fault, found = inspect(content)
        if fault:
            faults.append(f"{name} {fault}")
        else:
            sizes.setdefault(found, []).append(name)
    raise_faults(
        faults,
        f"{len(faults)} of {len(source.records)} pictures are faulty. "
        "Unpack them again, or remove them and their lines.",
    )
    common = size or max(sizes, key=lambda found: len(sizes[found]))
    wanted = f"{common[0]}x{common[1]}"
    wanted = f"expected {wanted}" if size else f"most are {wanted}"
    raise_faults(
        [
            f"{names[0]}{_and_more(names)} is {width}x{height}, {wanted}"
            for (width, height), names in sizes.items()
            if (width, height) != common
        ],
        "Aligned faces have one size. Use RAF-DB's aligned pictures"
        + (", or --expected-counts any for others." if size else "."),
    )


def inspect(content):
    """Looks at one encoded picture.

    Args:
        content: `bytes`.

    Returns:
        (what is wrong with it or None, (width, height) in pixels or None).
    """
    if not content:
        return "is empty (0 bytes)", None
    kind = next(
        (kind for magic, kind in _MAGIC.items() if content.startswith(magic)),
        "unknown",
    )
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
            orientation = image.getexif().get(_ORIENTATION, 1)
    except Image.DecompressionBombError as error:
        return f"is too large to be a face ({error})", None
    except Exception as error:  # a damaged file makes decoders raise anything
        return f"cannot be decoded ({error}): cut off or damaged", None
    if kind == "PNG" and PNG_END not in content:
        return "has no end: cut off or damaged", None
    if image.mode.startswith("I"):  # decoders disagree about these
        return "has 16 bits a channel, expected 8", None
    if orientation != 1:  # which TensorFlow does not look at
        return f"is stored turned (EXIF orientation {orientation})", None
    if min(width, height) < MIN_SIDE or max(width, height) > 2 * min(
        width, height
    ):
        return f"is {width}x{height}: no face of a usable size", None
    return None, (width, height)


def _and_more(names):
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
