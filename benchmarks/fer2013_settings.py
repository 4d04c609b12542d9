"""Which settings are worth their time on FER2013?

    python benchmarks/fer2013_settings.py FER2013_FOLDER

Trains half-width networks by recipes/fer2013.py, one process a run, each one
flag away from its defaults, and judges them on a part cut from Training;
PublicTest is not looked at. Stopped, the same command goes on. Prints each
one's paired difference to the defaults on the same faces and seeds, and what a
training step costs as a ratio to theirs, timed in turn.
"""

import dataclasses
import functools
import inspect
import sys
from pathlib import Path
from typing import Annotated

import tyro

from keras_fer import comparison
from keras_fer import configuration
from keras_fer import files
from keras_fer import markdown
from keras_fer import runtime
from keras_fer.datasets import fer2013_source
from keras_fer.errors import UsageError
from keras_fer.planned_runs import PlannedRun

RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "fer2013.py"
BASE = "defaults"
SETTINGS = {
    BASE: {},
    "max pooling": {"pooling": "max"},
    "64 px": {"image_size": 72, "crop_size": 64},
    "SAM, radius 0.05": {"sam": 0.05},
    "mirror consistency": {"flip_consistency": 1.0},
    "average pooling": {"pooling": "avg"},
    "SoftPool": {"pooling": "soft"},
    "no attention": {"attention": "none"},
}
UNTIMED = {"image_size"}  # faces are resized outside of a step
BATCH_SIZE = 128  # the recipe's
say = functools.partial(print, flush=True)


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares settings of recipes/fer2013.py."""

    data_dir: Annotated[
        Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")
    ]
    """FER2013's folder, see recipes/fer2013.py."""
    settings: tuple[str, ...] = tuple(SETTINGS)
    """Which of them, in this order; the defaults always."""
    seeds: int = 1
    """How many runs of each, from seed 0."""
    epochs: int = 8
    """Passes through the training part."""
    width: float = 0.5
    """Multiplies every number of filters."""
    timed_rounds: int = 5
    """Training steps behind each ratio; 0 leaves the times out."""
    runs_dir: Path = Path("runs/fer2013-settings")
    """Where the runs go, and settings.md."""
    report_only: bool = False
    """Train nothing: compare what is finished."""


def main(config):
    for name in config.settings:
        if name not in SETTINGS:
            raise UsageError(
                f"{name!r} is no setting. Choose among: {', '.join(SETTINGS)}"
            )
    names = dict.fromkeys((BASE, *config.settings))
    timed = {name: timed_arguments(name) for name in names}
    identity = fer2013_source.find_source(config.data_dir).identity
    plan = {
        (name, seed): plan_run(config, name, seed)
        for seed in range(config.seeds)
        for name in names
    }
    # The last folder's conflict must not be found after all other trainings.
    for run in plan.values():
        run.check(identity)
    for (name, seed), run in plan.items():
        if not run.is_finished and not config.report_only:
            say(f"\n{name}, seed {seed}: {run.directory}")
            run.execute()
    finished = {key: run for key, run in plan.items() if run.is_finished}
    text = compare(finished, [name for name in names if name != BASE])
    if config.timed_rounds:
        text += "\n\n" + compare_costs(config, timed)
    files.write_text(config.runs_dir / "settings.md", text + "\n")
    say(text)


def plan_run(config, name, seed):
    label = name.replace(",", "").replace(" ", "-")
    return PlannedRun(
        RECIPE,
        config.runs_dir / f"{label}-seed{seed}",
        {
            "data_dir": str(config.data_dir.resolve()),
            "epochs": config.epochs,
            "width": config.width,
            "seed": seed,
            # The recipe's 0.998 averages over three epochs: too many of eight.
            "average_momentum": 0.99,
            **SETTINGS[name],
        },
    )


def compare(finished, names):
    """Accuracy of each, and its paired difference to the defaults."""
    header = ["setting", "accuracy", "ten-crop", "seeds", "points", "by seed"]
    rows = []
    for name in (BASE, *names):
        seeds = [seed for other, seed in finished if other == name]
        both = [seed for seed in seeds if (BASE, seed) in finished]
        row = [name, "", "", str(len(seeds)), "", ""]
        for column, view in ((1, "single_view"), (2, "ten_crop")):
            if seeds:
                row[column] = accuracy(read(finished, name, seeds, view))
        if both and name != BASE:
            difference = comparison.paired_difference(
                read(finished, name, both, "single_view"),
                read(finished, BASE, both, "single_view"),
            )
            low, high = (100 * value for value in difference["interval"])
            row[4] = f"{100 * difference['mean']:+.2f} "
            row[4] += f"({low:+.2f} to {high:+.2f})"
            row[5] = ", ".join(
                f"{100 * value:+.2f}" for value in difference["runs"]
            )
        rows.append(row)
    return markdown.table(header, rows)


def read(finished, name, seeds, view):
    return comparison.read_predictions(
        [[finished[name, seed].directory] for seed in seeds], view
    )


def accuracy(predictions):
    summary = comparison.summarize(predictions)
    low, high = (100 * value for value in summary["interval"])
    return f"{100 * summary['mean']:.2f} ({low:.2f}-{high:.2f})"


def timed_arguments(name):
    """A setting as `build` takes it; refuses what it would not time."""
    known = inspect.signature(build).parameters
    arguments = {
        key: value
        for key, value in SETTINGS[name].items()
        if key not in UNTIMED
    }
    unknown = [key for key in arguments if key not in known]
    if unknown:
        raise UsageError(
            f"The step of {name!r} cannot be timed: build() takes no "
            f"{', '.join(unknown)}. Add it there, or to UNTIMED."
        )
    return arguments


def compare_costs(config, timed):
    """What a training step of each costs, beside the defaults'."""
    from keras_fer import costs

    runtime.set_up(seed=0, precision="auto")
    models = {name: build(config, **some) for name, some in timed.items()}
    found = costs.compare_costs(models, BATCH_SIZE, config.timed_rounds)
    return markdown.table(
        ["setting", "step time, ratio", "middle half"],
        [
            [name, f"{ratio[1]:.2f}", f"{ratio[0]:.2f}-{ratio[2]:.2f}"]
            for name, ratio in (
                (name, row["step_ratio"]) for name, row in found.items()
            )
        ],
    )


def build(
    config,
    *,
    pooling="lip",
    attention="eca",
    crop_size=44,
    sam=0.0,
    flip_consistency=0.0,
):
    """A network as the recipe compiles it."""
    import keras_fer
    from keras_fer import optimization
    from keras_fer import train_steps

    model = keras_fer.build_model(
        input_shape=(crop_size, crop_size, 3),
        width=config.width,
        pooling=pooling,
        attention=None if attention == "none" else attention,
    )
    model = train_steps.variant(
        model, sam=sam, flip_consistency=flip_consistency
    )
    optimization.compile_model(
        model,
        steps=1000,
        weight_decay=5e-3,
        average_momentum=0.998,
    )
    return model


if __name__ == "__main__":
    runtime.tune_allocator()
    sys.exit(configuration.run(main, tyro.cli(Config)))
