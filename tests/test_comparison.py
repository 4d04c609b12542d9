"""Means over seeds and paired differences, against hand-made answers."""

import numpy as np
import pytest

from keras_fer import comparison


def write(directory, names, correct):
    """Predictions of two classes, right where `correct` says so."""
    directory.mkdir(parents=True)
    labels = np.arange(len(names)) % 2
    answers = np.where(correct, labels, 1 - labels)
    np.savez(
        directory / "predictions.npz",
        names=np.array(names),
        labels=labels,
        single_view=np.eye(2, dtype="float32")[answers],
        ten_crop=np.eye(2, dtype="float32")[labels],
    )
    return directory


NAMES = [f"face {number}" for number in range(40)]


@pytest.fixture
def half_right(tmp_path):
    return write(tmp_path / "half", NAMES, np.arange(40) < 20)


@pytest.fixture
def right(tmp_path):
    return write(tmp_path / "right", NAMES, np.ones(40, bool))


def test_each_view_is_read_by_its_name(half_right):
    for view, accuracy in (("single_view", 0.5), ("ten_crop", 1.0)):
        found = comparison.read_predictions([[half_right]], view)
        assert comparison.summarize(found)["mean"] == accuracy


def test_a_network_is_no_better_than_itself(half_right):
    found = comparison.read_predictions([[half_right]] * 2, "single_view")
    difference = comparison.paired_difference(found, found)
    assert difference["mean"] == 0
    assert difference["interval"] == [0, 0]
    assert difference["runs"] == [0, 0]


def test_the_difference_is_of_the_same_faces(half_right, right, tmp_path):
    ours = comparison.read_predictions([[right]], "single_view")
    theirs = comparison.read_predictions([[half_right]], "single_view")
    difference = comparison.paired_difference(ours, theirs)
    assert difference["mean"] == 0.5
    low, high = difference["interval"]
    # Of 40 faces of which half differ: 0.5 plus or minus 1.96 * 0.079.
    assert 0.3 < low < 0.4 and 0.6 < high < 0.7
    # The same answers under the names in another order differ by nothing.
    order = np.random.default_rng(0).permutation(40)
    labels_kept = order[np.argsort(order % 2, kind="stable")]
    shuffled = np.empty(40, int)
    shuffled[0::2], shuffled[1::2] = labels_kept[:20], labels_kept[20:]
    again = write(
        tmp_path / "again",
        [NAMES[index] for index in shuffled],
        (np.arange(40) < 20)[shuffled],
    )
    again = comparison.read_predictions([[again]], "single_view")
    assert comparison.paired_difference(again, theirs)["mean"] == 0
    assert (again.correct == theirs.correct).all()


def test_a_face_that_one_was_not_judged_on_does_not_count(right, tmp_path):
    fewer = write(tmp_path / "fewer", NAMES[:30], np.zeros(30, bool))
    difference = comparison.paired_difference(
        comparison.read_predictions([[right]], "single_view"),
        comparison.read_predictions([[fewer]], "single_view"),
    )
    assert difference["num_faces"] == 30 and difference["mean"] == 1


def test_folds_are_pooled_and_seeds_are_not(tmp_path):
    folds = [
        write(tmp_path / "fold0", NAMES[:20], np.ones(20, bool)),
        write(tmp_path / "fold1", NAMES[20:], np.zeros(20, bool)),
    ]
    other = write(tmp_path / "seed1", NAMES, np.ones(40, bool))
    found = comparison.read_predictions([folds, [other]], "single_view")
    summary = comparison.summarize(found)
    assert summary["runs"] == [0.5, 1.0]
    assert summary["mean"] == 0.75
    assert summary["standard_deviation"] == pytest.approx(
        np.std([0.5, 1], ddof=1)
    )


def test_one_seed_has_no_deviation(right):
    found = comparison.read_predictions([[right]], "single_view")
    assert comparison.summarize(found)["standard_deviation"] is None


def test_seeds_on_other_faces_are_refused(right, tmp_path):
    other = write(tmp_path / "other", NAMES[:30], np.ones(30, bool))
    with pytest.raises(ValueError, match="other.*judged on other faces"):
        comparison.read_predictions([[right], [other]], "single_view")


def test_networks_without_a_common_face_are_refused(right, tmp_path):
    other = write(tmp_path / "other", ["somebody else"], [True])
    with pytest.raises(ValueError, match="0 common faces"):
        comparison.paired_difference(
            comparison.read_predictions([[right]], "single_view"),
            comparison.read_predictions([[other]], "single_view"),
        )
