"""Cutting a validation part from the training part."""

import numpy as np

from keras_fer.errors import DataError


def split_validation(faces, fraction=0.1, seed=0, copies=()):
    """Cuts a stratified validation part.

    A class keeps at least one picture to train on.

    Args:
        faces: `LabeledFaces`.
        fraction: the share of each class to set aside, 0 < fraction < 1.
        seed: of the choice.
        copies: `leaks.Duplicate`s within `faces`; copies of one picture stay
            on one side.

    Returns:
        (`LabeledFaces` to train on, `LabeledFaces` to validate on), each in
        the order of `faces`.

    Raises:
        ValueError: if the fraction is none.
        DataError: if nothing is left for validation.
    """
    if not 0 < fraction < 1:
        raise ValueError(
            f"`fraction` must be between 0 and 1. Received: {fraction}"
        )
    group = _groups(len(faces), copies)
    rng = np.random.default_rng([seed, len(faces)])
    held_out = np.zeros(len(faces), bool)
    for label in range(len(faces.class_names)):
        members = np.flatnonzero(faces.labels == label)
        wanted = min(round(fraction * len(members)), len(members) - 1)
        wanted -= held_out[members].sum()  # copies under another label
        for name in rng.permutation(np.unique(group[members])):
            chosen = group == name
            if wanted <= 0:
                break
            left = faces.labels[~(held_out | chosen)]
            if set(faces.labels[chosen]) <= set(left):
                held_out |= chosen
                wanted -= (chosen & (faces.labels == label)).sum()
    if not held_out.any():
        raise DataError(
            f"{len(faces)} training pictures are too few to set aside "
            f"{fraction:.0%} for validation."
        )
    return (
        faces.take(np.flatnonzero(~held_out)),
        faces.take(np.flatnonzero(held_out)),
    )


def cut_fold(faces, fold, num_folds, seed=0):
    """One fold of a stratified cross-validation.

    Args:
        faces: `LabeledFaces`.
        fold: which fold, 0 <= fold < num_folds.
        num_folds: how many there are; each face is held out in one of them.
        seed: of the folds.

    Returns:
        (`LabeledFaces` of the other folds, `LabeledFaces` of this one), each
        in the order of `faces`.

    Raises:
        ValueError: if there is no such fold.
    """
    if not 0 <= fold < num_folds or num_folds < 2:
        raise ValueError(
            f"`fold` must be 0 to {num_folds - 1} of at least 2. Received: "
            f"fold={fold}, num_folds={num_folds}"
        )
    rng = np.random.default_rng([seed, len(faces)])
    order = rng.permutation(len(faces))
    order = order[np.argsort(faces.labels[order], kind="stable")]
    # Dealt out class by class, like cards.
    held_out = np.sort(order[fold::num_folds])
    others = np.setdiff1d(np.arange(len(faces)), held_out)
    return faces.take(others), faces.take(held_out)


def _groups(number, copies):
    """Each picture's group: int `(number,)`, the lowest index in it."""
    group = list(range(number))

    def root(index):
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for pair in copies:
        first, second = sorted((root(pair.first), root(pair.second)))
        group[second] = first
    return np.array([root(index) for index in range(number)])
