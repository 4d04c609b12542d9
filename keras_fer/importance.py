"""Where local importance-based pooling looked, and what each pooling keeps.

A LIP layer gives every position of a window the weight
`exp(G) / sum(exp(G))`, one for each channel. This module reads those weights
out of a model, for pictures of it; `keras_fer.figures` draws them.
"""

import keras

from keras_fer.layers import LIPPooling2D
from keras_fer.layers import lip_pool
from keras_fer.layers.data_format import to_channels_last
from keras_fer.layers.lip_weights import WindowAxis
from keras_fer.layers.lip_weights import lip_weights
from keras_fer.layers.lip_weights import window_axes

MEASURES = ("passed", "weight", "activation")
# The share that a position counts at least, so that one layer's zero does
# not blank all others: far below 1 / (height * width) of any face.
SMALLEST_SHARE = 1e-9


def importance_maps(
    model, images, *, measure="passed", order=2.0, batch_size=16
):
    """Where in each picture every LIP layer looked.

    At each position of a layer's input, the root mean square over the
    channels of weight times activation: what the position gave to the
    layer's output. The map is brought to the picture's size bilinearly, each
    position where the pools before it put it. Rows and columns that the
    layer's last window leaves out continue the map's edge.

    Args:
        model: a `keras.Model` that is a chain, as those of `build_model`:
            two-dimensional pools are all that changes a map's size.
        images: `(batch, height, width, 3)`, RGB, values 0..255, of the
            model's size.
        measure: "passed", as above. "weight" is the weight alone: within a
            window it sums to one, so it tells the cells of a window apart
            and no window from another. "activation" is the activation
            alone, what average pooling would have passed.
        order: of the power mean over the channels, at least 1. 1 is the
            plain mean; the larger, the more the strongest channel counts.
        batch_size: how many pictures the model gets at once.

    Returns:
        Layer name, from the first layer to the last, to a float32 array
        `(batch, height, width)`: not negative, and of sum one for each
        picture, so that a value is the share of a pixel. A layer that
        passed nothing gives the same share to all.

    Raises:
        ValueError: if the model has no LIP layer, or there is no such
            measure.
    """
    if measure not in MEASURES:
        raise ValueError(
            f"`measure` must be one of {MEASURES}. Received: "
            f"measure={measure!r}"
        )
    pools = _pools(model)
    lip_layers = _lip_layers(model)
    extractor = keras.Model(model.inputs, [pool.input for pool in pools])
    parts = {layer.name: [] for layer in lip_layers}
    for start in range(0, len(images), batch_size):
        batch = keras.ops.convert_to_tensor(images[start : start + batch_size])
        sides = batch.shape[1:3]
        # Of both axes: pixels to the next position, pixel of the first.
        places = ([1.0, 1.0], [0.0, 0.0])
        inputs_of_pools = keras.tree.flatten(extractor(batch, training=False))
        for pool, inputs in zip(pools, inputs_of_pools, strict=True):
            axes = window_axes(pool, inputs)
            if pool in lip_layers:
                values = _measured(pool, inputs, measure, order)
                rows, columns = map(
                    WindowAxis.interpolation, axes, sides, *places
                )
                covered = values[:, : rows.shape[1], : columns.shape[1]]
                upsampled = keras.ops.einsum(
                    "yi,nij,xj->nyx", rows, covered, columns
                )
                parts[pool.name].append(_shares(upsampled))
            steps, firsts = places
            places = (
                [
                    step * axis.stride
                    for step, axis in zip(steps, axes, strict=True)
                ],
                [
                    first + step * ((axis.window - 1) / 2 - axis.before)
                    for first, step, axis in zip(
                        firsts, steps, axes, strict=True
                    )
                ],
            )
    return {
        name: keras.ops.convert_to_numpy(keras.ops.concatenate(maps))
        for name, maps in parts.items()
    }


def combined_map(maps):
    """One map out of several: where all of them looked.

    The geometric mean, so that a place counts in which every layer found
    something: fine layers choose within what coarse layers chose.
    `benchmarks/importance_maps.py` compares it with other ways.

    Args:
        maps: name to float32 `(batch, height, width)`, as
            `importance_maps` gives them.

    Returns:
        float32 array `(batch, height, width)`, of sum one for each picture.
    """
    logarithms = [
        keras.ops.log(keras.ops.maximum(shares, SMALLEST_SHARE))
        for shares in maps.values()
    ]
    mean = sum(logarithms[1:], logarithms[0]) / len(logarithms)
    return keras.ops.convert_to_numpy(_shares(keras.ops.exp(mean)))


def pooled_by_kind(model, images, layer_name):
    """What max, average and LIP keep of the same feature map.

    Args:
        model: a `keras.Model` that has the LIP layer.
        images: `(batch, height, width, 3)`, RGB, values 0..255.
        layer_name: a LIP layer of it, such as "block2_pool".

    Returns:
        A dict of float32 arrays, channels last: "before" `(batch, height,
        width, channels)`, the layer's input; "max", "average" and "lip"
        `(batch, pooled_height, pooled_width, channels)`, pooled with the
        layer's window, stride and padding, "lip" by the layer itself.

    Raises:
        ValueError: if the model has no such LIP layer.
    """
    names = [layer.name for layer in _lip_layers(model)]
    if layer_name not in names:
        raise ValueError(
            f"`layer_name` must be a LIP layer of the model: {names}. "
            f"Received: layer_name={layer_name!r}"
        )
    layer = model.get_layer(layer_name)
    extractor = keras.Model(model.inputs, layer.input)
    inputs = extractor(keras.ops.convert_to_tensor(images), training=False)
    arguments = {
        "pool_size": layer.pool_size,
        "strides": layer.strides,
        "padding": layer.padding,
        "data_format": layer.data_format,
    }
    kept = {
        "before": inputs,
        "max": keras.ops.max_pool(inputs, **arguments),
        # Equal importance is the average.
        "average": lip_pool(inputs, keras.ops.zeros_like(inputs), **arguments),
        "lip": layer(inputs),
    }
    return {
        name: keras.ops.convert_to_numpy(
            keras.ops.cast(
                to_channels_last(values, layer.data_format), "float32"
            )
        )
        for name, values in kept.items()
    }


def _pools(model):
    return [layer for layer in model.layers if hasattr(layer, "pool_size")]


def _lip_layers(model):
    found = [layer for layer in model.layers if isinstance(layer, LIPPooling2D)]
    if not found:
        pools = [
            f"{pool.name} ({type(pool).__name__})" for pool in _pools(model)
        ]
        raise ValueError(
            "Importance needs local importance-based pooling, as "
            f"build_model(pooling='lip') gives it. {model.name} has none: its "
            f"pools are {', '.join(pools) or 'none'}."
        )
    return found


def _measured(layer, inputs, measure, order):
    """What each position gave, as a mean over channels: a map an image."""
    values = keras.ops.abs(
        keras.ops.cast(to_channels_last(inputs, layer.data_format), "float32")
    )
    if measure == "weight":
        values = lip_weights(layer, inputs)
    elif measure == "passed":
        values = values * lip_weights(layer, inputs)
    return keras.ops.mean(values**order, axis=-1) ** (1.0 / order)


def _shares(values):
    total = keras.ops.sum(values, axis=(1, 2), keepdims=True)
    equal = 1.0 / (values.shape[1] * values.shape[2])
    return keras.ops.where(
        total > 0, values / keras.ops.maximum(total, 1e-30), equal
    )
