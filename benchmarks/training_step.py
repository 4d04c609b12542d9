"""What does a training step cost, and how near is it to the machine's limit?

    python -m benchmarks.training_step

Times training steps of `build_model()` with max, average and local
importance-based pooling, in float32 and bfloat16, at two widths and two sizes
of views. All networks of one width and size are timed in turn in one run,
beside plain matrix products, so that the ratios hold.
"""

import dataclasses
import sys

import numpy as np
import tyro

from benchmarks import machine
from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares training steps."""

    views: tuple[str, ...] = ("44x128", "90x32")
    """Side of the views in pixels, and how many a step."""
    widths: tuple[float, ...] = (1.0, 0.5)
    """Multiplies every number of filters."""
    poolings: tuple[str, ...] = ("max", "avg", "lip")
    """The first is what the others are compared with."""
    precisions: tuple[str, ...] = ("float32", "mixed_bfloat16")
    matrix_size: int = machine.MATRIX_SIZE
    rounds: int = 6


def main(config):
    runtime.tune_allocator()
    steps, precisions = [], []
    for view in config.views:
        for width in config.widths:
            print(f"views {view}, width {width:g} ...", file=sys.stderr)
            rows = measure(config, view, width)
            steps += rows[0]
            precisions += rows[1]
    print(
        markdown.table(
            [
                *("view x batch", "width", "precision", "pooling"),
                *("s a step", "images/s", f"to {config.poolings[0]}"),
                *("middle half", "of the matrix rate"),
            ],
            steps,
        )
    )
    print(
        "\nThe last column: three times the multiply-adds of one pass forward, "
        "over what a plain matrix product of the same precision does in that "
        "time, in the same rounds.\n"
    )
    if len(config.precisions) == 2:
        first, second = config.precisions
        print(
            markdown.table(
                [
                    *("view x batch", "width", "pooling"),
                    *(f"{first} over {second}", "middle half"),
                ],
                precisions,
            )
        )


def measure(config, view, width):
    """Rows of both tables for one size and width."""
    from keras_fer import costs
    from keras_fer import step_time

    side, batch_size = map(int, view.split("x"))
    models, actions = {}, {}
    for precision in config.precisions:
        dtype = precision.removeprefix("mixed_")
        actions[dtype] = machine.matrix_product(dtype, config.matrix_size)
        for pooling in config.poolings:
            key = precision, pooling
            models[key] = build(side, width, precision, pooling)
            actions[key] = step_time.step_of(models[key], batch_size)
    seconds = timing.in_turn(actions, config.rounds)
    steps, precisions = [], []
    for (precision, pooling), model in models.items():
        mine = seconds[precision, pooling]
        parts = costs.count_costs(model).values()
        # Backward, each product is taken twice: for weights and for inputs.
        work = 3 * 2 * batch_size * sum(products for _, products in parts)
        matrices = seconds[precision.removeprefix("mixed_")]
        rate = machine.matrix_work(config.matrix_size) / matrices
        steps.append(
            [
                *(view, f"{width:g}", precision, pooling),
                f"{np.median(mine):.3f}",
                f"{batch_size / np.median(mine):,.0f}",
                *timing.ratio_cells(
                    mine, seconds[precision, config.poolings[0]]
                ),
                f"{np.median(work / mine / rate):.0%}",
            ]
        )
    for pooling in config.poolings:
        pair = [seconds[name, pooling] for name in config.precisions]
        if len(pair) == 2:
            cells = timing.ratio_cells(*pair)
            precisions.append([view, f"{width:g}", pooling, *cells])
    return steps, precisions


def build(side, width, precision, pooling):
    """A network compiled as the recipes do."""
    import keras

    import keras_fer
    from keras_fer import optimization

    keras.config.set_dtype_policy(precision)
    model = keras_fer.build_model(
        input_shape=(side, side, 3), width=width, pooling=pooling
    )
    optimization.compile_model(model, steps=1000)
    return model


if __name__ == "__main__":
    main(tyro.cli(Config))
