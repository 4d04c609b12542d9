"""How does a training step's cost grow with batch, view and width?

    python -m benchmarks.growth

Changes one of them at a time and times all networks in turn in one run:
milliseconds an image, as a ratio to the network in the middle, beside the
ratio of their multiply-adds.
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
    """Times training steps of several sizes."""

    batches: tuple[int, ...] = (8, 16, 64)
    """Images a step, beside `batch`."""
    sides: tuple[int, ...] = (44, 64, 112)
    """Pixels of a view, beside `side`."""
    widths: tuple[float, ...] = (0.25, 0.5)
    """Multiplies every number of filters; beside `width`."""
    batch: int = 32
    side: int = 90
    width: float = 1.0
    pooling: str = "lip"
    precision: str = "auto"
    rounds: int = 6


def main(config):
    runtime.tune_allocator()
    from keras_fer import costs
    from keras_fer import step_time

    precision = runtime.choose_precision(config.precision)
    base = config.batch, config.side, config.width
    cases = {base: "in the middle"}
    for place, (title, values) in enumerate(
        (
            ("batch", config.batches),
            ("view", config.sides),
            ("width", config.widths),
        )
    ):
        for value in values:
            case = tuple(
                value if index == place else kept
                for index, kept in enumerate(base)
            )
            cases.setdefault(case, title)
    models = {
        case: training_step.build(case[1], case[2], precision, config.pooling)
        for case in cases
    }
    seconds = timing.in_turn(
        {case: step_time.step_of(models[case], case[0]) for case in cases},
        config.rounds,
    )
    products = {
        case: sum(work for _, work in costs.count_costs(model).values())
        for case, model in models.items()
    }
    rows = []
    for case, title in cases.items():
        batch, side, width = case
        each = seconds[case] / batch
        rows.append(
            [
                title,
                *(str(batch), str(side), f"{width:g}"),
                f"{np.median(seconds[case]):.3f}",
                f"{1000 * np.median(each):.1f}",
                *timing.ratio_cells(each, seconds[base] / base[0]),
                f"{products[case] / products[base]:.2f}",
            ]
        )
    print(
        markdown.table(
            [
                *("what changes", "batch", "view", "width", "s a step"),
                *("ms an image", "ratio", "middle half", "multiply-adds"),
            ],
            rows,
        )
    )
    print(f"\n{config.pooling} pooling, {precision}.")


if __name__ == "__main__":
    main(tyro.cli(Config))
