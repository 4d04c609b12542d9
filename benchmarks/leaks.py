"""How many held-out faces stand in the training part too?

    python benchmarks/leaks.py RAF_DB_FOLDER --pictures PAIRS.png
    python benchmarks/leaks.py FER2013_FOLDER --fer2013

Prints the pairs by kind and how long the search took. `--pictures` draws up to
50 of them, training face left and test face right, to be looked at. Faces of
people: keep that file out of the repository.
"""

import collections
import dataclasses
import io
import time
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from PIL import ImageDraw

from keras_fer.datasets import fer2013
from keras_fer.datasets import leaks
from keras_fer.datasets import raf_db


@dataclasses.dataclass(frozen=True)
class Config:
    """Looks for faces that stand in two parts."""

    directory: tyro.conf.Positional[Path]
    fer2013: bool = False
    """FER2013 (Training against PublicTest) instead of RAF-DB's layout."""
    pictures: Path | None = None
    seed: int = 0


def main(config):
    if config.fer2013:
        parts = fer2013.load_fer2013(config.directory)
        train, test = parts["train"], parts["validation"]
    else:
        parts = raf_db.load_raf_db(config.directory, expected_counts="any")
        train, test = parts["train"], parts["test"]
    start = time.perf_counter()
    pairs = leaks.find_duplicates(train, test)
    seconds = time.perf_counter() - start
    kinds = collections.Counter(pair.kind for pair in pairs)
    contradicting = sum(
        train.labels[pair.first] != test.labels[pair.second] for pair in pairs
    )
    print(
        f"{len(train)} x {len(test)} faces, {seconds:.0f} s: {len(pairs)} "
        f"pairs ({', '.join(f'{n} {kind}' for kind, n in kinds.items())}), "
        f"{len({pair.first for pair in pairs})} training and "
        f"{len({pair.second for pair in pairs})} test faces, "
        f"{contradicting} pairs under two labels"
    )
    if config.pictures:
        rng = np.random.default_rng(config.seed)
        chosen = sorted(rng.permutation(len(pairs))[:50])
        draw_pairs([pairs[i] for i in chosen], train, test, config.pictures)


def draw_pairs(pairs, train, test, path):
    columns, side, margin = 5, 100, 14
    width, height = 2 * side + 8, side + margin
    rows = -(-len(pairs) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    pen = ImageDraw.Draw(sheet)
    for number, pair in enumerate(pairs):
        left = number % columns * width
        top = number // columns * height
        for column, content in enumerate(
            (train.images[pair.first], test.images[pair.second])
        ):
            face = Image.open(io.BytesIO(content)).convert("RGB")
            sheet.paste(
                face.resize((side, side)), (left + column * side, top + margin)
            )
        pen.text((left, top), f"{number} {pair.kind} {pair.correlation:.2f}")
    sheet.save(path)


if __name__ == "__main__":
    main(tyro.cli(Config))
