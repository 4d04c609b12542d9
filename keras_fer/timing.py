"""What is compared is timed in turn, so that ratios hold on a busy machine."""

import time

import numpy as np


def in_turn(actions, num_rounds, num_warmup=1):
    """Times actions one after another, round by round.

    Every round takes each action once, so that whatever else the machine
    does meets all of them: ratios within one round mean something where
    seconds do not.

    Args:
        actions: {name: callable without arguments}; it returns when its work
            is done.
        num_rounds: how many rounds are timed.
        num_warmup: rounds before them, which compile and fill caches.

    Returns:
        {name: float64 `(num_rounds,)`, seconds}.
    """
    seconds = {name: np.empty(num_warmup + num_rounds) for name in actions}
    for number in range(num_warmup + num_rounds):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            seconds[name][number] = time.perf_counter() - start
    return {name: values[num_warmup:] for name, values in seconds.items()}


def ratios(seconds, base):
    """Times as ratios to another's in the same rounds.

    Args:
        seconds, base: `(num_rounds,)` of one `in_turn`.

    Returns:
        Lower quartile, median and upper quartile, float64 `(3,)`.
    """
    return np.percentile(np.asarray(seconds) / base, (25, 50, 75))


def ratio_cells(seconds, base):
    """A median ratio and the middle half of the rounds, for a table.

    Args:
        seconds, base: see `ratios`.

    Returns:
        Two strings, such as "1.13" and "1.11-1.13".
    """
    low, median, high = ratios(seconds, base)
    return f"{median:.2f}", f"{low:.2f}-{high:.2f}"
