"""Of copies made on purpose, how many does the search for leaks find?

    python benchmarks/planted_copies.py RAF_DB_FOLDER
    python benchmarks/planted_copies.py FER2013_FOLDER --fer2013

Takes held-out faces at random, changes each in one way after another, and
looks for the changed ones among the originals. Prints a row a change: the
share found as a copy, the share found as "near", and how many pairs of
different faces were taken for one.
"""

import dataclasses
import io
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from PIL import ImageOps

from keras_fer.datasets import fer2013
from keras_fer.datasets import leaks
from keras_fer.datasets import raf_db


@dataclasses.dataclass(frozen=True)
class Config:
    """Looks for copies that were made on purpose."""

    directory: tyro.conf.Positional[Path]
    fer2013: bool = False
    """FER2013's PublicTest instead of the test part of RAF-DB's layout."""
    number: int = 300
    """How many faces are copied."""
    seed: int = 0


def turn(degrees):
    return lambda image: image.rotate(degrees, Image.Resampling.BILINEAR)


def crop(left, top, right, bottom):
    """A second crop, by shares of the side."""

    def change(image):
        width, height = image.size
        box = (left * width, top * height, right * width, bottom * height)
        return image.resize(image.size, Image.Resampling.BICUBIC, box)

    return change


def brighten(image):
    return image.point(lambda value: min(value * 1.1 + 4, 255))


def in_turn(*changes):
    def change(image):
        for step in changes:
            image = step(image)
        return image

    return change


SHIFTED = crop(0.04, 0.02, 0.97, 0.95)
# name -> (what is done to the picture, the quality it is saved in)
CHANGES = {
    "saved again in quality 60": (in_turn(), 60),
    "saved again in quality 30": (in_turn(), 30),
    "mirrored": (ImageOps.mirror, 92),
    "grey": (ImageOps.grayscale, 92),
    "turned by 5 degrees": (turn(5), 92),
    "turned by 10 degrees": (turn(10), 92),
    "turned by 15 degrees": (turn(15), 92),
    "7 % closer, moved by 1 %": (SHIFTED, 92),
    "15 % closer": (crop(0.075, 0.075, 0.925, 0.925), 92),
    "a tenth brighter": (brighten, 92),
    "closer, moved, brighter (row 12)": (in_turn(SHIFTED, brighten), 92),
    "mirrored, turned by 10 degrees": (in_turn(ImageOps.mirror, turn(10)), 92),
}


def main(config):
    if config.fer2013:
        parts = fer2013.load_fer2013(config.directory)
        faces = parts["validation"]
    else:
        faces = raf_db.load_raf_db(config.directory, expected_counts="any")
        faces = faces["test"]
    rng = np.random.default_rng(config.seed)
    faces = faces.take(np.sort(rng.permutation(len(faces))[: config.number]))
    # Some were there twice before anything was planted.
    known = {
        pair
        for found in leaks.find_duplicates(faces)
        for pair in ((found.first, found.second), (found.second, found.first))
    }
    print(f"{len(faces)} faces; {len(known) // 2} pairs were alike before")
    print("| what was done | copy, % | near, % | other faces |")
    print("| --- | ---: | ---: | ---: |")
    for name, (change, quality) in CHANGES.items():
        changed = dataclasses.replace(
            faces,
            images=tuple(
                encode(change(decode(content)), quality)
                for content in faces.images
            ),
        )
        pairs = leaks.find_duplicates(changed, faces)
        kinds = [pair.kind for pair in pairs if pair.first == pair.second]
        near = kinds.count("near")
        strangers = {(pair.first, pair.second) for pair in pairs}
        strangers = {pair for pair in strangers - known if pair[0] != pair[1]}
        print(
            f"| {name} | {100 * (len(kinds) - near) / len(faces):.1f} | "
            f"{100 * near / len(faces):.1f} | {len(strangers)} |",
            flush=True,
        )


def decode(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def encode(image, quality):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


if __name__ == "__main__":
    main(tyro.cli(Config))
