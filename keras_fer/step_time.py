"""How long training steps take, measured in turn so that ratios hold."""

import time

import numpy as np

from keras_fer import checkpoints
from keras_fer import devices


def time_steps(models, batch_size, num_rounds=3):
    """Times training steps of compiled models, one after another.

    Every round takes one step of each model, so that whatever else the
    machine does meets all of them. The models are as before afterwards.

    Args:
        models: {name: compiled `keras.Model`}.
        batch_size: images a step; they are blank.
        num_rounds: how many are timed, after one that compiles.

    Returns:
        {name: float64 `(num_rounds,)`, seconds}.
    """
    states = {
        name: checkpoints.snapshot(model) for name, model in models.items()
    }
    seconds = {name: [] for name in models}
    for _ in range(num_rounds + 1):
        for name, model in models.items():
            shape = (batch_size, *model.input_shape[1:])
            images = np.full(shape, 128.0, "float32")
            labels = np.zeros(batch_size, "int32")
            batch = devices.spread_batch(model, images, labels)
            start = time.monotonic()
            devices.train_on_batch(model, *batch)
            seconds[name].append(time.monotonic() - start)
    for name, model in models.items():
        checkpoints.restore(model, states[name])
    return {name: np.array(values[1:]) for name, values in seconds.items()}


def estimate_step_seconds(model, batch_size):
    """The median of three training steps, in seconds; see `time_steps`."""
    return float(np.median(time_steps({"": model}, batch_size)[""]))
