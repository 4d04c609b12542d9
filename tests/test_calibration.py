"""A temperature: found again where it was planted, and changing no answer."""

import numpy as np
import pytest

from keras_fer import calibration
from keras_fer import metrics


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def calibrated():
    """Logits whose labels were drawn with just their probabilities."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 7))
    shares = softmax(logits).cumsum(axis=1)
    return logits, (rng.random((20_000, 1)) > shares).sum(axis=1)


@pytest.mark.parametrize("planted", [0.4, 1.0, 2.5])
def test_a_planted_temperature_is_found_again(calibrated, planted):
    logits, labels = calibrated
    found = calibration.fit_temperature(softmax(planted * logits), labels)
    assert found == pytest.approx(planted, rel=0.03)


def test_no_other_temperature_makes_the_labels_likelier(calibrated):
    logits, labels = (part[:300] for part in calibrated)
    probabilities = softmax(3 * logits)

    def loss(temperature):
        shares = softmax(3 * logits / temperature)
        return -np.log(shares[np.arange(300), labels]).mean()

    found = calibration.fit_temperature(probabilities, labels)
    assert loss(found) <= min(map(loss, np.geomspace(0.05, 20, 500))) + 1e-9


def test_it_changes_no_answer_and_mends_the_calibration(calibrated):
    logits, labels = calibrated
    before = softmax(2.5 * logits)
    temperature = calibration.fit_temperature(before[:9000], labels[:9000])
    after = calibration.apply_temperature(before[9000:], temperature)
    before, labels = before[9000:], labels[9000:]
    np.testing.assert_array_equal(after.argmax(1), before.argmax(1))
    np.testing.assert_allclose(after.sum(axis=1), 1)
    error = metrics.calibration_error
    assert error(after, labels) < 0.02 < 0.1 < error(before, labels)


def test_temperature_1_is_no_change(calibrated):
    probabilities = softmax(calibrated[0][:50])
    np.testing.assert_allclose(
        calibration.apply_temperature(probabilities, 1.0), probabilities
    )


def test_extremes_stay_finite():
    right = np.eye(3)[[0, 1, 2, 0]]
    assert calibration.fit_temperature(right, np.array([1, 2, 0, 1])) == 20
    almost = 0.98 * right + 0.02 / 3
    assert calibration.fit_temperature(almost, np.array([0, 1, 2, 0])) == 0.05
    assert np.isfinite(calibration.apply_temperature(right, 0.05)).all()


@pytest.mark.parametrize(
    "probabilities, labels, words",
    [
        (np.array([[2.0, -1.0]]), [0], "softmax"),
        (np.ones((2, 2)) / 2, [0], r"\(2, 2\) and \(1,\)"),
        (np.ones((0, 2)), [], "at least one image"),
    ],
)
def test_what_are_no_probabilities_is_refused(probabilities, labels, words):
    with pytest.raises(ValueError, match=words):
        calibration.fit_temperature(probabilities, np.array(labels, int))
