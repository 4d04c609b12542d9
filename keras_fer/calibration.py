"""One number that makes probabilities mean what they say.

Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
2017: logits are divided by a temperature. It changes no answer, only how sure
the network says it is.
"""

import numpy as np

from keras_fer.metrics import check_probabilities

LOWEST, HIGHEST = 0.05, 20.0


def fit_temperature(probabilities, labels):
    """The temperature under which the labels are likeliest.

    To be fitted on the part that chose the epoch, never on a test part.

    Args:
        probabilities: `(num_images, num_classes)`, each row summing to 1.
            Logits have to go through a softmax first, which loses nothing.
        labels: the true classes `(num_images,)`.

    Returns:
        A float: above 1 for a network that is too sure of itself, below for
        one that is too modest; between `LOWEST` and `HIGHEST`, which it is
        where all answers are right or none has anything to say.

    Raises:
        ValueError: if shapes or values do not fit.
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    if (
        probabilities.ndim != 2
        or labels.shape != probabilities.shape[:1]
        or not len(labels)
    ):
        raise ValueError(
            "probabilities must be (num_images, num_classes), labels "
            "(num_images,), with at least one image. Received: "
            f"{probabilities.shape} and {labels.shape}"
        )
    check_probabilities(probabilities, "probabilities")
    logits = _logits(probabilities)
    true = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]

    def slope(sharpness):
        """Of the mean loss, which is convex in 1 / temperature."""
        shares = _softmax(sharpness * logits)
        return np.mean((shares * logits).sum(axis=1) - true)

    low, high = np.log(1 / HIGHEST), np.log(1 / LOWEST)
    if slope(np.exp(low)) >= 0:
        return HIGHEST
    if slope(np.exp(high)) <= 0:
        return LOWEST
    for _ in range(50):
        middle = (low + high) / 2
        if slope(np.exp(middle)) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))


def apply_temperature(probabilities, temperature):
    """What the probabilities would be with logits divided by `temperature`.

    Args:
        probabilities: `(num_images, num_classes)`, each row summing to 1.
        temperature: a positive number.

    Returns:
        float64 `(num_images, num_classes)`.
    """
    return _softmax(_logits(np.asarray(probabilities)) / temperature)


def _logits(probabilities):
    """Logits, up to a constant a row, on which nothing depends."""
    smallest = np.finfo("float32").tiny  # an exact 0 has no logarithm
    return np.log(np.maximum(probabilities.astype("float64"), smallest))


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
