"""The paper's experiments: what is compared differs as it is said to."""

import dataclasses
import runpy
from pathlib import Path
from typing import get_args

import pytest

from keras_fer import configuration
from keras_fer import paper_experiments as experiments
from keras_fer import paper_plan
from keras_fer.pooling_variants import pooling_variant

RECIPES = Path(__file__).parents[1] / "recipes"


@pytest.fixture(scope="module")
def defaults():
    """Recipe -> its settings as they are without a flag."""
    return {
        recipe: dataclasses.asdict(
            runpy.run_path(RECIPES / f"{recipe}.py")["Config"]()
        )
        for recipe in ("rafdb", "sfew")
    }


def test_every_network_differs_by_settings_of_its_recipe(defaults):
    for recipe, settings in experiments.NETWORKS.values():
        for name, value in settings.items():
            assert defaults[recipe][name] != value


def test_data_is_checked_as_the_recipe_will_cut_it(defaults):
    fraction = defaults["sfew"]["validation_fraction"]
    assert paper_plan.SFEW_VALIDATION == fraction


def test_every_row_of_the_ablation_is_one_flag_away():
    networks = [experiments.NETWORKS[n] for n in experiments.ABLATION.values()]
    assert networks[0] == ("rafdb", {})
    assert all(len(settings) == 1 for _, settings in networks[1:])
    assert len(set(map(str, networks))) == len(networks)


def test_rows_name_networks_that_are_trained():
    rows = (*experiments.TABLE_1, *experiments.TABLE_3)
    used = {network for _, network, _, _ in rows}
    for _, first, second in experiments.PAIRS:
        used |= {first[0], second[0]}
    used = {network.removeprefix(experiments.FOLDS) for network in used}
    assert used <= set(experiments.NETWORKS)
    initial = experiments.NETWORKS["sfew-ours-from-rafdb"][1]
    assert initial["initial_weights"] in experiments.NETWORKS


def test_lip_against_max_pooling_changes_the_pooling_alone():
    label, first, second = experiments.PAIRS[0]
    assert "all else alike" in label
    assert experiments.NETWORKS[first[0]] == ("rafdb", {})
    assert experiments.NETWORKS[second[0]] == ("rafdb", {"pooling": "max"})


@pytest.mark.parametrize("name", get_args(configuration.Pooling))
def test_every_pooling_of_the_command_line_builds(name):
    import keras_fer

    model = keras_fer.build_model(
        width=0.05, input_shape=(32, 32, 3), pooling=pooling_variant(name)
    )
    kind = type(model.get_layer("block1_pool")).__name__
    expected = {"max": "MaxPooling2D", "avg": "AveragePooling2D"}
    assert kind == expected.get(name, "LIPPooling2D")
