"""The logit modules of local importance-based pooling: G in equation (2)."""

import keras

from keras_fer.layers.batch_normalization import FusedBatchNormalization
from keras_fer.layers.data_format import resolve_data_format
from keras_fer.layers.instance_normalization import InstanceNormalization

NORMALIZATIONS = ("instance", "batch", None)
STARTS = ("average", "max")
# The identity start sees normalised activations. These two spend the gate's
# range on the values that share windows: of those tried, the nearest to max
# pooling on activations of a network with VGG16's structure.
MAX_START_GAIN = 1.7
MAX_START_SHIFT = -1.2
# Without a norm, activations count in units of their standard deviation
# (`scale_max_start`), and nothing can shift them.
MAX_START_GAIN_WITHOUT_NORM = 1.0


class _GatedLogits(keras.layers.Layer):
    """What both modules share: a chain of layers, then the gate."""

    def __init__(self, gate, data_format, **kwargs):
        super().__init__(**kwargs)
        if not gate > 0:
            raise ValueError(
                f"`gate` must be a positive number. Received: gate={gate}"
            )
        self.gate = float(gate)
        self.data_format = resolve_data_format(data_format)

    @property
    def bound(self):
        """The largest absolute value of a logit."""
        return self.gate / 2.0

    @property
    def channel_axis(self):
        return -1 if self.data_format == "channels_last" else 1

    def _gate(self, features):
        # gate * sigmoid(z) = gate / 2 + gate / 2 * tanh(z / 2), and pooling
        # does not see a constant: without it exp(logits) stays within
        # exp(+-gate / 2), and tanh costs half of sigmoid in bfloat16.
        return keras.ops.tanh(features * 0.5) * self.bound

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "gate": self.gate,
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable(package="keras_fer")
class ProjectionLogits(_GatedLogits):
    """Importance from one convolution: the light module, the default.

    Convolution without bias, affine normalisation, then
    `gate * sigmoid(...)` up to a constant, which pooling does not see.

    Args:
        kernel_size: side of the convolution. 1 looks at a cell's own
            channels; 3, the authors' "SimplifiedLIP", also at its
            neighbours, for nine times the cost. Defaults to 1.
        normalization: "instance", "batch" (folds into the convolution at
            inference) or None.
        gate: ratio, as a power of e, between the most and the least
            important cell. Defaults to 12.0.
        start: "average" starts with a zero convolution, so that training
            begins from average pooling; "max" with an identity convolution
            and a gain that make it nearly max pooling (without a norm only
            once `keras_fer.calibrate_batch_norm` has seen images).
        data_format: "channels_last" or "channels_first".

    Input shape:
        `(batch, height, width, channels)` for "channels_last".

    Output shape:
        The input's.

    Example:

    >>> tuple(ProjectionLogits()(keras.ops.ones((1, 8, 8, 4))).shape)
    (1, 8, 8, 4)

    Reference:
        Gao, Wang and Wu, "LIP: Local Importance-based Pooling", ICCV 2019.
    """

    def __init__(
        self,
        kernel_size=1,
        normalization=None,
        gate=12.0,
        start="average",
        data_format=None,
        **kwargs,
    ):
        super().__init__(gate, data_format, **kwargs)
        if start not in STARTS:
            raise ValueError(
                f"`start` must be one of {STARTS}. Received: start={start!r}"
            )
        if normalization not in NORMALIZATIONS:
            raise ValueError(
                f"`normalization` must be one of {NORMALIZATIONS}. Received: "
                f"normalization={normalization!r}"
            )
        self.kernel_size = kernel_size
        self.normalization = normalization
        self.start = start

    def build(self, input_shape):
        channels = input_shape[self.channel_axis]
        near_max = self.start == "max"
        gain, shift = (
            (MAX_START_GAIN, MAX_START_SHIFT) if near_max else (1.0, 0.0)
        )
        self.convolution = keras.layers.Conv2D(
            channels,
            self.kernel_size,
            padding="same",
            use_bias=False,
            kernel_initializer=(IdentityKernel() if near_max else "zeros"),
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.convolution.build(input_shape)
        self.norm = None
        if self.normalization:
            self.norm = _normalization(
                self.normalization,
                self.channel_axis,
                self.dtype_policy,
                gain,
                shift,
            )
            self.norm.build(input_shape)

    def starts_near_max(self):
        """Whether this is an untrained start="max"."""
        if self.start != "max":
            return False
        kernel = self.convolution.kernel
        return int(keras.ops.count_nonzero(kernel)) == kernel.shape[-1]

    def scale_max_start(self, inputs):
        """Fits the identity start to activations, where no norm does it.

        Args:
            inputs: activations that the module will see.
        """
        if self.normalization is not None:
            return
        inputs = keras.ops.cast(inputs, "float32")
        axes = (0, 1, 2) if self.channel_axis == -1 else (0, 2, 3)
        deviation = keras.ops.std(inputs, axes)
        scale = MAX_START_GAIN_WITHOUT_NORM / (deviation + 1e-3)
        shape = self.convolution.kernel.shape
        identity = IdentityKernel()(shape, self.convolution.kernel.dtype)
        self.convolution.kernel.assign(identity * scale)

    def call(self, inputs):
        features = self.convolution(inputs)
        if self.norm is not None:
            features = self.norm(features)
        return self._gate(features)

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "normalization": self.normalization,
            "start": self.start,
        }


@keras.saving.register_keras_serializable(package="keras_fer")
class BottleneckLogits(_GatedLogits):
    """Importance from a bottleneck of three convolutions.

    1x1, instance norm, ReLU; 3x3, instance norm, ReLU; 1x1, instance norm,
    gate. Sees a 3x3 neighbourhood and combinations of channels; costs more
    than `ProjectionLogits`. The last convolution starts at zero, so training
    begins from average pooling.

    Args:
        channels: filters of the two inner convolutions. Defaults to 128.
        gate: see `ProjectionLogits`.
        data_format: "channels_last" or "channels_first".

    Input shape:
        `(batch, height, width, channels)` for "channels_last".

    Output shape:
        The input's.

    Example:

    >>> tuple(BottleneckLogits(channels=2)(keras.ops.ones((1, 8, 8, 4))).shape)
    (1, 8, 8, 4)

    Reference:
        Gao, Wang and Wu, "LIP: Local Importance-based Pooling", ICCV 2019.
    """

    def __init__(
        self,
        channels=128,
        gate=12.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(gate, data_format, **kwargs)
        self.channels = channels

    def build(self, input_shape):
        out_channels = input_shape[self.channel_axis]
        self.chain = []
        shape = tuple(input_shape)
        for index, (filters, size) in enumerate(
            ((self.channels, 1), (self.channels, 3), (out_channels, 1))
        ):
            convolution = keras.layers.Conv2D(
                filters,
                size,
                padding="same",
                use_bias=False,
                kernel_initializer="zeros" if index == 2 else "he_normal",
                data_format=self.data_format,
                dtype=self.dtype_policy,
                name=f"convolution{index + 1}",
            )
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
            norm = _normalization(
                "instance", self.channel_axis, self.dtype_policy
            )
            norm.build(shape)
            self.chain.append(convolution)
            self.chain.append(norm)

    def call(self, inputs):
        features = inputs
        for index, layer in enumerate(self.chain):
            features = layer(features)
            if index in (1, 3):
                features = keras.ops.relu(features)
        return self._gate(features)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}


@keras.saving.register_keras_serializable(package="keras_fer")
class IdentityKernel(keras.initializers.Initializer):
    """A convolution kernel that copies its input."""

    def __call__(self, shape, dtype=None):
        height, width, channels, _ = shape
        kernel = keras.ops.eye(channels, dtype=dtype)
        kernel = keras.ops.reshape(kernel, (1, 1, channels, channels))
        top, left = (height - 1) // 2, (width - 1) // 2
        return keras.ops.pad(
            kernel,
            (
                (top, height - 1 - top),
                (left, width - 1 - left),
                (0, 0),
                (0, 0),
            ),
        )


def _normalization(kind, axis, dtype_policy, gain=1.0, shift=0.0):
    layer = {
        "batch": FusedBatchNormalization,
        "instance": InstanceNormalization,
    }[kind]
    return layer(
        axis=axis,
        gamma_initializer=keras.initializers.Constant(gain),
        beta_initializer=keras.initializers.Constant(shift),
        dtype=dtype_policy,
        name="norm",
    )
