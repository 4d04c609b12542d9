"""What would many devices give? An estimate from this machine's step.

    python -m benchmarks.scaling

Measures a training step on one device and counts the bytes of its gradients;
the rest is arithmetic on stated assumptions, and no measurement. Each device
takes a whole batch a step, and then all add up their gradients in a ring.
"""

import dataclasses

import numpy as np
import tyro

from benchmarks import training_step
from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing


@dataclasses.dataclass(frozen=True)
class Config:
    """Estimates training on many devices."""

    devices: tuple[int, ...] = (8, 64, 512)
    gigabits: tuple[float, ...] = (10.0, 100.0)
    """Speed of each device's link, both ways at once, in Gbit/s."""
    latency_us: float = 20.0
    """Of one message between neighbours, in microseconds."""
    batch_size: int = 32
    """Images a step on each device."""
    side: int = 90
    width: float = 1.0
    precision: str = "auto"
    rounds: int = 6


def main(config):
    runtime.tune_allocator()
    from keras_fer import step_time

    precision = runtime.choose_precision(config.precision)
    model = training_step.build(config.side, config.width, precision, "lip")
    step = step_time.step_of(model, config.batch_size)
    seconds = np.median(timing.in_turn({"step": step}, config.rounds)["step"])
    parameters = sum(
        int(np.prod(variable.shape)) for variable in model.trainable_variables
    )
    num_bytes = 4 * parameters
    rows = []
    for gigabits in config.gigabits:
        for number in config.devices:
            exchange = ring_seconds(
                number, num_bytes, gigabits * 1e9 / 8, config.latency_us * 1e-6
            )
            late = seconds + exchange
            hidden = max(seconds, exchange)
            rows.append(
                [
                    str(number),
                    f"{gigabits:g}",
                    f"{exchange:.3f}",
                    f"{number * config.batch_size / late:,.0f}",
                    f"{seconds / late:.0%}",
                    f"{seconds / hidden:.0%}",
                ]
            )
    print(
        markdown.table(
            [
                *("devices", "link, Gbit/s", "exchange, s", "images/s"),
                *("efficiency", "at best"),
            ],
            rows,
        )
    )
    print(
        f"\nMeasured here: {seconds:.3f} s a step of {config.batch_size} "
        f"images, {config.batch_size / seconds:,.0f} images/s "
        f"({runtime.describe_device()}, {precision}). Counted: {parameters:,} "
        f"trained parameters, {num_bytes / 1e6:.0f} MB of float32 gradients. "
        "Assumed: every device is as fast as this one and gets its images in "
        "time; a ring, 2 (N - 1) / N of the gradients over each link and "
        f"2 (N - 1) messages of {config.latency_us:g} microseconds; nothing "
        "else on the network, no device slower than the others. Efficiency: "
        "the exchange after the step; at best: all of it during the step. "
        "A device so fast that its step takes no longer than the exchange "
        "loses half of its time to it. Whether a network still learns "
        f"from steps of {config.devices[-1] * config.batch_size:,} images is "
        "another question (RAF-DB has 12,271 to train on)."
    )


def ring_seconds(devices, num_bytes, bytes_per_second, latency):
    """An all-reduce in a ring: reduce-scatter, then all-gather.

    Args:
        devices: how many, N.
        num_bytes: of what is added up.
        bytes_per_second: of each link, in each direction.
        latency: seconds a message.

    Returns:
        Seconds.
    """
    messages = 2 * (devices - 1)
    return messages * (num_bytes / devices / bytes_per_second + latency)


if __name__ == "__main__":
    main(tyro.cli(Config))
