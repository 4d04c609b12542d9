"""What a network costs: parameters, multiply-adds, time of a step."""

import math

import keras

from keras_fer import step_time
from keras_fer import timing
from keras_fer.layers import LIPPooling2D


def count_costs(model):
    """Counts every convolution and dense layer of the network.

    One multiply-add for each weight and output cell; normalisation,
    activation and pooling arithmetic are not counted.

    Args:
        model: of `keras_fer.build_model`, with a known input size.

    Returns:
        {"trunk" | "logits" | "head": (parameters, multiply-adds of one
        image)}.
    """
    totals = {part: [0, 0] for part in ("trunk", "logits", "head")}
    for layer in model.layers[1:]:
        if isinstance(layer, LIPPooling2D):
            part = "logits"
        elif layer.name.startswith("block"):
            part = "trunk"
        else:
            part = "head"
        totals[part][0] += layer.count_params()
        cells = math.prod(layer.input.shape[1:3])
        for inner in layer._flatten_layers():
            if isinstance(inner, keras.layers.Conv2D):
                # Strides are one and padding is "same" everywhere.
                totals[part][1] += cells * math.prod(inner.kernel.shape)
            elif isinstance(inner, keras.layers.Dense):
                totals[part][1] += math.prod(inner.kernel.shape)
    return {part: tuple(total) for part, total in totals.items()}


def compare_costs(models, batch_size, num_rounds=5):
    """Networks side by side, their training steps timed in turn.

    Args:
        models: {name: compiled `keras.Model`}; ratios are to the first.
        batch_size: images a step.
        num_rounds: steps of each that are timed.

    Returns:
        {name: {"parameters", "multiply_adds", "step_ratio": lower quartile,
        median and upper quartile of the rounds' ratios}}.
    """
    seconds = step_time.time_steps(models, batch_size, num_rounds)
    base = next(iter(seconds.values()))
    rows = {}
    for name, model in models.items():
        parts = count_costs(model).values()
        ratios = timing.ratios(seconds[name], base)
        rows[name] = {
            "parameters": sum(parameters for parameters, _ in parts),
            "multiply_adds": sum(products for _, products in parts),
            "step_ratio": ratios.tolist(),
        }
    return rows
