"""The first layer of every model: RGB 0..255 to centred values."""

import keras


@keras.saving.register_keras_serializable(package="keras_fer")
class ImageNormalization(keras.layers.Layer):
    """Centres an RGB picture, so that users never do.

    Subtracts ImageNet's mean colour and divides by one constant, in float32
    whatever the precision policy: bfloat16 would round the pixels first. The
    constant is a power of two, so that weights which expect undivided values
    (VGG16's) can be multiplied by it without any rounding.

    Input shape:
        `(batch, height, width, 3)`, RGB, values 0..255, any dtype.

    Output shape:
        `(batch, height, width, 3)`, float32, about -2..2.

    Example:

    >>> tuple(ImageNormalization()(keras.ops.zeros((1, 8, 8, 3))).shape)
    (1, 8, 8, 3)

    Reference:
        The mean is that of the VGG16 training set (Simonyan and Zisserman,
        2015), in the order red, green, blue.
    """

    MEAN = (123.68, 116.779, 103.939)
    SCALE = 64.0

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def call(self, inputs):
        inputs = keras.ops.cast(inputs, "float32")
        mean = keras.ops.convert_to_tensor(self.MEAN, dtype="float32")
        return (inputs - mean) / self.SCALE

    def compute_output_shape(self, input_shape):
        return input_shape
