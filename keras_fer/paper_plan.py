"""Which runs fill the paper's tables, and which cells stay empty."""

import functools

from keras_fer import imagenet_weights
from keras_fer.errors import UsageError
from keras_fer.paper_experiments import ABLATION
from keras_fer.paper_experiments import FOLDS
from keras_fer.paper_experiments import NETWORKS
from keras_fer.planned_runs import PlannedRun

SFEW_VALIDATION = 0.2  # the recipe's `--validation-fraction`


def choose_networks(shared, ablate=(), width=1.0):
    """Which networks can be trained here.

    Args:
        shared: {recipe: settings}; a recipe without data is missing.
        ablate: rows of `paper_experiments.ABLATION` to train as well, or
            "all" among them.
        width: of all networks; ImageNet's weights need 1.0.

    Returns:
        (names of networks, {name: why it cannot be trained}).
    """
    rows = ABLATION if "all" in ablate else ("as it is", "pooling max", *ablate)
    left_out = {*ABLATION.values()} - {ABLATION[row] for row in rows}
    without_imagenet = None
    if width != 1.0:
        without_imagenet = "ImageNet's weights need --width 1"
    else:
        try:
            imagenet_weights.resolve("imagenet")
        except UsageError as error:
            without_imagenet = str(error)
    networks, empty = [], {}
    for name, (recipe, settings) in NETWORKS.items():
        if name in left_out:
            continue
        if recipe not in shared:
            empty[name] = f"no data was given for {recipe}"
        elif settings.get("weights") == "imagenet" and without_imagenet:
            empty[name] = without_imagenet
        else:
            networks.append(name)
    return networks, empty


def make_plan(networks, shared, *, recipes, runs_dir, seeds, folds=0):
    """The runs of some networks.

    Args:
        networks: names of `paper_experiments.NETWORKS`.
        shared: {recipe: settings of each of its runs}; None stands for the
            recipe's default.
        recipes: the folder of the recipes.
        runs_dir: the folder of all runs.
        seeds: how many runs of each network, from seed 0.
        folds: of SFEW, each of which is also run where this is not 0.

    Returns:
        {network: for each seed a list of one `PlannedRun`}, and
        {`FOLDS` + network: for each seed a list of its folds}.
    """

    def run(network, seed, fold=None):
        recipe, settings = NETWORKS[network]
        settings = shared[recipe] | settings | {"seed": seed}
        name = f"{network}-seed{seed}"
        if fold is not None:
            settings |= {"folds": folds, "fold": fold}
            name += f"-fold{fold}of{folds}"
        if "initial_weights" in settings:
            initial = f"{settings['initial_weights']}-seed{seed}"
            settings["initial_weights"] = runs_dir / initial
        given = {
            field: value
            for field, value in settings.items()
            if value is not None
        }
        return PlannedRun(recipes / f"{recipe}.py", runs_dir / name, given)

    plan = {}
    for network in networks:
        plan[network] = [[run(network, seed)] for seed in range(seeds)]
        if folds and NETWORKS[network][0] == "sfew":
            plan[FOLDS + network] = [
                [run(network, seed, fold) for fold in range(folds)]
                for seed in range(seeds)
            ]
    return plan


def check_data(
    sources, *, expected_counts, on_leak, cache_dir=None, seeds=1, folds=0
):
    """Finds what a run would refuse before the first one is trained.

    A face of RAF-DB in SFEW stops all runs here, since one of them starts
    from what others have learned.

    Args:
        sources: {"rafdb" and perhaps "sfew": `PictureSource`}.
        expected_counts, on_leak, cache_dir: as the recipes take them.
        seeds, folds: as `make_plan` takes them.

    Raises:
        DataError: as the run would, some of them hours later.
    """
    from keras_fer.datasets import fingerprints
    from keras_fer.datasets import labeled_faces
    from keras_fer.datasets import parts
    from keras_fer.datasets import prepared
    from keras_fer.datasets import raf_db
    from keras_fer.datasets import sfew
    from keras_fer.datasets import splits

    separate = functools.partial(
        parts.separate,
        on_leak=on_leak,
        cache=prepared.cache_directory(cache_dir),
    )
    raf_db.check_source(sources["rafdb"], expected_counts)
    faces = raf_db.load_source(sources["rafdb"], cache_dir)
    learned, _ = separate(*faces.values())
    if "sfew" not in sources:
        return
    sfew.check_source(sources["sfew"], expected_counts)
    faces = sfew.load_source(sources["sfew"], cache_dir)
    seen = fingerprints.concatenate(
        fingerprints.take_fingerprints(learned[part])
        for part in ("train", "validation")
    )
    separate = functools.partial(
        separate, seen=seen, validation_fraction=SFEW_VALIDATION
    )
    separate(*faces.values())
    both = labeled_faces.concatenate(list(faces.values()))
    for seed in range(seeds):
        for fold in range(folds):
            separate(*splits.cut_fold(both, fold, folds, seed))


def runs_of(plan):
    """Every run of a plan, in its order."""
    return [run for seeds in plan.values() for runs in seeds for run in runs]


def take_out(plan, failed, reason):
    """Removes the networks that cannot be whole without a failed run.

    Args:
        plan: of `make_plan`. Changed in place.
        failed: the `PlannedRun`.
        reason: why there is nothing of it.

    Returns:
        {network: reason} of what was removed.
    """
    removed = {
        network: reason
        for network, seeds in plan.items()
        if any(
            run.directory == failed.directory
            or run.settings.get("initial_weights") == failed.directory
            for runs in seeds
            for run in runs
        )
    }
    for network in removed:
        del plan[network]
    return removed
