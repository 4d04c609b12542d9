"""Does alignment help? Test faces as they are, and aligned again.

    python benchmarks/alignment.py --model runs/wild --data-dir FACES

Judges an exported model on the test part of a data set of aligned faces (any
layout that `keras-fer evaluate` knows) in several forms: as the set has them;
their landmarks found again by mtcnn and moved to the template, on five points
and on four; and badly cropped (turned, scaled and shifted at random, as loose
boxes are), as they are and aligned. Accuracy, mean class recall, and the
paired difference from the first form with its 95 % bootstrap interval. Faces
that the detector misses keep the form they had. Needs the extra `faces`.
"""

import dataclasses
import io
from pathlib import Path

import numpy as np
import tyro
from PIL import Image

from keras_fer import faces
from keras_fer import metrics
from keras_fer.classifier import Classifier
from keras_fer.comparison import bootstrap_interval
from keras_fer.datasets import layouts
from keras_fer.face_detectors import mtcnn_detector
from keras_fer.face_image import to_rgb

_AROUND = 0.3  # of the face's side: mtcnn wants to see some surroundings
_SEARCHED = 300  # pixels that a face with its surroundings is enlarged to


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares alignments."""

    model: Path
    """An exported run or a .tflite."""
    data_dir: Path
    """Folder of the data set."""
    split: str | None = None
    """None: the one that the data set is judged on."""
    num_faces: int | None = None
    """None: all of the part."""
    seed: int = 0


def main(config):
    part, split = layouts.load_judged_part(config.data_dir, config.split)
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(part))[: config.num_faces]
    labels = part.labels[order]
    classifier, detector = Classifier(config.model), mtcnn_detector()
    answers, missed = {}, {}
    for index in order:
        picture = decode(part.images[index])
        loose = spoil(picture, rng)
        forms = {
            "as the set has them": (picture, None),
            "aligned again, five points": (picture, faces.TEMPLATE),
            "aligned again, four points": (
                picture,
                faces.middle_of_mouth(faces.TEMPLATE),
            ),
            "badly cropped": (loose, None),
            "badly cropped, aligned": (loose, faces.TEMPLATE),
        }
        for form, (face, template) in forms.items():
            crop = None
            if template is not None:
                crop = realign(face, classifier.image_size, detector, template)
            missed.setdefault(form, []).append(crop is None)
            answer = classifier.predict(
                np.asarray(face) if crop is None else crop
            )
            shares = list(answer.probabilities.values())
            answers.setdefault(form, []).append(shares)
    print(f"{config.data_dir}, {split}: {len(labels)} faces")
    print("| faces | accuracy | mean recall | difference | missed |")
    print("| --- | ---: | ---: | ---: | ---: |")
    answers = {form: np.array(shares) for form, shares in answers.items()}
    first = next(iter(answers.values())).argmax(axis=1) == labels
    for form, shares in answers.items():
        judged = metrics.compute_metrics(shares, labels, part.class_names)
        right = shares.argmax(axis=1) == labels
        gain = right.astype(float) - first
        low, high = bootstrap_interval(gain)
        lost = "" if all(missed[form]) else f"{np.mean(missed[form]):.1%}"
        print(
            f"| {form} | {judged['accuracy']:.3f} | "
            f"{judged['mean_class_recall']:.3f} | {gain.mean():+.3f} "
            f"({low:+.3f} to {high:+.3f}) | {lost} |"
        )


def decode(content):
    with Image.open(io.BytesIO(content)) as image:
        return to_rgb(image)


def spoil(picture, rng):
    """A face cropped by a loose box: turned, scaled and shifted."""
    side = picture.width
    turn = np.exp(1j * np.deg2rad(rng.uniform(-20, 20)))
    turn *= rng.uniform(0.9, 1.3)
    middle = side / 2 * (1 + 1j)
    shift = (
        middle + side * complex(*rng.uniform(-0.08, 0.08, 2)) - turn * middle
    )
    wide = np.pad(np.asarray(picture), ((side, side),) * 2 + ((0, 0),), "edge")
    coefficients = (
        *(turn.real, -turn.imag, shift.real + side),
        *(turn.imag, turn.real, shift.imag + side),
    )
    return Image.fromarray(wide).transform(
        (side, side),
        Image.Transform.AFFINE,
        coefficients,
        Image.Resampling.BICUBIC,
    )


def realign(picture, size, detector, template):
    """The face aligned by the landmarks found in it; None if none are."""
    margin = round(_AROUND * picture.width)
    wide = np.pad(
        np.asarray(picture), ((margin, margin),) * 2 + ((0, 0),), "edge"
    )
    searched = Image.fromarray(wide).resize(
        (_SEARCHED, _SEARCHED), Image.Resampling.BICUBIC
    )
    found = faces.find_faces(searched, detector)
    if not found:
        return None
    middle = _SEARCHED / 2
    best = min(
        found,
        key=lambda face: np.hypot(
            (face.box[0] + face.box[2]) / 2 - middle,
            (face.box[1] + face.box[3]) / 2 - middle,
        ),
    )
    return faces.align(searched, best.landmarks, size, template)


if __name__ == "__main__":
    main(tyro.cli(Config))
