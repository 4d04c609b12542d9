"""Which pictures an exported file answers differently, for a refusal."""

import numpy as np

MOST_SHOWN = 10


def list_differences(images, expected, found, class_names=None, tolerance=None):
    """The pictures on which a file leaves its model, the worst first.

    Those with another answer come before those that only lie beyond the
    tolerance, and among them those whose probabilities are furthest off.

    Args:
        images: `LabeledImages` that both answered.
        expected: float `(num_images, classes)`, the model's probabilities.
        found: float, the same shape, the file's.
        class_names: the classes in their order; None calls them by number.
        tolerance: how far off a probability may be; None: as far as it will.

    Returns:
        A list of lines: how many there are, and at most `MOST_SHOWN` of them
        with the picture's name, its label and both answers.
    """
    difference = np.abs(found - expected).max(axis=1)
    answers, others = expected.argmax(axis=1), found.argmax(axis=1)
    is_other = answers != others
    counts = is_other
    if tolerance is not None:
        counts = is_other | (difference > tolerance)
    rows = np.flatnonzero(counts)
    rows = rows[np.lexsort((-difference[rows], ~is_other[rows]))]

    def call(label):
        return class_names[label] if class_names else f"class {label}"

    lines = [
        f"{images.name(row)} (labelled {call(images.labels[row])}): the model "
        f"says {call(answers[row])}, {expected[row, answers[row]]:.4f}; the "
        f"file says {call(others[row])}, {found[row, others[row]]:.4f}"
        for row in rows[:MOST_SHOWN]
    ]
    head = f"{is_other.sum()} of {len(images)} pictures get another answer"
    if tolerance is not None:
        more = len(rows) - is_other.sum()
        head += f"; of the rest, {more} are beyond {tolerance:g}"
    if len(rows) > MOST_SHOWN:
        head += f"; the {MOST_SHOWN} worst"
    return [head + (":" if lines else "."), *lines]
