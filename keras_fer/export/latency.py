"""How long model files take to load and to answer, side by side."""

import time

import numpy as np

from keras_fer import timing
from keras_fer.litert import LiteRTModel


def load_seconds(path, rounds=3):
    """Seconds from a path to a model that can answer: the median."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        LiteRTModel(path)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def invoke_seconds(paths, num_threads, rounds=50, warmup=5):
    """Seconds for one face, the files in turn; see `timing.in_turn`.

    Args:
        paths: the .tflite files.
        num_threads: threads of each interpreter.
        rounds: timed rounds.
        warmup: rounds before them.

    Returns:
        float64 `(len(paths), rounds)`.
    """
    models = [LiteRTModel(path, num_threads) for path in paths]
    rng = np.random.default_rng(0)
    for model in models:
        shape = (1, model.view_size, model.view_size, 3)
        model.predict(rng.integers(0, 256, shape, dtype=np.uint8))
    actions = {number: model.invoke for number, model in enumerate(models)}
    seconds = timing.in_turn(actions, rounds, warmup)
    return np.stack(list(seconds.values()))
