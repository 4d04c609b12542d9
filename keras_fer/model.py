"""The network: normalise, VGG16 with its pools swapped, head."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import keras

from keras_fer import imagenet_weights
from keras_fer import keras_file
from keras_fer import pooling_variants
from keras_fer import presets
from keras_fer import weight_file
from keras_fer import weight_transfer
from keras_fer.classes import CLASSES
from keras_fer.layers import ChannelAttention
from keras_fer.layers import FusedBatchNormalization
from keras_fer.layers import ImageNormalization
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits
from keras_fer.weight_transfer import calibrate_batch_norm

__all__ = ["build_model", "calibrate_batch_norm", "load_model"]

POOLINGS = ("lip", "max", "avg", "soft")
HEADS = ("conv", "dense")
ATTENTIONS = ("eca", "se", None)
# Where None is an answer, not a gap for a preset to fill.
MEANT_NONE = ("attention", "classifier_activation")

_Function = TypeVar("_Function", bound=Callable)


def _fill_in_presets(build: _Function) -> _Function:
    """Lets a preset decide what its weights fit, and refuses anything else."""

    @functools.wraps(build)
    def build_or_fill_in(weights=None, **given):
        source = imagenet_weights.resolve(weights)
        preset = source.preset
        if preset is None:
            return build(source, **given)
        given = {
            name: value
            for name, value in given.items()
            if value is not None or name in MEANT_NONE
        }
        size = preset.crop_size
        free = {
            "input_shape": (size, size, 3),
            "dropout": preset.architecture["dropout"],
        }
        fixed = preset.architecture | {"classes": len(preset.class_names)}
        variant = pooling_variants.pooling_variant(fixed["pooling"])
        fixed |= {"pooling": variant}
        del fixed["dropout"]
        different = [
            f"{name}={given[name]!r} where it has {value!r}"
            for name, value in fixed.items()
            if name in given and given[name] != value
        ]
        if different:
            raise imagenet_weights.WeightsError(
                f"The preset {preset.directory.name} is of another network. "
                f"Received: {', '.join(different)}. Leave these arguments out."
            )
        return build(source, **(free | given | fixed))

    return build_or_fill_in


@_fill_in_presets
def build_model(
    weights=None,
    *,
    input_shape=None,
    classes=None,
    width=1.0,
    pooling="lip",
    head="conv",
    attention="eca",
    batch_norm=True,
    dropout=0.5,
    classifier_activation="softmax",
    name=None,
):
    """Builds the paper's network, or its baseline, or anything between.

    VGG16's thirteen convolutions, each followed by batch normalisation and
    ReLU; its five pools become local importance-based pooling; a head of two
    convolutions with channel attention. The paper's baseline is
    `pooling="max", head="dense", attention=None`.

    Args:
        weights: None for random weights; "imagenet" for VGG16's (1.0 wide,
            RGB); a preset's name or folder, which then decides the network,
            so that an argument may not contradict it (`input_shape` and
            `dropout` are free); or the path of an existing file: weights of
            this architecture (`.weights.h5`, `.keras`), or a file in the
            format of VGG16's official "notop" one. Defaults to None.
        input_shape: `(height, width, 3)`, at least 32 each. With
            `head="conv"` both may be None. Defaults to `(90, 90, 3)`.
        classes: number of classes. Defaults to the seven of
            `keras_fer.CLASSES`.
        width: multiplies every number of filters: 0.5 is about four times
            cheaper. Defaults to 1.0.
        pooling: "lip", "max", "avg", "soft" (importance = activation), or a
            callable from the pool's name to a layer.
        head: "conv" (two 3x3 convolutions, global average, one dense layer)
            or "dense" (VGG16's three dense layers).
        attention: "eca", "se" or None.
        batch_norm: whether batch normalisation follows each convolution.
        dropout: fraction dropped before the last dense layer ("dense": also
            between the two large ones), 0 <= dropout < 1.
        classifier_activation: "softmax" for probabilities, None for logits.
        name: the model's name.

    Returns:
        A `keras.Model`: RGB images `(batch, height, width, 3)`, values
        0..255, uint8 or float32 -> float32 `(batch, classes)`.

    Raises:
        ValueError: for an argument or a weight file that does not fit.
        FileNotFoundError: for "imagenet" where the file is neither cached
            nor downloadable; says where to put it.

    Example:

    >>> build_model(width=0.125).output_shape
    (None, 7)

    Reference:
        Dong, Wang and Hang, "Facial expression recognition based on improved
        VGG convolutional neural network", 2021.
    """
    input_shape = (90, 90, 3) if input_shape is None else tuple(input_shape)
    classes = len(CLASSES) if classes is None else classes
    _check_arguments(input_shape, classes, width, pooling, head, attention)
    source = imagenet_weights.resolve(weights)
    if source.is_vgg16 and width != 1.0:
        raise imagenet_weights.WeightsError(
            "VGG16's weights fit width=1.0 alone. Received: "
            f"weights from {source.path}, width={width}"
        )

    images = keras.Input(input_shape, name="image")
    x = ImageNormalization(name="normalization")(images)
    for layer_class, config in _vgg16_layers():
        layer_name = config["name"]
        if layer_class is keras.layers.MaxPooling2D:
            x = _pool(pooling, layer_name, source.is_vgg16)(x)
        else:
            filters = _scaled(config["filters"], width)
            x = _convolve(x, config | {"filters": filters}, batch_norm)

    if head == "conv":
        config = {"filters": _scaled(512, width), "kernel_size": 3}
        for index in (1, 2):
            config |= {"name": f"head_conv{index}"}
            x = _convolve(x, config, batch_norm)
    if attention is not None:
        x = ChannelAttention(attention, name="attention")(x)
    if head == "conv":
        x = keras.layers.GlobalAveragePooling2D(name="global_pool")(x)
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    else:
        x = keras.layers.Flatten(name="flatten")(x)
        for index in (1, 2):
            units = _scaled(4096, width)
            x = keras.layers.Dense(units, "relu", name=f"fc{index}")(x)
            x = keras.layers.Dropout(dropout, name=f"dropout{index}")(x)
    # Probabilities in half precision would not sum to one.
    outputs = keras.layers.Dense(
        classes,
        activation=classifier_activation,
        dtype="float32",
        name="predictions",
    )(x)
    model = keras.Model(images, outputs, name=name or "keras_fer")
    weight_transfer.load(source, model)
    return model


def load_model(path, *, trusted=()):
    """Loads a model saved by `model.save("....keras")`, ready to predict.

    Knows this package's layers, which Keras alone does not. A `.keras` file
    names the classes to make: only those on the list in `keras_file.py`
    are made, in Keras's safe mode.

    Args:
        path: the `.keras` file.
        trusted: names of further classes that you trust, as Keras has them
            registered.

    Returns:
        A `keras.Model`, compiled if the saved one was.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a `.keras` file, or one with other classes
            or with links in its weights.
    """
    presets.refuse_address(path)
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no model file {path}.")
    if path.suffix != ".keras":
        raise ValueError(
            f"load_model reads `.keras` files. Received: {path}. A whole "
            "model in HDF5 can run code when it is read; for weights alone, "
            "use build_model(weights=NAME.weights.h5)."
        )
    keras_file.check_keras_file(path, trusted)
    weight_file.check_weight_file(path)
    return keras.saving.load_model(path, safe_mode=True)


@functools.cache
def _vgg16_layers():
    """(class, config) of VGG16's convolutions and pools, in their order."""
    vgg16 = keras.applications.VGG16(include_top=False, weights=None)
    return tuple(
        (type(layer), layer.get_config()) for layer in vgg16.layers[1:]
    )


def _convolve(x, config, batch_norm):
    """Convolution -> (batch norm) -> ReLU, named after the convolution."""
    config = {
        "kernel_size": config["kernel_size"],
        "filters": config["filters"],
        "name": config["name"],
    }
    x = keras.layers.Conv2D(
        **config,
        padding="same",
        # Batch norm's beta is the bias.
        use_bias=not batch_norm,
        kernel_initializer="he_normal",
    )(x)
    if batch_norm:
        x = FusedBatchNormalization(name=f"{config['name']}_bn")(x)
    return keras.layers.ReLU(name=f"{config['name']}_relu")(x)


def _pool(pooling, name, near_max):
    if callable(pooling):
        return pooling(name)
    if pooling == "max":
        return keras.layers.MaxPooling2D(name=name)
    if pooling == "avg":
        return keras.layers.AveragePooling2D(2, name=name)
    if pooling == "soft":
        return LIPPooling2D(logits="identity", name=name)
    # VGG16's weights were trained under max pooling.
    start = "max" if near_max else "average"
    return LIPPooling2D(logits=ProjectionLogits(start=start), name=name)


def _scaled(number, width):
    return max(round(number * width), 1)


def _check_arguments(input_shape, classes, width, pooling, head, attention):
    for argument, value, allowed in (
        ("head", head, HEADS),
        ("attention", attention, ATTENTIONS),
    ):
        if value not in allowed:
            raise ValueError(
                f"`{argument}` must be one of {allowed}. Received: "
                f"{argument}={value!r}"
            )
    if pooling not in POOLINGS and not callable(pooling):
        raise ValueError(
            f"`pooling` must be one of {POOLINGS} or a callable from a name "
            f"to a layer. Received: pooling={pooling!r}"
        )
    if not width > 0:
        raise ValueError(
            f"`width` must be a positive number. Received: width={width}"
        )
    if not isinstance(classes, int) or classes < 2:
        raise ValueError(
            f"`classes` must be an integer of at least 2. Received: {classes}"
        )
    sides = input_shape[:2]
    fits = len(input_shape) == 3 and input_shape[2] == 3
    if not fits or any(side is not None and side < 32 for side in sides):
        raise ValueError(
            "`input_shape` must be (height, width, 3) with sides of at least "
            f"32. Received: input_shape={input_shape}"
        )
    if head == "dense" and None in sides:
        raise ValueError(
            'head="dense" needs a known size. Received: '
            f"input_shape={input_shape}"
        )
