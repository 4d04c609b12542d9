"""Local importance-based pooling for integer arithmetic.

The same equation (2) as `keras_fer.layers.lip_pool`, in operations that lose
little in eight bits and that LiteRT computes fast: tests hold both together.
"""

import math

import keras
import tensorflow as tf

from keras_fer.layers import LIPPooling2D


def integer_lip_pool(inputs, logits, pool_size):
    """Equation (2) with all its steps in ranges that eight bits can hold.

    The largest logit of a window is subtracted, so that weights lie in 0..1;
    sums are depthwise convolutions, which LiteRT's delegate knows in eight
    bits as it does not know average pooling; the division is the exponential
    of a difference of logarithms, two table look-ups in place of a kernel
    that takes thirty times as long.

    Args:
        inputs: float32 `(batch, height, width, channels)`.
        logits: float32, the same shape.
        pool_size: (rows, columns) of the window, also its stride; rows and
            columns that fill no window are left out.

    Returns:
        float32 `(batch, height // rows, width // columns, channels)`.
    """
    rows, columns = pool_size
    area = rows * columns
    window = (1, rows, columns, 1)
    height = inputs.shape[1] // rows
    width = inputs.shape[2] // columns
    inputs = inputs[:, : height * rows, : width * columns, :]
    logits = logits[:, : height * rows, : width * columns, :]
    largest = tf.raw_ops.ResizeNearestNeighbor(
        images=tf.nn.max_pool2d(logits, window, window, "VALID"),
        size=(height * rows, width * columns),
    )

    def window_sum(values, scale):
        kernel = tf.fill((rows, columns, inputs.shape[3], 1), scale)
        return tf.nn.depthwise_conv2d(values, kernel, window, "VALID")

    weights = tf.exp(logits - largest)
    total = window_sum(weights, 1.0)
    # Sum and mean, since a bare minus sign would be computed in floats.
    share = tf.exp(math.log(area) - tf.math.log(total))
    return window_sum(weights * inputs, 1.0 / area) * share


@keras.saving.register_keras_serializable(package="keras_fer")
class IntegerLIPPooling2D(LIPPooling2D):
    """`LIPPooling2D` as it is converted to an integer-only model.

    Windows that overlap or are padded keep the parent's arithmetic.

    Example:

    >>> tuple(IntegerLIPPooling2D()(keras.ops.ones((1, 8, 8, 4))).shape)
    (1, 4, 4, 4)

    Reference:
        Gao, Wang and Wu, "LIP: Local Importance-based Pooling", ICCV 2019.
    """

    def pool(self, inputs, logits):
        tiles = (
            self.strides == self.pool_size
            and self.padding == "valid"
            and self.data_format == "channels_last"
        )
        if not tiles:
            return super().pool(inputs, logits)
        return integer_lip_pool(inputs, logits, self.pool_size)
