"""Actions are timed in turn, and compared within their rounds."""

import time

import numpy as np

from keras_fer import timing


def test_every_round_takes_each_action_once_and_warmups_are_not_counted():
    calls = []
    actions = {name: lambda name=name: calls.append(name) for name in "ab"}
    seconds = timing.in_turn(actions, 3, num_warmup=2)
    assert calls == ["a", "b"] * 5
    assert {name: values.shape for name, values in seconds.items()} == {
        "a": (3,),
        "b": (3,),
    }


def test_what_takes_longer_has_more_seconds():
    seconds = timing.in_turn(
        {"short": lambda: None, "long": lambda: time.sleep(0.02)}, 3
    )
    assert (seconds["long"] >= 0.02).all()
    assert (seconds["short"] < 0.02).all()


def test_ratios_are_taken_within_rounds():
    base = np.array([1.0, 10.0, 2.0])
    np.testing.assert_allclose(timing.ratios(3 * base, base), 3.0)
    assert timing.ratio_cells(3 * base, base) == ("3.00", "3.00-3.00")
    low, median, high = timing.ratios(base, np.ones(3))
    assert (low, median, high) == (1.5, 2.0, 6.0)
