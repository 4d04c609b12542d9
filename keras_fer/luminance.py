"""Networks that learned from grey pictures see colour as its luminance.

Grey training leaves the weights of red, green and blue as far apart as chance
started them: only their sum was ever trained. Colour then adds noise.
"""

import keras
import numpy as np

from keras_fer.layers import ImageNormalization

# Rec. 601, as Pillow turns RGB to grey: red, green, blue.
WEIGHTS = (0.299, 0.587, 0.114)


def are_grey(images):
    """Whether the three channels are equal everywhere.

    Args:
        images: `(..., 3)`, RGB.
    """
    images = np.asarray(images)
    return bool((images[..., :1] == images).all())


def take_luminance(model):
    """Makes the first convolution see nothing of a picture but its luminance.

    Each tap's weights of red, green and blue become their sum, shared out as
    Rec. 601 does. A picture is then answered as its grey version is. Grey
    pictures are answered as before, but for one pixel along the border, where
    the padding stands for another mean than it did in training.

    Args:
        model: a model of `build_model` that learned from grey pictures.
            Changed in place.
    """
    convolution = model.get_layer("block1_conv1")
    kernel, *bias = (np.array(value) for value in convolution.get_weights())
    shares = np.reshape(WEIGHTS, (3, 1))
    folded = shares * kernel.sum(axis=2, keepdims=True)
    # What is subtracted of each channel differs: the constant that moves.
    mean = np.reshape(ImageNormalization.MEAN, (3, 1))
    moved = ((kernel - folded) * mean).sum(axis=(0, 1, 2))
    moved /= ImageNormalization.SCALE
    if bias:
        convolution.set_weights([folded, bias[0] - moved])
        return
    convolution.set_weights([folded])
    norm = model.get_layer("block1_conv1_bn")
    norm.moving_mean.assign(norm.moving_mean + keras.ops.cast(moved, "float32"))
