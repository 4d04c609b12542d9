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

    Raises:
        ValueError: for an unknown optimiser.
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(
            f"`optimizer` must be one of {OPTIMIZERS}. Received: {optimizer!r}"
        )
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup_steps else learning_rate,
        max(steps - warmup_steps, 1),
        warmup_target=learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
    arguments = {
        "learning_rate": schedule,
        "weight_decay": weight_decay or None,
        "use_ema": average_momentum > 0,
        "ema_momentum": average_momentum or 0.99,
    }
    if optimizer == "sgd":
        rule_class = keras.optimizers.SGD
        arguments |= {"momentum": 0.9, "nesterov": True}
    else:
        rule_class = keras.optimizers.AdamW
    if layer_decay != 1.0:
        rule_class = _with_layer_decay(rule_class, layer_decay)
    rule = rule_class(**arguments)
    rule.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        rule,
        keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # XLA makes bfloat16 convolutions on a CPU ten times slower.
        jit_compile="auto" if runtime.has_gpu() else False,
    )
    # Not rule: under float16 Keras wraps it.
    model.optimizer.build(model.trainable_variables)


def _with_layer_decay(rule_class, layer_decay):
    """The optimiser with a lower learning rate for earlier blocks."""

    class LayerwiseOptimizer(rule_class):
        def update_step(self, gradient, variable, learning_rate):
            block = re.match(r"block(\d)_", variable.path)
            if block:
                learning_rate *= layer_decay ** (6 - int(block[1]))
            super().update_step(gradient, variable, learning_rate)

    return LayerwiseOptimizer
