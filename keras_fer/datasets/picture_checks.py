"""Unreadable, disguised and ill-sized pictures, all of them at once."""

import io
import warnings

from PIL import Image

from keras_fer.errors import raise_faults

FORMATS = ("JPEG", "PNG")
MIN_SIDE, MAX_PIXELS = 32, 50_000_000
_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"<": "HTML or XML",
}


def check_pictures(source):
    """Decodes every picture of a source.

    Args:
        source: `PictureSource`.

    Raises:
        DataError: naming the faulty files and how many there are.
    """
    faults, sizes = [], {}
    for record, content in source.read_all():
        name = record.path if record.member is None else record.name
        fault, size = inspect(content)
        if fault:
            faults.append(f"{name} {fault}")
        else:
            sizes.setdefault(size, []).append(name)
    raise_faults(
        faults,
        f"{len(faults)} of {len(source.records)} pictures are faulty. "
        "Unpack them again, or remove them and their lines.",
    )
    if len(sizes) > 1:
        common = max(sizes, key=lambda size: len(sizes[size]))
        raise_faults(
            [
                f"{names[0]} is {size[0]}x{size[1]}, most are "
                f"{common[0]}x{common[1]}"
                for size, names in sizes.items()
                if size != common
            ],
            "Aligned faces have one size. Use RAF-DB's aligned pictures.",
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
            Image.open(io.BytesIO(content), formats=FORMATS).load()
    except Image.DecompressionBombError as error:
        return f"is too large to be a face ({error})", None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        return f"cannot be decoded ({error}): cut off or damaged", None
    if min(width, height) < MIN_SIDE or max(width, height) > 2 * min(
        width, height
    ):
        return f"is {width}x{height}: no face of a usable size", None
    return None, (width, height)
