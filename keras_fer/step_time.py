"""How long training steps take, measured in turn so that ratios hold."""

import contextlib

import numpy as np

from keras_fer import checkpoints
from keras_fer import devices
from keras_fer import timing
from keras_fer.errors import UsageError


class OutOfMemoryError(UsageError):
    """A training step does not fit into the device's memory."""


@contextlib.contextmanager
def memory_named(batch_size):
    """Says which batch size to try where a step's memory is not there.

    Args:
        batch_size: images a step.

    Raises:
        OutOfMemoryError: in place of what the backend raised.
    """
    try:
        yield
    except Exception as error:
        # Each backend has its own class, and TensorFlow need not be here.
        names = type(error).__name__, str(error)[:2000].upper()
        exhausted = (
            isinstance(error, MemoryError)
            or names[0] == "ResourceExhaustedError"
            or "RESOURCE_EXHAUSTED" in names[1]
            or "OUT OF MEMORY" in names[1]
        )
        if not exhausted:
            raise
        smaller = max(batch_size // 2, 1)
        raise OutOfMemoryError(
            f"A training step of {batch_size} faces does not fit into the "
            f"memory: {' '.join(str(error).split())[:200]}. Start again with "
            f"--batch-size {smaller} (a resumed run keeps its batch size), a "
            "smaller --width or another --precision."
        ) from error


def step_of(model, batch_size):
    """A training step on blank images, for `timing.in_turn`.

    Args:
        model: compiled `keras.Model`; changed by every step.
        batch_size: images a step.

    Returns:
        A callable without arguments. It raises `OutOfMemoryError` where the
        memory does not suffice.
    """
    shape = (batch_size, *model.input_shape[1:])
    images = np.full(shape, 128.0, "float32")
    labels = np.zeros(batch_size, "int32")
    batch = devices.spread_batch(model, images, labels)

    def step():
        with memory_named(batch_size):
            devices.train_on_batch(model, *batch)

    return step


def time_steps(models, batch_size, num_rounds=3):
    """Times training steps of compiled models in turn; see `timing.in_turn`.

    The models are as before afterwards.

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
    steps = {name: step_of(model, batch_size) for name, model in models.items()}
    seconds = timing.in_turn(steps, num_rounds)
    for name, model in models.items():
        checkpoints.restore(model, states[name])
    return seconds


def estimate_step_seconds(model, batch_size):
    """The median of three training steps, in seconds; see `time_steps`."""
    return float(np.median(time_steps({"": model}, batch_size)[""]))


def say_estimate(model, config, steps, say):
    """Says how long a training will take.

    Args:
        model: compiled `keras.Model`; left as it was.
        config: a recipe's Config, with `epochs` and `batch_size`.
        steps: of an epoch.
        say: called with the line.
    """
    seconds = estimate_step_seconds(model, config.batch_size)
    say(
        f"{config.epochs} epochs of {steps} steps, {seconds:.2f} s a step: "
        f"about {seconds * steps * config.epochs / 60:.0f} minutes in all"
    )
