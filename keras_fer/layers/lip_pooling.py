"""Local importance-based pooling: the paper's equations (1) and (2)."""

import keras

from keras_fer.layers.data_format import resolve_data_format
from keras_fer.layers.importance_logits import BottleneckLogits
from keras_fer.layers.importance_logits import ProjectionLogits

LOGIT_MODULES = ("projection", "bottleneck", "identity")
# exp of a larger logit could overflow before the division.
MAX_UNSHIFTED_LOGIT = 20.0


def lip_pool(
    inputs,
    logits,
    pool_size=2,
    strides=None,
    padding="valid",
    data_format=None,
):
    """Averages each window, weighted by the exponential of its logits.

    `O = sum(I * exp(G)) / sum(exp(G))` over the window. Logits of zero give
    average pooling, a large multiple of the inputs approaches max pooling,
    the inputs themselves give SoftPool, and a constant added to the logits
    changes nothing. Safe for logits of any size in any precision: each
    window's largest logit is subtracted first.

    Args:
        inputs: `(batch, height, width, channels)` for "channels_last",
            floating point.
        logits: the importance of each cell, the same shape.
        pool_size: int or (rows, columns): the window.
        strides: int or (rows, columns); None means `pool_size`.
        padding: "valid" or "same". Padded cells weigh nothing.
        data_format: "channels_last" or "channels_first".

    Returns:
        The pooled map, of the inputs' dtype:
        `(batch, pooled_height, pooled_width, channels)`.

    Reference:
        Gao, Wang and Wu, ICCV 2019; equation (2) of Dong, Wang and Hang,
        2021.
    """
    pool_size = _pair(pool_size, "pool_size")
    strides = pool_size if strides is None else _pair(strides, "strides")
    data_format = resolve_data_format(data_format)
    inputs = keras.ops.convert_to_tensor(inputs)
    logits = keras.ops.cast(logits, inputs.dtype)
    first_axis = 1 if data_format == "channels_last" else 2
    if padding == "same":
        widths = [(0, 0)] * 4
        for axis, window, stride in zip(
            (first_axis, first_axis + 1), pool_size, strides, strict=True
        ):
            widths[axis] = _same_padding(
                keras.ops.shape(inputs)[axis], window, stride
            )
        dtype = keras.backend.standardize_dtype(logits.dtype)
        lowest = -3e4 if dtype == "float16" else -1e30
        inputs = keras.ops.pad(inputs, widths)
        logits = keras.ops.pad(logits, widths, constant_values=lowest)
    elif padding != "valid":
        raise ValueError(
            '`padding` must be "valid" or "same". Received: '
            f"padding={padding!r}"
        )

    cells = [
        (
            _window_cell(inputs, first_axis, row, column, pool_size, strides),
            _window_cell(logits, first_axis, row, column, pool_size, strides),
        )
        for row in range(pool_size[0])
        for column in range(pool_size[1])
    ]
    largest = cells[0][1]
    for _, logit in cells[1:]:
        largest = keras.ops.maximum(largest, logit)
    # Subtracting a constant changes nothing, so it needs no gradient either.
    largest = keras.ops.stop_gradient(largest)
    weights = [keras.ops.exp(logit - largest) for _, logit in cells]
    total = sum(weights[1:], weights[0])
    return sum(
        (weight / total) * value
        for weight, (value, _) in zip(weights, cells, strict=True)
    )


@keras.saving.register_keras_serializable(package="keras_fer")
class LIPPooling2D(keras.layers.Layer):
    """Pooling that learns which cells of its window are important.

    Max pooling keeps the largest cell, average pooling dilutes it; local
    importance-based pooling (LIP) weighs each cell by `exp(G(I))`, where `G`
    is a small network, the logit module, trained with everything else:
    `O = sum(I * exp(G(I))) / sum(exp(G(I)))` over the window.

    Args:
        pool_size: int or (rows, columns): the window. Defaults to 2.
        strides: int or (rows, columns); None means `pool_size`.
        padding: "valid" or "same". Padded cells weigh nothing.
        data_format: "channels_last" or "channels_first".
        logits: the logit module: "projection" (`ProjectionLogits`),
            "bottleneck" (`BottleneckLogits`), "identity" (the inputs
            themselves: SoftPool), or any layer that keeps the shape.
            Defaults to "projection".

    Input shape:
        `(batch, height, width, channels)` for "channels_last". Height and
        width may be odd, or unknown.

    Output shape:
        `(batch, pooled_height, pooled_width, channels)`, as average pooling
        with the same arguments.

    Example:

    >>> tuple(LIPPooling2D()(keras.ops.ones((1, 8, 8, 4))).shape)
    (1, 4, 4, 4)

    Reference:
        Gao, Wang and Wu, "LIP: Local Importance-based Pooling", ICCV 2019.
    """

    def __init__(
        self,
        pool_size=2,
        strides=None,
        padding="valid",
        data_format=None,
        logits="projection",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.pool_size = _pair(pool_size, "pool_size")
        self.strides = (
            self.pool_size if strides is None else _pair(strides, "strides")
        )
        if padding not in ("valid", "same"):
            raise ValueError(
                '`padding` must be "valid" or "same". Received: '
                f"padding={padding!r}"
            )
        self.padding = padding
        self.data_format = resolve_data_format(data_format)
        self.logits = self._logit_module(logits)

    def _logit_module(self, logits):
        if isinstance(logits, dict):
            logits = keras.saving.deserialize_keras_object(logits)
        if logits == "identity":
            return keras.layers.Activation("linear", dtype=self.dtype_policy)
        modules = {
            "projection": ProjectionLogits,
            "bottleneck": BottleneckLogits,
        }
        if isinstance(logits, str) and logits in modules:
            return modules[logits](
                data_format=self.data_format, dtype=self.dtype_policy
            )
        if not isinstance(logits, keras.layers.Layer):
            raise ValueError(
                f"`logits` must be one of {LOGIT_MODULES} or a layer that "
                f"keeps the shape. Received: logits={logits!r}"
            )
        return logits

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(
                "LIPPooling2D pools four-dimensional inputs. Received: "
                f"input_shape={input_shape}"
            )
        if not self.logits.built:
            self.logits.build(input_shape)
        output_shape = self.logits.compute_output_shape(input_shape)
        if tuple(output_shape) != tuple(input_shape):
            raise ValueError(
                "`logits` must keep the shape of its input, one logit for "
                f"each cell. Received: {tuple(input_shape)} became "
                f"{tuple(output_shape)}"
            )

    def call(self, inputs):
        logits = keras.ops.cast(self.logits(inputs), inputs.dtype)
        return self.pool(inputs, logits)

    def pool(self, inputs, logits):
        """The layer without its logit module: equation (2) alone.

        Args:
            inputs: `(batch, height, width, channels)`.
            logits: the same shape and dtype.

        Returns:
            The pooled map.
        """
        if self._has_fast_kernel(inputs):
            from keras_fer.layers import tensorflow_kernels

            return tensorflow_kernels.lip_pool(inputs, logits, self.pool_size)
        return lip_pool(
            inputs,
            logits,
            self.pool_size,
            self.strides,
            self.padding,
            self.data_format,
        )

    def _has_fast_kernel(self, inputs):
        bound = getattr(self.logits, "bound", float("inf"))
        return (
            keras.backend.backend() == "tensorflow"
            and bound <= MAX_UNSHIFTED_LOGIT
            and self.strides == self.pool_size
            and self.padding == "valid"
            and self.data_format == "channels_last"
            # float16 ends at 65504, too near to exp(bound) * inputs.
            and keras.backend.standardize_dtype(inputs.dtype)
            in ("bfloat16", "float32")
        )

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        first_axis = 1 if self.data_format == "channels_last" else 2
        for axis, window, stride in zip(
            (first_axis, first_axis + 1),
            self.pool_size,
            self.strides,
            strict=True,
        ):
            if shape[axis] is None:
                continue
            if self.padding == "same":
                shape[axis] = -(-shape[axis] // stride)
            else:
                shape[axis] = (shape[axis] - window) // stride + 1
        return tuple(shape)

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "logits": keras.saving.serialize_keras_object(self.logits),
        }


def _pair(value, name):
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not all(
        isinstance(number, int) and number > 0 for number in pair
    ):
        raise ValueError(
            f"`{name}` must be a positive integer or a pair of them. "
            f"Received: {name}={value!r}"
        )
    return pair


def _same_padding(size, window, stride):
    total = (-(-size // stride) - 1) * stride + window - size
    total = (
        max(total, 0) if isinstance(total, int) else keras.ops.maximum(total, 0)
    )
    return total // 2, total - total // 2


def _window_cell(values, first_axis, row, column, pool_size, strides):
    """The cell (row, column) of every window: a strided view."""
    slices = [slice(None)] * 4
    for axis, offset, window, stride in zip(
        (first_axis, first_axis + 1),
        (row, column),
        pool_size,
        strides,
        strict=True,
    ):
        # The last window starts at size - window, so that the end is known
        # even where the size is not.
        end = offset + 1 - window
        slices[axis] = slice(offset, end if end else None, stride)
    return values[tuple(slices)]
