"""Normalisation of each picture's channels, cheap enough for logits."""

import keras


@keras.saving.register_keras_serializable(package="keras_fer")
class InstanceNormalization(keras.layers.Layer):
    """Normalises each channel of each picture over its cells; affine.

    Mean and mean square are taken in float32; what touches the whole feature
    map stays one multiplication and one addition in the layer's precision.

    Args:
        axis: the channel axis.
        epsilon: added to the variance. Defaults to 1e-3.
        beta_initializer, gamma_initializer: for shift and scale.

    Input shape:
        Four-dimensional.

    Output shape:
        The input's.

    Reference:
        Ulyanov, Vedaldi and Lempitsky, 2016.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        beta_initializer="zeros",
        gamma_initializer="ones",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, input_shape):
        shape = (input_shape[self.axis],)
        self.gamma = self.add_weight(
            shape=shape,
            name="gamma",
            initializer=self.gamma_initializer,
            autocast=False,
        )
        self.beta = self.add_weight(
            shape=shape,
            name="beta",
            initializer=self.beta_initializer,
            autocast=False,
        )

    def call(self, inputs):
        axes = (1, 2) if self.axis == -1 else (2, 3)
        wide = keras.ops.cast(inputs, "float32")
        mean = keras.ops.mean(wide, axes, keepdims=True)
        square = keras.ops.mean(wide * wide, axes, keepdims=True)
        variance = keras.ops.maximum(square - mean * mean, 0.0)
        shape = (1, 1, 1, -1) if self.axis == -1 else (1, -1, 1, 1)
        gamma = keras.ops.reshape(self.gamma, shape)
        beta = keras.ops.reshape(self.beta, shape)
        scale = gamma * keras.ops.rsqrt(variance + self.epsilon)
        shift = beta - mean * scale
        dtype = inputs.dtype
        return inputs * keras.ops.cast(scale, dtype) + keras.ops.cast(
            shift, dtype
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "beta_initializer": keras.initializers.serialize(
                self.beta_initializer
            ),
            "gamma_initializer": keras.initializers.serialize(
                self.gamma_initializer
            ),
        }
