import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from javascript import call

pytestmark = pytest.mark.browser


def encoded(kind, size=(64, 48), **options):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (*size[::-1], 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, kind, **options)
    return stream.getvalue()


def with_thumbnail(content):
    """A JPEG that carries another, whole, before its own picture."""
    inner = b"Exif\0\0" + encoded("JPEG", (16, 16))
    segment = b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner
    return content[:2] + segment + content[2:]


PICTURES = {
    "JPEG": encoded("JPEG"),
    "progressive JPEG": encoded("JPEG", progressive=True),
    "JPEG with a thumbnail": with_thumbnail(encoded("JPEG")),
    "PNG": encoded("PNG"),
    "WebP": encoded("WEBP"),
    "lossless WebP": encoded("WEBP", lossless=True),
}


def problem(content):
    return call("photo_file.js", "problemOf", content)


@pytest.mark.parametrize("content", PICTURES.values(), ids=PICTURES)
def test_a_whole_picture_is_accepted(content):
    assert problem(content) is None


@pytest.mark.parametrize("content", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_part_of_a_picture_is_refused(content, part):
    cut = content[: int(part * len(content))]
    assert problem(cut) == "It is damaged or incomplete."


def test_other_files_are_refused_by_their_content():
    assert "0 bytes" in problem(b"")
    for content in (b"hello, not a picture", b"GIF89a" + bytes(40), b"\xff"):
        assert "JPEG, PNG or WebP" in problem(content)


def test_a_picture_that_would_fill_the_memory_is_refused_unread():
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in ((b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")):
        parts += [struct.pack(">I", len(data)), kind, data]
        parts += [struct.pack(">I", zlib.crc32(kind + data))]
    assert "30000 x 30000 pixels" in problem(b"".join(parts))
