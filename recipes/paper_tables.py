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
import os
import sys
from pathlib import Path
from typing import Literal

from keras_fer import configuration
from keras_fer import files
from keras_fer import paper_plan
from keras_fer import run_directory
from keras_fer import runtime
from keras_fer.datasets import layouts
from keras_fer.datasets.raf_db_source import HOW_TO_OBTAIN
from keras_fer.errors import UsageError
from keras_fer.initial_weights import ARCHITECTURE
from keras_fer.paper_experiments import ABLATION
from keras_fer.paper_experiments import NETWORKS
from keras_fer.planned_runs import RunFailed

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
    "epochs": 6,
    "sfew_epochs": 5,
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
    run_directory.make_directory(config.runs_dir, "--runs-dir")
    sources = find_sources(config)
    runtime.tune_allocator()  # before TensorFlow is loaded
    # This process times steps and then waits: the GPU is its children's.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    from keras_fer import paper_report

    with files.lock_directory(config.runs_dir):
        networks, empty = paper_plan.choose_networks(
            sources, config.ablate, config.width
        )
        for network, reason in empty.items():
            say(f"{network} is left out, its cells stay empty: {reason}")
        plan = make_plan(config, networks, sources)
        facts = runtime.set_up(seed=0, precision=config.precision)
        failed = train_missing(config, plan, empty, sources)
        costs, timed = {}, None
        if config.costs:
            costs, timed = measure_costs(config, facts)
        paper_report.write_paper_report(
            config.runs_dir,
            plan,
            empty=empty,
            costs=costs,
            timed=timed,
            is_official=config.expected_counts == "official",
        )
        if "rafdb-ours" in plan:
            draw_figures(config, plan, sources["rafdb"])
        say(f"Tables: {config.runs_dir / 'tables.md'}, the figures beside it")
        if failed:
            raise RunFailed(f"runs that failed: {', '.join(failed)}")


def find_sources(config):
    """{recipe: `PictureSource`} of the data sets that were given."""
    from keras_fer.datasets import demo_faces
    from keras_fer.datasets import raf_db_source
    from keras_fer.datasets import sfew_source

    rafdb_dir, sfew_dir = config.rafdb_dir, config.sfew_dir
    if config.demo:
        rafdb_dir = demo_faces.demo_directory("raf_db", config.cache_dir)
        sfew_dir = demo_faces.demo_directory("sfew", config.cache_dir)
    sources = {"rafdb": raf_db_source.find_source(rafdb_dir)}
    if sfew_dir is not None:
        sources["sfew"] = sfew_source.find_source(sfew_dir)
    return sources


def make_plan(config, networks, sources):
    """All runs, as `paper_plan.make_plan` has them; older ones checked."""
    shared = {
        "demo": True if config.demo else None,
        "cache_dir": config.cache_dir,
        "expected_counts": config.expected_counts,
        "on_leak": config.on_leak,
        "class_balance": config.class_balance,
        "width": config.width,
        "precision": config.precision,
    }
    rafdb = {"data_dir": config.rafdb_dir, "epochs": config.epochs}
    rafdb["export"] = False if config.demo else None
    sfew = {"data_dir": config.sfew_dir, "epochs": config.sfew_epochs}
    plan = paper_plan.make_plan(
        networks,
        {"rafdb": shared | rafdb, "sfew": shared | sfew},
        recipes=RECIPES,
        runs_dir=config.runs_dir,
        seeds=config.seeds,
        folds=config.folds,
    )
    for run in paper_plan.runs_of(plan):
        run.check(sources[run.recipe.stem].identity)
    return plan


def train_missing(config, plan, empty, sources):
    """Runs what is not finished, and takes out of the plan what fails.

    Returns:
        The names of the runs that failed.
    """
    missing = [run for run in paper_plan.runs_of(plan) if not run.is_finished]
    if not missing:
        return []
    failed = []
    say("Checking every picture, then looking for copies ...")
    paper_plan.check_data(
        sources,
        expected_counts=config.expected_counts,
        on_leak=config.on_leak,
        cache_dir=config.cache_dir,
        seeds=config.seeds,
        folds=config.folds,
    )
    say_estimate(config, missing, sources)
    for number, run in enumerate(missing, 1):
        if run not in paper_plan.runs_of(plan):
            continue  # of a network that has lost another of its runs
        say(f"\n=== Run {number} of {len(missing)}: {run.directory.name}")
        try:
            run.execute()
        except RunFailed as error:
            say(f"{error}; its cells stay empty")
            empty |= paper_plan.take_out(plan, run, str(error))
            failed.append(run.directory.name)
    return failed


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


def say_estimate(config, missing, sources):
    """Times a step of each kind of network, and says what is ahead."""
    from keras_fer import step_time

    say(f"{len(missing)} runs to do; timing a step of each network ...")
    seconds, timed = 0.0, {}
    for run in missing:
        recipe = run.recipe.stem
        kind = recipe, str([run.settings.get(name) for name in ARCHITECTURE])
        if kind not in timed:
            model = build(config, recipe, run.settings)
            timed[kind] = step_time.estimate_step_seconds(model, BATCH_SIZE)
        counts = layouts.count_splits(sources[recipe])
        train = counts["train"]
        test = counts["test" if recipe == "rafdb" else "validation"]
        # A forward pass is a third of a step; a test face has eleven views.
        views = train * run.settings["epochs"] + 11 * test / 3
        seconds += timed[kind] * views / BATCH_SIZE + START_SECONDS
    runtime.release_memory()  # the runs need it
    then = ", then the ablation's steps are timed" if config.costs else ""
    say(
        f"About {seconds / 60:.0f} minutes in all, resumable at any point{then}"
    )


def measure_costs(config, facts):
    """What each row of the ablation costs, and how it was timed."""
    from keras_fer import costs

    say("Timing the networks of the ablation in turn ...")
    models = {
        row: build(config, *NETWORKS[network])
        for row, network in ABLATION.items()
    }
    timed = {"side": models["as it is"].input_shape[1]}
    timed |= {"batch_size": BATCH_SIZE, "width": config.width}
    timed |= {name: facts[name] for name in ("precision", "device")}
    return costs.compare_costs(models, BATCH_SIZE), timed


def draw_figures(config, plan, source):
    from keras_fer import paper_figures
    from keras_fer.datasets import raf_db

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
