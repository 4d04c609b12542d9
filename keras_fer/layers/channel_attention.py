"""Channel attention: how much each channel of a feature map counts."""

import math

import keras

from keras_fer.layers.data_format import resolve_data_format

METHODS = ("eca", "se")


@keras.saving.register_keras_serializable(package="keras_fer")
class ChannelAttention(keras.layers.Layer):
    """Scales every channel by a weight in (0, 1) learned from all of them.

    The feature map is averaged over its cells; a small network turns the
    averages into one weight a channel. "eca" (efficient channel attention)
    is one convolution along the channels, whose kernel size adapts to their
    number: `k = |log2(channels) / gamma + b / gamma|`, made odd. It is the
    paper's "adaptive channel attention" as we read it. "se" (squeeze and
    excitation) is two dense layers with a bottleneck.

    Args:
        method: "eca" or "se". Defaults to "eca".
        gamma: divisor in ECA's kernel size. Larger means fewer neighbours.
            Defaults to 2.
        b: offset in ECA's kernel size. Defaults to 1.
        reduction: channels of SE's bottleneck are `channels // reduction`,
            at least 1. Defaults to 16.
        data_format: "channels_last" or "channels_first".

    Input shape:
        `(batch, height, width, channels)` for "channels_last".

    Output shape:
        The input's.

    Example:

    >>> tuple(ChannelAttention()(keras.ops.ones((1, 3, 3, 64))).shape)
    (1, 3, 3, 64)

    Reference:
        Wang et al., "ECA-Net", CVPR 2020, equation (12); Hu, Shen and Sun,
        "Squeeze-and-Excitation Networks", CVPR 2018.
    """

    def __init__(
        self,
        method="eca",
        gamma=2,
        b=1,
        reduction=16,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if method not in METHODS:
            raise ValueError(
                f"`method` must be one of {METHODS}. Received: "
                f"method={method!r}"
            )
        self.method = method
        self.gamma = gamma
        self.b = b
        self.reduction = reduction
        self.data_format = resolve_data_format(data_format)

    @staticmethod
    def eca_kernel_size(channels, gamma=2, b=1):
        """ECA's kernel size: an odd number that grows with log2(channels)."""
        size = int(abs((math.log2(channels) + b) / gamma))
        return size if size % 2 else size + 1

    def build(self, input_shape):
        last = self.data_format == "channels_last"
        channels = input_shape[-1 if last else 1]
        policy = self.dtype_policy
        if self.method == "eca":
            convolution = keras.layers.Conv1D(
                1,
                self.eca_kernel_size(channels, self.gamma, self.b),
                padding="same",
                use_bias=False,
                activation="sigmoid",
                data_format="channels_last",
                dtype=policy,
                name="convolution",
            )
            convolution.build((None, channels, 1))
            self.chain = [convolution]
            return
        squeeze = keras.layers.Dense(
            max(channels // self.reduction, 1),
            activation="relu",
            dtype=policy,
            name="squeeze",
        )
        squeeze.build((None, channels))
        excite = keras.layers.Dense(
            channels, activation="sigmoid", dtype=policy, name="excite"
        )
        excite.build((None, squeeze.units))
        self.chain = [squeeze, excite]

    def call(self, inputs):
        last = self.data_format == "channels_last"
        weights = keras.ops.mean(inputs, (1, 2) if last else (2, 3))
        channels = weights.shape[-1]
        if self.method == "eca":
            weights = keras.ops.expand_dims(weights, -1)
        for layer in self.chain:
            weights = layer(weights)
        shape = (-1, 1, 1, channels) if last else (-1, channels, 1, 1)
        return inputs * keras.ops.reshape(weights, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "method": self.method,
            "gamma": self.gamma,
            "b": self.b,
            "reduction": self.reduction,
            "data_format": self.data_format,
        }
