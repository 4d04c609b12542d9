"""Optimiser, schedule and loss of a training."""

import re

import keras

from keras_fer import runtime

OPTIMIZERS = ("sgd", "adamw")


def compile_model(
    model,
    *,
    steps,
    optimizer="sgd",
    learning_rate=0.02,
    warmup_steps=0,
    weight_decay=5e-4,
    label_smoothing=0.1,
    average_momentum=0.0,
    layer_decay=1.0,
    frozen_blocks=0,
):
    """Compiles for training: linear warm-up, then one cosine down to zero.

    Args:
        model: a classifier with softmax outputs. Changed in place.
        steps: length of the whole training.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adamw".
        learning_rate: the peak.
        warmup_steps: steps from zero to the peak.
        weight_decay: decoupled, not on biases and normalisations.
        label_smoothing: share of the target spread over all classes.
        average_momentum: momentum of the weights' exponential moving
            average, which is validated and kept; 0 for none.
        layer_decay: the learning rate of each of VGG16's blocks over that of
            what follows it, for fine-tuning: 0.5 gives the head the full
            rate, block 5 a half, block 1 a thirty-second. Weight decay does
            not follow it.
        frozen_blocks: how many of the five blocks keep their weights and
            statistics, from the first.

    Raises:
        ValueError: for an unknown optimiser.
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(
            f"`optimizer` must be one of {OPTIMIZERS}. Received: {optimizer!r}"
        )
    frozen = tuple(f"block{n + 1}_" for n in range(frozen_blocks))
    for layer in model.layers:
        layer.trainable = not layer.name.startswith(frozen)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup_steps else learning_rate,
        max(steps - warmup_steps, 1),
        warmup_target=learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
    arguments = {
        "learning_rate": schedule,
        "weight_decay": weight_decay,
        "use_ema": average_momentum > 0,
        "ema_momentum": average_momentum or 0.99,
    }
    if layer_decay != 1.0:
        arguments["layer_decay"] = layer_decay
    if optimizer == "sgd":
        plain, decayed = keras.optimizers.SGD, LayerDecaySGD
        arguments |= {"momentum": 0.9, "nesterov": True}
    else:
        plain, decayed = keras.optimizers.AdamW, LayerDecayAdamW
    rule = (plain if layer_decay == 1.0 else decayed)(**arguments)
    rule.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        rule,
        keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # TensorFlow's XLA makes bfloat16 convolutions on a CPU ten times
        # slower; other backends have nothing else that is fast.
        jit_compile=(
            False
            if keras.backend.backend() == "tensorflow" and not runtime.has_gpu()
            else "auto"
        ),
    )
    # Not rule: under float16 Keras wraps it.
    model.optimizer.build(model.trainable_variables)


class _LayerDecay:
    """Gives an optimiser a lower learning rate for earlier blocks."""

    def __init__(self, *args, layer_decay=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.layer_decay = layer_decay

    def update_step(self, gradient, variable, learning_rate):
        # TensorFlow hands over its own variables, which know no path.
        index = self._get_variable_index(variable)
        path = self._trainable_variables[index].path
        block = re.search(r"(?:^|/)block(\d)_", path)
        if block:
            learning_rate *= self.layer_decay ** (6 - int(block[1]))
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "layer_decay": self.layer_decay}


@keras.saving.register_keras_serializable(package="keras_fer")
class LayerDecaySGD(_LayerDecay, keras.optimizers.SGD):
    """SGD with a lower learning rate for earlier blocks.

    Args:
        layer_decay: see `compile_model`.
    """


@keras.saving.register_keras_serializable(package="keras_fer")
class LayerDecayAdamW(_LayerDecay, keras.optimizers.AdamW):
    """AdamW with a lower learning rate for earlier blocks.

    Args:
        layer_decay: see `compile_model`.
    """
