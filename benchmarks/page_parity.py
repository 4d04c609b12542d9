"""Does the page answer as Python does, for the same crops?

    python -m benchmarks.page_parity --data-dir FACES

Gives aligned faces of a data set (any layout that `keras-fer evaluate` knows),
as cut out, to the built page in Chromium and to `Classifier`, and prints how
far their probabilities are apart. Needs the extra `browser`, Node, Chromium
and `npm ci` in web/.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import tyro

from benchmarks import detectors
from keras_fer.classifier import Classifier
from keras_fer.datasets import layouts

LIMIT = 1e-3


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares the page with Python."""

    data_dir: Path
    """Folder of the data set."""
    model: Path | None = None
    """A .tflite. None: the shipped preset's."""
    num_faces: int = 200
    seed: int = 0


def main(config):
    part, _ = layouts.load_judged_part(config.data_dir)
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(part))[: config.num_faces]
    classifier = Classifier(config.model)
    theirs, ours = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        detectors.open_page(config.model) as page,
    ):
        page.get_by_text("Options").click()
        page.get_by_label("one face, cut out already").check()
        for index in order:
            path = Path(folder, f"{index}.jpg")
            path.write_bytes(part.images[index])
            ((_, probabilities),) = detectors.choose(page, path)
            theirs.append(probabilities)
            answer = classifier.predict(path)
            ours.append(list(answer.probabilities.values()))
    theirs, ours = np.array(theirs), np.array(ours)
    apart = np.abs(theirs - ours).max(axis=1)
    same = (theirs.argmax(axis=1) == ours.argmax(axis=1)).sum()
    print(
        f"{len(apart)} faces: largest difference {apart.max():.1e}, above "
        f"{LIMIT} for {(apart > LIMIT).sum()}; median {np.median(apart):.1e}; "
        f"labels equal, {same} of {len(apart)}."
    )


if __name__ == "__main__":
    main(tyro.cli(Config))
