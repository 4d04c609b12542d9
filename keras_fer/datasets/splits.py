"""Cutting a validation part from the training part."""

import numpy as np

from keras_fer.errors import DataError


def split_validation(faces, fraction=0.1, seed=0):
    """Cuts a stratified validation part.

    Pictures whose bytes are equal stay on one side. A class keeps at least
    one picture to train on.

    Args:
        faces: `LabeledFaces`.
        fraction: the share of each class to set aside, 0 < fraction < 1.
        seed: of the choice.

    Returns:
        (`LabeledFaces` to train on, `LabeledFaces` to validate on), each in
        the order of `faces`.

    Raises:
        DataError: if nothing is left for validation.
    """
    if not 0 < fraction < 1:
        raise ValueError(
            f"`fraction` must be between 0 and 1. Received: {fraction}"
        )
    first_copy = {}
    group = np.array(
        [
            first_copy.setdefault(image, i)
            for i, image in enumerate(faces.images)
        ]
    )
    rng = np.random.default_rng([seed, len(faces)])
    chosen = []
    for label in range(len(faces.class_names)):
        members = np.unique(group[faces.labels == label])
        number = min(round(fraction * len(members)), len(members) - 1)
        if number > 0:
            chosen.extend(rng.permutation(members)[:number])
    held_out = np.isin(group, chosen)
    if not held_out.any():
        raise DataError(
            f"{len(faces)} training pictures are too few to set aside "
            f"{fraction:.0%} for validation."
        )
    return (
        faces.take(np.flatnonzero(~held_out)),
        faces.take(np.flatnonzero(held_out)),
    )
