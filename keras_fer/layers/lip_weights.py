"""The weights of local importance-based pooling, position by position."""

import itertools
import typing

import keras

from keras_fer.layers.data_format import to_channels_last

# A logit of minus so much weighs nothing: exp of it is 0 in float32.
_NEVER = 1e30


def lip_weights(layer, inputs):
    """The weight that each position has in the windows of a LIP layer.

    Args:
        layer: a `LIPPooling2D` that is built.
        inputs: what it pools, in its own data format.

    Returns:
        float32 `(batch, height, width, channels)`, whatever the data format:
        `exp(G) / sum(exp(G))`, added up over the windows that hold the
        position, 0 where none does. So the sum of weight times input over a
        map is the sum over the pooled map.
    """
    logits = layer.logits(inputs)
    logits = keras.ops.cast(
        to_channels_last(logits, layer.data_format), "float32"
    )
    axes = window_axes(layer, inputs)
    offsets = list(itertools.product(*(range(axis.window) for axis in axes)))
    cells = [
        _gather(
            logits, map(WindowAxis.places_at, axes, offset), outside=-_NEVER
        )
        for offset in offsets
    ]
    totals = keras.ops.logsumexp(keras.ops.stack(cells), axis=0)
    return sum(
        keras.ops.exp(
            logits
            - _gather(totals, map(WindowAxis.windows_at, axes, offset), _NEVER)
        )
        for offset in offsets
    )


class WindowAxis(typing.NamedTuple):
    """The windows of a pool along one axis of its input."""

    window: int
    stride: int
    before: int  # cells of padding
    count: int
    size: int

    def places_at(self, offset):
        """The position in each window that stands `offset` after its start."""
        return [
            index * self.stride - self.before + offset
            for index in range(self.count)
        ]

    def windows_at(self, offset):
        """The window of each position that is so; -1 if there is none."""
        starts = [place + self.before - offset for place in range(self.size)]
        return [
            -1 if start % self.stride else start // self.stride
            for start in starts
        ]

    def interpolation(self, num_pixels, step, first):
        """The matrix (pixels, positions) that upsamples it, linearly."""
        end = (self.count - 1) * self.stride - self.before + self.window
        end = min(end, self.size)
        pixels = keras.ops.arange(num_pixels, dtype="float32")
        place = keras.ops.clip((pixels - first) / step, 0, end - 1)
        positions = keras.ops.arange(end, dtype="float32")
        distance = keras.ops.abs(place[:, None] - positions)
        return keras.ops.relu(1.0 - distance)


def window_axes(pool, inputs):
    """The windows of a pooling layer on these inputs: rows, columns."""
    first_axis = 1 if pool.data_format == "channels_last" else 2
    axes = []
    for axis, window, stride in zip(
        (first_axis, first_axis + 1), pool.pool_size, pool.strides, strict=True
    ):
        size = inputs.shape[axis]
        before, count = 0, (size - window) // stride + 1
        if pool.padding == "same":
            count = -(-size // stride)
            before = max((count - 1) * stride + window - size, 0) // 2
        axes.append(WindowAxis(window, stride, before, count, size))
    return axes


def _gather(values, places, outside):
    """Values at (rows, columns) of a map, `outside` where it has none."""
    for axis, chosen in enumerate(places, start=1):
        size = values.shape[axis]
        shape = [len(chosen) if number == axis else 1 for number in range(4)]
        exists = keras.ops.reshape(
            keras.ops.convert_to_tensor(
                [0 <= place < size for place in chosen]
            ),
            shape,
        )
        inside = [min(max(place, 0), size - 1) for place in chosen]
        values = keras.ops.where(
            exists, keras.ops.take(values, inside, axis=axis), outside
        )
    return values
