"""Batch normalisation as one fused operation where TensorFlow has one."""

import keras


@keras.saving.register_keras_serializable(package="keras_fer")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, several times faster on TensorFlow.

    Keras computes the normalisation from elementary operations in float32.
    On the TensorFlow backend, for four-dimensional channels-last inputs, this
    subclass calls TensorFlow's fused kernel instead. Weights, moving
    statistics, arguments and results are the parent's, so weights move
    freely between the two. Anything the kernel cannot do (masks,
    renormalisation, statistics synchronised over replicas, another axis) is
    left to the parent, and so is every other backend.

    Input shape:
        `(batch, height, width, channels)`, or any the parent takes.

    Output shape:
        The input's.

    Example:

    >>> tuple(FusedBatchNormalization()(keras.ops.ones((2, 4, 4, 8))).shape)
    (2, 4, 4, 8)

    Reference:
        Ioffe and Szegedy, 2015.
    """

    def call(self, inputs, training=None, mask=None):
        training = bool(training) and self.trainable
        fused = (
            keras.backend.backend() == "tensorflow"
            and mask is None
            and not self.renorm
            and not self.synchronized
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and keras.backend.standardize_dtype(inputs.dtype)
            in ("bfloat16", "float16", "float32")
        )
        if not fused:
            return super().call(inputs, training=training, mask=mask)
        from keras_fer.layers import tensorflow_kernels

        outputs, mean, variance = tensorflow_kernels.batch_norm(
            inputs,
            self.gamma,
            self.beta,
            self.moving_mean,
            self.moving_variance,
            epsilon=self.epsilon,
            training=training,
        )
        if training:
            for moving, batch in (
                (self.moving_mean, mean),
                (self.moving_variance, variance),
            ):
                batch = keras.ops.cast(batch, moving.dtype)
                moving.assign(
                    moving * self.momentum + batch * (1.0 - self.momentum)
                )
        return outputs
