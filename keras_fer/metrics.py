"""The figures of a report, from probabilities and labels: NumPy alone."""

import math
from collections.abc import Sequence

import numpy as np

MIN_FACES = 30  # below it, a single face moves a recall by over three points
_NUM_BINS = 15  # of the calibration error, as in Guo et al. 2017


def compute_metrics(
    probabilities: np.ndarray,
    labels: Sequence[int] | np.ndarray,
    class_names: Sequence[str],
    *,
    num_resamples: int = 1000,
    seed: int = 0,
) -> dict:
    """Everything that a report says about one set of predictions.

    A mean over classes is over those that have a face. The intervals are
    95 % percentile bootstrap intervals under plain resampling of the images:
    the share of each class varies from one resample to the next, as it would
    in another test set of this size. A resample that loses a class altogether
    says nothing of a mean over classes and is left out of its interval.

    Args:
        probabilities: `(num_images, num_classes)`, each row summing to 1.
        labels: the true classes `(num_images,)`, indices into `class_names`.
        class_names: the classes, in the order of the columns.
        num_resamples: resamples behind each interval.
        seed: of the resampling.

    Returns:
        A dict that can be written as JSON, None where a value is undefined:
        `num_images`; the shares (0..1) `accuracy`, `mean_class_recall`,
        `mean_class_recall_min_30` (over the classes with at least 30 faces),
        `macro_f1` and `expected_calibration_error` (of the top class, 15 bins
        of equal width); `per_class`, a dict of class name to `precision`,
        `recall`, `f1` and `support`; `confusion_matrix`, true classes as
        rows, predicted ones as columns; `intervals`, a dict of metric to
        `[low, high]`; `bootstrap`, how they were made.

    Raises:
        ValueError: if shapes, labels or class names do not fit each other,
            or the rows are not probabilities.
    """
    probabilities = np.asarray(probabilities)
    labels = np.asarray(labels)
    class_names = [str(name) for name in class_names]
    _check_metric_inputs(probabilities, labels, class_names)
    from sklearn import metrics  # takes over a second to import

    classes = np.arange(len(class_names))
    predicted = probabilities.argmax(axis=1)
    matrix = metrics.confusion_matrix(labels, predicted, labels=classes)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=np.nan
    )
    # A class without a face has no F1, whatever was taken for it.
    present = support > 0
    f1 = np.where(present, f1, np.nan)
    enough = support >= MIN_FACES
    resamples = np.random.default_rng(seed).multinomial(
        len(labels), matrix.ravel() / len(labels), size=num_resamples
    )
    resamples = resamples.reshape(-1, *matrix.shape)
    intervals = _shares(resamples, present, enough)
    return {
        "num_images": len(labels),
        **{
            name: _number(value[0])
            for name, value in _shares(matrix[None], present, enough).items()
        },
        "expected_calibration_error": calibration_error(probabilities, labels),
        "per_class": {
            name: {
                "precision": _number(precision[index]),
                "recall": _number(recall[index]),
                "f1": _number(f1[index]),
                "support": int(support[index]),
            }
            for index, name in enumerate(class_names)
        },
        "confusion_matrix": matrix.tolist(),
        "intervals": {
            name: _interval(values) for name, values in intervals.items()
        },
        "bootstrap": {
            "method": "percentile bootstrap, plain resampling of the images",
            "confidence": 0.95,
            "num_resamples": num_resamples,
            "seed": seed,
        },
    }


def check_probabilities(rows: np.ndarray, source: str) -> None:
    """Refuses logits, NaN and whatever else does not sum to 1.

    Args:
        rows: `(num_images, num_classes)`.
        source: what to call them in the message.

    Raises:
        ValueError: with the range that was found.
    """
    # bfloat16 rounds seven shares of a sum by up to a per cent in all.
    good = (rows >= 0).all() and np.allclose(rows.sum(axis=-1), 1, atol=0.02)
    if not good:  # NaN fails the comparison
        raise ValueError(
            f"{source} must be probabilities, each row summing to 1. "
            f"Received values from {rows.min():g} to {rows.max():g}, rows "
            f"summing to {rows.sum(axis=-1).min():g}.."
            f"{rows.sum(axis=-1).max():g}. For logits, build the model with "
            'classifier_activation="softmax".'
        )


def _shares(
    matrices: np.ndarray, present: np.ndarray, enough: np.ndarray
) -> dict:
    """The metrics that a confusion matrix determines, for many at once.

    Args:
        matrices: `(num_matrices, num_classes, num_classes)` counts.
        present: bool `(num_classes,)`, the classes that have a face.
        enough: bool `(num_classes,)`, those with at least 30.

    Returns:
        Metric name to float64 array `(num_matrices,)`, NaN where undefined.
    """
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    support = matrices.sum(axis=2)
    answers = matrices.sum(axis=1)
    with np.errstate(invalid="ignore"):  # 0 / 0: a class without a face
        recall = hits / support
        f1 = np.where(support > 0, 2 * hits / (support + answers), np.nan)
    return {
        "accuracy": hits.sum(axis=1) / support.sum(axis=1),
        "mean_class_recall": recall[:, present].mean(axis=1),
        "mean_class_recall_min_30": recall[:, enough].mean(axis=1)
        if enough.any()
        else np.full(len(matrices), np.nan),
        "macro_f1": f1[:, present].mean(axis=1),
    }


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over bins (low, high].

    Args:
        probabilities: `(num_images, num_classes)`.
        labels: the true classes `(num_images,)`.

    Returns:
        The expected calibration error of the top class, 0..1.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, _NUM_BINS + 1)
    bins = np.digitize(confidence, edges[1:-1], right=True)
    gaps = np.bincount(bins, weights=confidence.astype("float64") - correct)
    return float(np.abs(gaps).sum() / len(confidence))


def _interval(values: np.ndarray) -> list[float] | None:
    """The middle 95 % of the values; None if hardly any is defined."""
    defined = values[np.isfinite(values)]
    if 10 * len(defined) < len(values):
        return None
    return [float(bound) for bound in np.percentile(defined, (2.5, 97.5))]


def _number(value: float) -> float | None:
    """A Python number, or None for NaN, which JSON has not."""
    return float(value) if math.isfinite(value) else None


def _check_metric_inputs(probabilities, labels, class_names) -> None:
    num_classes = len(class_names)
    if len(set(class_names)) != num_classes:
        raise ValueError(f"Class names must differ. Received: {class_names}")
    expected = (len(labels), num_classes)
    if labels.ndim != 1 or probabilities.shape != expected or 0 in expected:
        raise ValueError(
            "probabilities must be (num_images, num_classes), labels "
            f"(num_images,), with at least one image. Received: "
            f"{probabilities.shape}, {labels.shape}, {num_classes} class "
            "names"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be integers. Received: {labels.dtype}")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"labels must lie in 0..{num_classes - 1}, the indices of "
            f"{class_names}. Received: {labels.min()}..{labels.max()}"
        )
    check_probabilities(probabilities, "probabilities")
