import json
import subprocess
import sys

import numpy as np
import pytest

from keras_fer import CLASSES
from keras_fer.metrics import compute_metrics

BOOTSTRAPPED = (
    "accuracy",
    "mean_class_recall",
    "mean_class_recall_min_30",
    "macro_f1",
)


def answers(predicted, num_classes, confidence=1.0):
    """Probabilities whose largest is `confidence`, at `predicted`."""
    predicted = np.asarray(predicted)
    rest = (1 - confidence) / max(num_classes - 1, 1)
    rows = np.full((len(predicted), num_classes), rest)
    rows[np.arange(len(predicted)), predicted] = confidence
    return rows


def random_case(seed, num_classes=7, num_images=150):
    """Softmax rows and unequal classes, of which the last has no face."""
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.full(num_classes - 1, 0.5))
    labels = generator.choice(num_classes - 1, num_images, p=weights)
    logits = 1.5 * generator.normal(size=(num_images, num_classes))
    logits[np.arange(num_images), labels] += 2
    rows = np.exp(logits)
    rows /= rows.sum(axis=1, keepdims=True)
    return rows.astype("float32"), labels


def oracle(probabilities, labels, num_classes):
    """The same figures, counted face by face."""
    predicted = [int(np.argmax(row)) for row in probabilities]
    matrix = [[0] * num_classes for _ in range(num_classes)]
    for label, answer in zip(labels, predicted, strict=True):
        matrix[label][answer] += 1
    per_class = []
    for index in range(num_classes):
        hits = matrix[index][index]
        support = sum(matrix[index])
        taken = sum(row[index] for row in matrix)
        per_class.append(
            {
                "precision": hits / taken if taken else None,
                "recall": hits / support if support else None,
                "f1": 2 * hits / (support + taken) if support else None,
                "support": support,
            }
        )
    there = [row for row in per_class if row["support"] > 0]
    enough = [row for row in per_class if row["support"] >= 30]
    bins = [[] for _ in range(15)]
    right = [a == b for a, b in zip(predicted, labels, strict=True)]
    for row, hit in zip(probabilities, right, strict=True):
        top = float(max(row))
        bins[min(int(np.ceil(top * 15)) - 1, 14)].append((top, hit))
    gaps = [
        abs(np.mean([top for top, _ in one]) - np.mean([hit for _, hit in one]))
        * len(one)
        for one in bins
        if one
    ]
    return {
        "num_images": len(labels),
        "accuracy": np.mean(right),
        "mean_class_recall": np.mean([row["recall"] for row in there]),
        "mean_class_recall_min_30": (
            np.mean([row["recall"] for row in enough]) if enough else None
        ),
        "macro_f1": np.mean([row["f1"] for row in there]),
        "expected_calibration_error": sum(gaps) / len(labels),
        "confusion_matrix": matrix,
        "per_class": per_class,
    }


@pytest.mark.parametrize("seed", range(12))
def test_metrics_equal_a_count_face_by_face(seed):
    probabilities, labels = random_case(seed)
    names = [f"class {index}" for index in range(7)]
    found = compute_metrics(probabilities, labels, names, num_resamples=20)
    expected = oracle(probabilities, labels, 7)
    for index, name in enumerate(names):
        assert found["per_class"][name] == pytest.approx(
            expected["per_class"][index]
        )
    assert found["confusion_matrix"] == expected["confusion_matrix"]
    for key in expected.keys() - {"per_class", "confusion_matrix"}:
        assert found[key] == pytest.approx(expected[key]), key


def test_a_case_worked_by_hand():
    # Of 4 a: three right, one called b. Of 2 b: one right, one called a.
    labels = [0, 0, 0, 0, 1, 1]
    rows = answers([0, 0, 0, 1, 1, 0], 3)
    found = compute_metrics(rows, labels, ["a", "b", "c"])
    assert found["confusion_matrix"] == [[3, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["mean_class_recall"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found["macro_f1"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found["mean_class_recall_min_30"] is None
    assert found["intervals"]["mean_class_recall_min_30"] is None
    assert found["per_class"]["a"] == {
        "precision": 0.75,
        "recall": 0.75,
        "f1": 0.75,
        "support": 4,
    }
    assert found["per_class"]["c"] == {
        "precision": None,
        "recall": None,
        "f1": None,
        "support": 0,
    }


def test_a_class_never_answered_has_no_precision_but_an_f1_of_zero():
    found = compute_metrics(answers([0, 0, 0], 2), [0, 0, 1], ["a", "b"])
    assert found["per_class"]["b"] == {
        "precision": None,
        "recall": 0.0,
        "f1": 0.0,
        "support": 1,
    }
    assert found["macro_f1"] == pytest.approx((0.8 + 0) / 2)


def test_a_class_without_a_face_counts_in_no_mean():
    found = compute_metrics(answers([0, 1, 2], 3), [0, 1, 1], ["a", "b", "c"])
    assert found["mean_class_recall"] == pytest.approx((1 + 0.5) / 2)
    assert found["per_class"]["c"]["precision"] == 0
    assert found["per_class"]["c"]["f1"] is None


def test_thirty_faces_are_enough_and_twenty_nine_are_not():
    labels = [0] * 30 + [1] * 29
    rows = answers([0] * 15 + [1] * 15 + [1] * 29, 2)
    found = compute_metrics(rows, labels, ["a", "b"])
    assert found["mean_class_recall_min_30"] == 0.5
    assert found["mean_class_recall"] == 0.75


def test_calibration_error_worked_by_hand():
    # Two at 0.9 both right, three at 0.5 one right: their bins differ.
    rows = np.concatenate([answers([0, 0], 2, 0.9), answers([0] * 3, 2, 0.5)])
    found = compute_metrics(rows, [0, 0, 0, 1, 1], ["a", "b"])
    expected = 2 / 5 * (1 - 0.9) + 3 / 5 * (0.5 - 1 / 3)
    assert found["expected_calibration_error"] == pytest.approx(expected)


def test_calibration_error_cancels_within_a_bin_alone():
    # 0.94 and 0.99 share the last bin (14/15..1): one gap of their mean.
    rows = np.concatenate([answers([0], 2, 0.94), answers([0], 2, 0.99)])
    found = compute_metrics(rows, [0, 1], ["a", "b"])
    assert found["expected_calibration_error"] == pytest.approx(0.965 - 0.5)
    # 0.92 lies in the bin below: two gaps, which add up.
    rows[0] = 0.92, 0.08
    found = compute_metrics(rows, [0, 1], ["a", "b"])
    assert found["expected_calibration_error"] == pytest.approx(
        (0.08 + 0.99) / 2
    )


def test_a_confidence_on_an_edge_belongs_to_the_bin_below():
    # 0.8 = 12/15 closes the bin that holds 0.75.
    rows = np.concatenate([answers([0], 2, 0.8), answers([0], 2, 0.75)])
    found = compute_metrics(rows, [0, 1], ["a", "b"])
    assert found["expected_calibration_error"] == pytest.approx(0.775 - 0.5)


def test_sure_and_right_is_perfectly_calibrated():
    found = compute_metrics(answers(range(7), 7), list(range(7)), CLASSES)
    assert found["expected_calibration_error"] == 0
    assert found["accuracy"] == found["macro_f1"] == 1


def test_intervals_equal_a_bootstrap_of_the_faces_themselves():
    probabilities, labels = random_case(3, num_images=300)
    labels[:40] = np.arange(40) % 6  # every class has faces
    names = list("abcdefg")
    found = compute_metrics(probabilities, labels, names, num_resamples=4000)
    generator = np.random.default_rng(9)
    support = np.bincount(labels, minlength=7)
    present = np.flatnonzero(support)
    enough = np.flatnonzero(support >= 30)
    drawn = {name: [] for name in BOOTSTRAPPED}
    for _ in range(2000):
        indices = generator.integers(0, 300, 300)
        predicted = probabilities[indices].argmax(axis=1)
        truth = labels[indices]
        recalls, scores = {}, {}
        for index in present:
            true, answer = truth == index, predicted == index
            hits = (true & answer).sum()
            if true.any():
                recalls[index] = hits / true.sum()
                scores[index] = 2 * hits / (true.sum() + answer.sum())
        drawn["accuracy"].append((predicted == truth).mean())
        if len(recalls) == len(present):
            drawn["mean_class_recall"].append(np.mean(list(recalls.values())))
            drawn["macro_f1"].append(np.mean(list(scores.values())))
            drawn["mean_class_recall_min_30"].append(
                np.mean([recalls[index] for index in enough])
            )
    for name in BOOTSTRAPPED:
        expected = np.percentile(drawn[name], (2.5, 97.5))
        np.testing.assert_allclose(
            found["intervals"][name], expected, atol=0.012, err_msg=name
        )


def test_ninety_five_per_cent_of_the_intervals_hold_the_truth():
    # A classifier of known recalls; 250 test sets drawn anew.
    generator = np.random.default_rng(5)
    recalls, weights = np.array([0.9, 0.7, 0.5]), np.array([0.5, 0.3, 0.2])
    truth = {"accuracy": recalls @ weights, "mean_class_recall": recalls.mean()}
    covered = dict.fromkeys(truth, 0)
    for _ in range(250):
        labels = generator.choice(3, 250, p=weights)
        right = generator.random(250) < recalls[labels]
        wrong = (labels + generator.integers(1, 3, 250)) % 3
        rows = answers(np.where(right, labels, wrong), 3)
        found = compute_metrics(rows, labels, "abc", num_resamples=300)
        for name in truth:
            low, high = found["intervals"][name]
            covered[name] += low <= truth[name] <= high
    # Three standard deviations of a share of 95 % in 250 are 4.1 points.
    for name, count in covered.items():
        assert 0.905 <= count / 250 <= 0.99, (name, count)


def test_losing_a_rare_class_does_not_widen_the_interval():
    # One fear face, never found, is absent from 37 % of the resamples, in
    # which the other classes alone would average 1 instead of 1/2.
    rows = answers([0] * 201, 2)
    found = compute_metrics(rows, [0] * 200 + [1], ["neutral", "fear"])
    assert found["mean_class_recall"] == 0.5
    assert found["intervals"]["mean_class_recall"] == [0.5, 0.5]


def test_the_seed_alone_decides_the_intervals():
    probabilities, labels = random_case(1)
    runs = [
        compute_metrics(probabilities, labels, CLASSES, seed=seed)["intervals"]
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("num_images", [1, 2, 150])
def test_the_result_is_json_without_nan(num_images):
    probabilities, labels = random_case(2)
    found = compute_metrics(
        probabilities[:num_images], labels[:num_images], CLASSES
    )
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("rows", "labels", "names", "message"),
    [
        (answers([0, 1], 2), [0, 1], ["a", "b", "c"], r"\(2, 2\).*3 class"),
        (answers([0, 1], 2), [0], ["a", "b"], r"\(2, 2\), \(1,\)"),
        (np.ones((0, 2)), [], ["a", "b"], "at least one image"),
        (answers([0, 1], 2), [0, 2], ["a", "b"], r"0\.\.1.*Received: 0\.\.2"),
        (answers([0, 1], 2), [-1, 0], ["a", "b"], r"Received: -1\.\.0"),
        (answers([0, 1], 2), [0.0, 1.0], ["a", "b"], "integers.*float64"),
        (answers([0, 1], 2), [0, 1], ["a", "a"], "must differ"),
        (np.array([[3.0, -2.0]]), [0], ["a", "b"], "-2 to 3.*softmax"),
        (np.array([[0.3, 0.3]]), [0], ["a", "b"], "summing to 0.6"),
        (np.array([[np.nan, 1.0]]), [0], ["a", "b"], "nan"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(rows, labels, names, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        compute_metrics(rows, labels, names)


def test_importing_metrics_loads_no_framework():
    script = (
        "import sys; import keras_fer.metrics; print([name for name in "
        "('keras', 'tensorflow', 'jax', 'sklearn') if name in sys.modules])"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert child.stdout.strip() == "[]", child.stderr
