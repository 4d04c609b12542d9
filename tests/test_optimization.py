"""Optimiser, schedule, and what fine-tuning changes of them."""

import keras
import numpy as np
import pytest

from keras_fer import optimization


def small_model():
    """Dense layers named as VGG16's blocks are, with a head."""
    keras.utils.set_random_seed(0)
    names = ("block1_conv1", "block3_conv2", "block5_conv3", "head_conv1")
    layers = [keras.layers.Dense(5, "tanh", name=name) for name in names]
    layers.append(keras.layers.Dense(3, "softmax", name="predictions"))
    return keras.Sequential([keras.Input((4,)), *layers])


def compiled(**arguments):
    model = small_model()
    arguments = {"steps": 10, "learning_rate": 0.1} | arguments
    optimization.compile_model(model, **arguments)
    return model


def movement(model):
    """How far one training step moves each layer's kernel."""
    before = {layer.name: layer.get_weights()[0] for layer in model.layers}
    inputs = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    targets = np.eye(3, dtype="float32")[np.arange(8) % 3]
    model.train_on_batch(inputs, targets)
    return {
        layer.name: layer.get_weights()[0] - before[layer.name]
        for layer in model.layers
    }


def test_schedule_warms_up_then_falls_to_zero():
    model = compiled(steps=10, warmup_steps=2)
    rates = [float(model.optimizer._learning_rate(step)) for step in range(11)]
    assert rates[0] == 0.0
    assert rates[1] == pytest.approx(0.05)
    assert max(rates) == pytest.approx(0.1) == rates[2]
    assert rates[10] == pytest.approx(0.0, abs=1e-8)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_weight_decay_spares_biases_and_normalisations():
    model = compiled(steps=10, warmup_steps=2)
    decayed = {
        variable.path.split("/")[-1]
        for variable in model.trainable_variables
        if model.optimizer._use_weight_decay(variable)
    }
    assert decayed == {"kernel"}


def test_unknown_optimizer_is_named():
    with pytest.raises(ValueError, match="'lion'"):
        compiled(optimizer="lion")


@pytest.mark.parametrize("optimizer", optimization.OPTIMIZERS)
def test_layer_decay_slows_earlier_blocks_by_its_powers(optimizer):
    arguments = {"optimizer": optimizer, "weight_decay": 0.0}
    plain = movement(compiled(**arguments))
    decayed = movement(compiled(layer_decay=0.5, **arguments))
    for name, power in (
        ("block1_conv1", 5),
        ("block3_conv2", 3),
        ("block5_conv3", 1),
        ("head_conv1", 0),
        ("predictions", 0),
    ):
        # Differences of float32 weights of about one are exact to 1e-7.
        np.testing.assert_allclose(
            decayed[name], plain[name] * 0.5**power, rtol=1e-3, atol=1.5e-7
        )
        assert np.abs(plain[name]).max() > 1e-4


def test_frozen_blocks_do_not_move_and_the_next_compile_frees_them():
    model = compiled(frozen_blocks=3)
    moved = movement(model)
    assert not moved["block1_conv1"].any() and not moved["block3_conv2"].any()
    assert moved["block5_conv3"].any() and moved["predictions"].any()
    optimization.compile_model(model, steps=10, learning_rate=0.1)
    assert movement(model)["block1_conv1"].any()


def test_a_model_with_layer_decay_can_be_loaded(tmp_path):
    model = compiled(layer_decay=0.5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.optimizer.layer_decay == 0.5
