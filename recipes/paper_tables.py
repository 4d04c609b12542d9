"""Fills the paper's tables with our own numbers.

    python recipes/paper_tables.py --demo
    python recipes/paper_tables.py --rafdb-dir RAF-DB --sfew-dir SFEW --seeds 3

Trains what is missing by recipes/rafdb.py and recipes/sfew.py, one process a
run, and writes tables.md, tables.json and the figures to --runs-dir. Stopped,
the same command goes on where it was; with more seeds or tables it adds them.

Table 1 (RAF-DB), Table 3 (SFEW), the comparisons of Tables 2 and 4, and what
the paper does not say: LIP against max pooling with everything else alike, the
transfer by cross-validation, and every part of the network one flag away.
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Literal

from keras_fer import configuration
from keras_fer import files
from keras_fer import runtime
from keras_fer.datasets.raf_db_source import HOW_TO_OBTAIN
from keras_fer.errors import UsageError
from keras_fer.initial_weights import ARCHITECTURE
from keras_fer.paper_experiments import ABLATION
from keras_fer.paper_experiments import NETWORKS
from keras_fer.planned_runs import PlannedRun

RECIPES = Path(__file__).resolve().parent
BATCH_SIZE = 32  # of both recipes
START_SECONDS = 40  # of a run: loading, checking, looking for copies
say = functools.partial(print, flush=True)


@dataclasses.dataclass(frozen=True)
class Config:
    """Fills the paper's tables with our own numbers."""

    # Data
    rafdb_dir: Path | None = None
    """RAF-DB's folder, see recipes/rafdb.py."""
    sfew_dir: Path | None = None
    """SFEW's folder, see recipes/sfew.py. None leaves its tables out."""
    demo: bool = False
    """Half-width networks on drawn faces."""
    expected_counts: Literal["official", "any"] = "official"
    """Whether the numbers of faces must be the sets' own."""
    on_leak: Literal["stop", "drop", "keep"] = "stop"
    """What to do where a test face was already learned from."""
    cache_dir: Path | None = None
    """Where prepared data is kept. None: ~/.cache/keras_fer."""

    # What is measured
    seeds: int = 1
    """How many runs of each network, from seed 0."""
    folds: int = 0
    """Also measure the transfer by so many folds of SFEW."""
    ablate: tuple[str, ...] = ()
    """Also train these rows of the ablation, or "all"."""
    costs: bool = True
    """Measure parameters, multiply-adds and step times."""

    # Training
    epochs: int = 40
    """Passes through RAF-DB's training part."""
    sfew_epochs: int = 40
    """Passes through SFEW's training part."""
    class_balance: float = 0.0
    """0: every face once an epoch; 1: every class equally often."""
    width: float = 1.0
    """Multiplies every number of filters; ImageNet needs 1."""
    precision: configuration.Precision = "auto"
    """auto: the fastest that the device computes natively."""

    runs_dir: Path = Path("runs/paper")
    """Where the runs, the tables and the figures go."""


# The demo's own defaults, for a quarter of an hour on two cores.
DEMO = {
    "runs_dir": Path("runs/paper-demo"),
    "expected_counts": "any",
    "on_leak": "drop",
    "epochs": 4,
    "sfew_epochs": 6,
    "width": 0.5,
}


def main(config):
    if not config.demo and config.rafdb_dir is None:
        raise UsageError(
            f"--rafdb-dir is missing. {HOW_TO_OBTAIN}\nTo see the tables fill "
            "with drawn faces: python recipes/paper_tables.py --demo"
        )
    for name in set(config.ablate) - {"all", *ABLATION}:
        raise UsageError(f"--ablate takes all, {', '.join(ABLATION)}: {name}")
    runtime.tune_allocator()  # before TensorFlow is loaded
    from keras_fer import paper_report

    config.runs_dir.mkdir(parents=True, exist_ok=True)
    with files.lock_directory(config.runs_dir):
        plan, empty = make_plan(config)
        runs = [
            run for seeds in plan.values() for runs in seeds for run in runs
        ]
        for run in runs:
            run.check()
        missing = [run for run in runs if not run.is_finished]
        runtime.set_up(seed=0, precision=config.precision)
        if missing:
            say_estimate(config, missing)
        for number, run in enumerate(missing, 1):
            say(f"\n=== Run {number} of {len(missing)}: {run.directory.name}")
            run.execute()
        costs = measure_costs(config) if config.costs else {}
        paper_report.write_paper_report(
            config.runs_dir,
            plan,
            empty=empty,
            costs=costs,
            is_official=config.expected_counts == "official",
        )
        draw_figures(config, plan)
        say(f"Tables: {config.runs_dir / 'tables.md'}, the figures beside it")


def make_plan(config):
    """{network: for each seed its runs}, {network: why there are none}."""
    from keras_fer import imagenet_weights

    plan, empty = {}, {}
    try:
        if config.width != 1.0:
            raise imagenet_weights.WeightsError("they need --width 1")
        imagenet_weights.resolve("imagenet")
    except UsageError as error:
        names = [
            name
            for name, (_, settings) in NETWORKS.items()
            if settings.get("weights") == "imagenet"
        ]
        say(f"Without ImageNet's weights, which leaves cells empty: {error}")
        empty |= dict.fromkeys(names, "ImageNet's weights were not at hand")
    asked = ABLATION if "all" in config.ablate else config.ablate
    asked = {ABLATION[row] for row in ("as it is", "pooling max", *asked)}
    for network, (recipe, settings) in NETWORKS.items():
        if network in empty or network in {*ABLATION.values()} - asked:
            continue
        if recipe == "sfew" and not (config.demo or config.sfew_dir):
            empty[network] = "--sfew-dir was not given"
            continue
        plan[network] = [
            [plan_run(config, network, recipe, settings, seed)]
            for seed in range(config.seeds)
        ]
        if config.folds and recipe == "sfew":
            plan[f"folds-{network}"] = [
                [
                    plan_run(config, network, recipe, settings, seed, fold)
                    for fold in range(config.folds)
                ]
                for seed in range(config.seeds)
            ]
    return plan, empty


def plan_run(config, network, recipe, settings, seed, fold=None):
    """One run of a recipe, with all that this program decides of it."""
    rafdb = recipe == "rafdb"
    shared = {
        "demo": True if config.demo else None,
        "export": False if config.demo and rafdb else None,
        "data_dir": config.rafdb_dir if rafdb else config.sfew_dir,
        "cache_dir": config.cache_dir,
        "expected_counts": config.expected_counts,
        "on_leak": config.on_leak,
        "epochs": config.epochs if rafdb else config.sfew_epochs,
        "class_balance": config.class_balance,
        "width": config.width,
        "precision": config.precision,
        "seed": seed,
    }
    name = f"{network}-seed{seed}"
    if fold is not None:
        shared |= {"folds": config.folds, "fold": fold}
        name += f"-fold{fold}of{config.folds}"
    if "initial_weights" in settings:
        initial = f"{settings['initial_weights']}-seed{seed}"
        settings = {"initial_weights": config.runs_dir / initial}
    settings = {
        field: value
        for field, value in (shared | settings).items()
        if value is not None
    }
    return PlannedRun(
        RECIPES / f"{recipe}.py", config.runs_dir / name, settings
    )


def build(config, recipe, settings):
    """A network of the plan, compiled as its recipe compiles it."""
    import keras_fer
    from keras_fer import optimization
    from keras_fer import pooling_variants

    side = 90 if recipe == "rafdb" else 112
    attention = settings.get("attention", "eca")
    model = keras_fer.build_model(
        input_shape=(side, side, 3),
        width=config.width,
        pooling=pooling_variants.pooling_variant(
            settings.get("pooling", "lip")
        ),
        head=settings.get("head", "conv"),
        attention=None if attention == "none" else attention,
        batch_norm=settings.get("batch_norm", True),
    )
    optimization.compile_model(model, steps=1000, average_momentum=0.99)
    return model


def say_estimate(config, missing):
    """Times a step of each kind of network, and says what is ahead."""
    from keras_fer import step_time

    say(f"{len(missing)} runs to do; timing a step of each network ...")
    seconds, timed = 0.0, {}
    counts = count_faces(config)
    for run in missing:
        recipe = run.recipe.stem
        kind = recipe, str([run.settings.get(name) for name in ARCHITECTURE])
        if kind not in timed:
            model = build(config, recipe, run.settings)
            timed[kind] = step_time.estimate_step_seconds(model, BATCH_SIZE)
        train, test = counts[recipe]
        # A forward pass is a third of a step; a test face has eleven views.
        views = train * run.settings["epochs"] + 11 * test / 3
        seconds += timed[kind] * views / BATCH_SIZE + START_SECONDS
    say(f"About {seconds / 60:.0f} minutes in all, resumable at any point")


def count_faces(config):
    """{recipe: (faces to train on, faces to test on)}, before any check."""
    from keras_fer.datasets import raf_db_source
    from keras_fer.datasets import sfew_source

    if config.demo:
        return {"rafdb": (1400, 350), "sfew": (560, 350)}
    counts = {}
    for recipe, module, directory in (
        ("rafdb", raf_db_source, config.rafdb_dir),
        ("sfew", sfew_source, config.sfew_dir),
    ):
        if directory is not None:
            records = module.find_source(directory).records
            train = sum(record.split == "train" for record in records)
            counts[recipe] = train, len(records) - train
    return counts


def measure_costs(config):
    """What each row of the ablation costs."""
    from keras_fer import costs

    say("Timing the networks of the ablation in turn ...")
    models = {
        row: build(config, *NETWORKS[network])
        for row, network in ABLATION.items()
    }
    return costs.compare_costs(models, BATCH_SIZE)


def draw_figures(config, plan):
    from keras_fer import paper_figures
    from keras_fer.datasets import prepared
    from keras_fer.datasets import raf_db
    from keras_fer.datasets import raf_db_source

    directory = config.rafdb_dir
    if config.demo:
        cache = prepared.cache_directory(config.cache_dir)
        directory = cache / "drawn-faces"
    source = raf_db_source.find_source(directory)
    paper_figures.write_paper_figures(
        config.runs_dir,
        plan,
        structures={
            "VGG16": build(config, *NETWORKS["rafdb-vgg16"]),
            "ours": build(config, *NETWORKS["rafdb-ours"]),
        },
        faces=raf_db.load_source(source, config.cache_dir)["test"],
        image_size=100,
    )


if __name__ == "__main__":
    sys.exit(configuration.run(main, configuration.read_config(Config, DEMO)))
