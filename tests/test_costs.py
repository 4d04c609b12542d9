"""What networks cost, counted by hand and timed in turn."""

import numpy as np
import pytest

import keras_fer
from keras_fer import checkpoints
from keras_fer import costs
from keras_fer import optimization


@pytest.fixture(scope="module")
def models():
    """A network and one without logits, compiled."""
    networks = {}
    for pooling in ("lip", "max"):
        model = keras_fer.build_model(
            width=0.05, input_shape=(48, 32, 3), pooling=pooling
        )
        optimization.compile_model(model, steps=10)
        networks[pooling] = model
    return networks


def test_every_parameter_is_counted_once(models):
    for model in models.values():
        parts = costs.count_costs(model)
        counted = sum(parameters for parameters, _ in parts.values())
        assert counted == model.count_params()
    assert costs.count_costs(models["max"])["logits"] == (0, 0)


def test_multiply_adds_are_weights_times_output_cells(models):
    expected = {"trunk": 0, "logits": 0, "head": 0}
    height, width, channels = 48, 32, 3
    filters = {1: 3, 2: 6, 3: 13, 4: 26, 5: 26}  # 5 % of VGG16's
    for block, number in filters.items():
        for _ in range(2 if block < 3 else 3):
            cells = height * width
            expected["trunk"] += cells * 9 * channels * number
            channels = number
        expected["logits"] += height * width * channels**2
        height, width = height // 2, width // 2
    for _ in range(2):
        expected["head"] += height * width * 9 * channels * 26
        channels = 26
    expected["head"] += 26 * 7
    found = costs.count_costs(models["lip"])
    # The attention's few weights stand beside them.
    attention = found["head"][1] - expected["head"]
    assert 0 <= attention < 1000
    assert found["trunk"][1] == expected["trunk"]
    assert found["logits"][1] == expected["logits"]


def test_ratios_are_to_the_first_and_the_models_stay_as_they_were(models):
    before = {
        name: checkpoints.snapshot(model) for name, model in models.items()
    }
    rows = costs.compare_costs(models, batch_size=2, num_rounds=3)
    assert rows["lip"]["step_ratio"] == [1.0, 1.0, 1.0]
    low, median, high = rows["max"]["step_ratio"]
    assert 0 < low <= median <= high
    assert rows["lip"]["parameters"] == models["lip"].count_params()
    for name, model in models.items():
        after = checkpoints.snapshot(model)
        for ours, theirs in zip(before[name], after, strict=True):
            np.testing.assert_array_equal(ours, theirs)
