"""The files of `soak.py`: drawn faces in every form, and what is none."""

import io
import os
import struct
import zlib

import numpy as np
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets.drawn_faces import draw_face

_ORIENTATION = 0x0112


def write_files(folder, seed=0):
    """Writes `good-*` and `bad-*` files.

    Args:
        folder: where; it is made.
        seed: of the faces and of what is cut off.

    Returns:
        Their names.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    faces = [draw_face(name, rng).convert("RGB") for name in CLASSES * 3]
    for number, (name, content) in enumerate(
        [*_good(faces), *_bad(faces, rng)]
    ):
        stem, _, suffix = name.rpartition(".")
        (folder / f"{stem}-{number:02}.{suffix}").write_bytes(content)
    return sorted(path.name for path in folder.iterdir())


def link(folder, target, copies):
    """A folder with each file under several names.

    Args:
        folder: of `write_files`.
        target: the folder to make, on the same disk.
        copies: how many names a file gets.

    Returns:
        {the new name: the file's name}.
    """
    target.mkdir()
    names = {}
    for path in sorted(folder.iterdir()):
        for copy in range(copies):
            name = f"{copy:04}-{path.name}"
            os.link(path, target / name)
            names[name] = path.name
    return names


def _good(faces):
    for number, face in enumerate(faces):
        yield "good.jpg", _encode(face, "JPEG", quality=60 + number)
    face = faces[0]
    large = face.resize((700, 900), Image.Resampling.BICUBIC)
    yield "good-large.jpg", _encode(large, "JPEG")
    yield "good-progressive.jpg", _encode(face, "JPEG", progressive=True)
    yield "good-grey.jpg", _encode(face.convert("L"), "JPEG")
    yield "good-cmyk.jpg", _encode(face.convert("CMYK"), "JPEG")
    yield "good.png", _encode(face, "PNG")
    yield "good-palette.png", _encode(face.quantize(64), "PNG")
    yield "good-one-bit.png", _encode(face.convert("1"), "PNG")
    sixteen = np.asarray(face.convert("L")).astype("uint16") * 257
    yield "good-16.png", _encode(Image.fromarray(sixteen), "PNG")
    clear = face.copy()
    clear.putalpha(face.convert("L"))
    yield "good-alpha.png", _encode(clear, "PNG")
    yield "good.webp", _encode(face, "WEBP")
    for turn in range(2, 9):
        exif = Image.Exif()
        exif[_ORIENTATION] = turn
        yield "good-turned.jpg", _encode(face, "JPEG", exif=exif)


def _bad(faces, rng):
    face = faces[1]
    whole = {
        "jpg": _encode(face, "JPEG", quality=90),
        "png": _encode(face, "PNG"),
        "webp": _encode(face, "WEBP"),
    }
    for suffix, content in whole.items():
        for share in rng.uniform(0.05, 0.9, 3):
            yield f"bad-cut.{suffix}", content[: int(share * len(content))]
    yield "bad-empty.jpg", b""
    yield "bad-text.jpg", b"no picture at all\n" * 50
    yield "bad-page.png", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "bad-gif.jpg", _encode(face, "GIF")
    yield "bad-bmp.png", _encode(face, "BMP")
    yield "bad-noise.jpg", b"\xff\xd8\xff" + rng.bytes(3000)
    yield "bad-heic.jpg", b"\0\0\0\x18ftypheic" + rng.bytes(3000)
    yield "bad-bomb.png", _bomb(30_000)
    yield "bad-tiny.png", _encode(face.resize((1, 1)), "PNG")
    yield "bad-long.png", _encode(face.resize((2000, 40)), "PNG")


def _encode(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _bomb(side):
    """A small PNG of very many pixels."""

    def chunk(kind, content):
        checked = kind + content
        checksum = struct.pack(">I", zlib.crc32(checked))
        return struct.pack(">I", len(content)) + checked + checksum

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
        + chunk(b"IEND", b"")
    )
