"""What is faster on TensorFlow than its form in `keras.ops`.

Imported on the TensorFlow backend alone; tests compare each function with
the portable form that it replaces.
"""

import tensorflow as tf


def batch_norm(
    inputs, gamma, beta, moving_mean, moving_variance, *, epsilon, training
):
    """TensorFlow's fused batch normalisation.

    Args:
        inputs: `(batch, height, width, channels)`, float16, bfloat16 or
            float32.
        gamma, beta: float32 `(channels,)`, or None for one and zero.
        moving_mean, moving_variance: float32 `(channels,)`, used when not
            training.
        epsilon: added to the variance.
        training: whether to normalise by the batch's own statistics.

    Returns:
        The outputs, and the mean and the biased variance that were used.
    """
    channels = inputs.shape[-1]

    def parameter(value, default):
        if value is None:
            return tf.fill((channels,), default)
        return tf.cast(value, tf.float32)

    empty = tf.zeros((0,), tf.float32)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=parameter(gamma, 1.0),
        offset=parameter(beta, 0.0),
        mean=empty if training else parameter(moving_mean, 0.0),
        variance=empty if training else parameter(moving_variance, 1.0),
        epsilon=epsilon,
        is_training=training,
    )
    if training:
        # The kernel returns the unbiased variance, Keras keeps the biased.
        count = tf.cast(tf.size(inputs) / tf.size(mean), tf.float32)
        variance *= (count - 1.0) / count
    return outputs, mean, variance


def lip_pool(inputs, logits, pool_size):
    """Local importance-based pooling over windows that do not overlap.

    Averages of `inputs * exp(logits)` and `exp(logits)`, without subtracting
    each window's largest logit first: for logits of modest range only. The
    gradient is written out, since automatic differentiation would read and
    write the feature map about twice as often:
    with `w = exp(logits)` and `d` the sum of `w` over the window,
    `d output / d input = w / d` and
    `d output / d logit = (w / d) (input - output)`.

    Args:
        inputs: `(batch, height, width, channels)`, bfloat16 or float32.
        logits: the same shape and dtype.
        pool_size: (rows, columns) of the window, also its stride; rows and
            columns that fill no window are left out.

    Returns:
        `(batch, height // rows, width // columns, channels)`.
    """
    window = [1, *pool_size, 1]
    area = float(pool_size[0] * pool_size[1])

    def average(values):
        return tf.nn.avg_pool2d(values, window, window, "VALID")

    @tf.custom_gradient
    def pool(inputs, logits):
        weights = tf.exp(logits)
        mean_weights = average(weights)
        outputs = average(weights * inputs) / mean_weights

        def gradient(upstream):
            def spread(values):
                """Gives every cell its window's value; 0 outside."""
                return tf.raw_ops.AvgPoolGrad(
                    orig_input_shape=tf.shape(inputs),
                    grad=values,
                    ksize=window,
                    strides=window,
                    padding="VALID",
                )

            # AvgPoolGrad divides by the area: mean_weights holds that
            # factor already, outputs must be multiplied by it.
            input_gradient = weights * spread(upstream / mean_weights)
            logit_gradient = input_gradient * (inputs - spread(outputs * area))
            return input_gradient, logit_gradient

        return outputs, gradient

    return pool(inputs, logits)
