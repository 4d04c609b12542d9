"""Several runs side by side: means over seeds, and paired differences."""

import dataclasses

import numpy as np

from keras_fer import finished_run


@dataclasses.dataclass(frozen=True, eq=False)
class Predictions:
    """What finished runs of one network answered.

    Attributes:
        names: each face, sorted.
        correct: bool `(num_seeds, num_faces)`, of one view.
    """

    names: tuple[str, ...]
    correct: np.ndarray


def read_predictions(seeds, view):
    """Reads the `predictions.npz` of runs on the same faces.

    Args:
        seeds: for each seed the folders of its runs: one, or the folds of a
            cross-validation, whose faces are pooled.
        view: "single_view" or "ten_crop".

    Returns:
        `Predictions`, faces by name.

    Raises:
        DataError: if a run's file is missing, or cannot be read.
        ValueError: if the seeds were not judged on the same faces.
    """
    answers = []
    for directories in seeds:
        found = {}
        for directory in directories:
            answered = finished_run.read_predictions(directory)
            correct = answered[view].argmax(axis=1) == answered["labels"]
            found |= zip(answered["names"].tolist(), correct, strict=True)
        if answers and answers[0].keys() != found.keys():
            raise ValueError(
                f"{', '.join(map(str, directories))}: judged on other faces "
                "than the first seed."
            )
        answers.append(found)
    names = tuple(sorted(answers[0]))
    return Predictions(
        names,
        np.array([[found[name] for name in names] for found in answers]),
    )


def summarize(predictions):
    """Accuracy over several seeds.

    Args:
        predictions: `Predictions`.

    Returns:
        A dict of shares: `mean`, `standard_deviation` (over seeds, None
        for one), `interval` ([low, high], 95 %, over resampled faces) and
        `runs` (one accuracy a seed).
    """
    accuracies = predictions.correct.mean(axis=1)
    return {
        "mean": float(accuracies.mean()),
        "standard_deviation": (
            float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None
        ),
        "interval": bootstrap_interval(predictions.correct.mean(axis=0)),
        "runs": accuracies.tolist(),
    }


def paired_difference(first, second):
    """By how much the first network is the better one, face by face.

    Only faces that both were judged on count. The interval is over faces:
    what other seeds would have given shows in `runs`, one difference a seed,
    and is not in it.

    Args:
        first, second: `Predictions` with equal seeds in equal order.

    Returns:
        A dict of shares: `mean`, `interval` ([low, high], 95 %), `runs` and
        `num_faces`.

    Raises:
        ValueError: if they share no face or differ in the number of seeds.
    """
    common = set(first.names) & set(second.names)
    if not common or len(first.correct) != len(second.correct):
        raise ValueError(
            "A paired difference needs the same faces and seeds. Received "
            f"{len(common)} common faces, {len(first.correct)} and "
            f"{len(second.correct)} seeds"
        )
    ours, theirs = (
        part.correct[:, [name in common for name in part.names]]
        for part in (first, second)
    )
    difference = ours.astype(float) - theirs
    return {
        "mean": float(difference.mean()),
        "interval": bootstrap_interval(difference.mean(axis=0)),
        "runs": difference.mean(axis=1).tolist(),
        "num_faces": len(common),
    }


def bootstrap_interval(values, num_resamples=2000):
    """95 % percentile bootstrap interval of a mean over faces.

    Args:
        values: float `(num_faces,)`.
        num_resamples: resamples behind it, drawn with a fixed seed.

    Returns:
        [low, high].
    """
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(values), (num_resamples, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return [float(low), float(high)]
