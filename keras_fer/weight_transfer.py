"""Puts weights into a network, and ImageNet's to work under other layers."""

import keras
import numpy as np

from keras_fer import weight_file
from keras_fer.layers import ImageNormalization
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits
from keras_fer.weight_file import WeightsError


def load(source, model):
    """Gives a model the weights of a file; nothing if there is none.

    Args:
        source: an `imagenet_weights.WeightSource`.
        model: a model of `build_model`. Changed in place.

    Raises:
        WeightsError: if they do not fit the model.
    """
    if source.preset is not None:
        _load_preset_weights(source.path, model)
    elif source.is_vgg16:
        _transplant_vgg16(source.path, model)
    elif source.path is not None:
        _load_own_weights(source.path, model)
    if source.path is not None:
        _check_finite(source.path, model)


def copy_all_but_head(source, model):
    """Copies every layer's weights but the last one's, for other classes.

    Args:
        source: a model of `build_model`.
        model: another one, of the same network. Changed in place.

    Returns:
        `model`.

    Raises:
        ValueError: if they are not of the same network.
    """
    for layer in model.layers[:-1]:
        layer.set_weights(source.get_layer(layer.name).get_weights())
    return model


def _load_preset_weights(path, model):
    try:
        with (
            path.open("rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            left = set(archive.files)
            for layer in model.layers:
                names = [
                    f"{layer.name}/{index}"
                    for index in range(len(layer.get_weights()))
                ]
                layer.set_weights(
                    [archive[name].astype("float32") for name in names]
                )
                left -= set(names)
            if left:
                raise ValueError(f"{sorted(left)[0]} has no place")
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"The weights in {path} do not fit this architecture: {error}"
        ) from error


def _check_finite(path, model):
    for variable in model.variables:
        values = keras.ops.convert_to_numpy(variable.value)
        if not np.isfinite(values).all():
            raise WeightsError(
                f"{path} has NaN or infinity in {variable.path}: a training "
                "that failed. Take an earlier file."
            )


def _load_own_weights(path, model):
    layers = [
        (
            layer.name,
            type(layer).__name__,
            [tuple(variable.shape) for variable in _own_variables(layer)],
        )
        for layer in model.layers
    ]
    try:
        # Keras passes over what a file has beyond the network.
        difference = weight_file.find_difference(
            path, layers, len(model.weights)
        )
        if difference:
            raise ValueError(difference)
        model.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise WeightsError(
            f"The weights in {path} do not fit this architecture (width, "
            "pooling, head, attention, classes; head='dense' also fits one "
            f"image size alone): {error}"
        ) from error


def _own_variables(layer):
    """What Keras stores of a layer itself, without the layers inside it."""
    store = {}
    layer.save_own_variables(store)
    return [store[str(index)] for index in range(len(store))]


def _transplant_vgg16(path, model):
    """Copies VGG16's convolutions so that the network computes the same.

    The first convolution sees RGB divided by a constant where VGG16 saw BGR
    undivided; batch normalisation starts as the identity and takes over the
    convolution's bias.
    """
    vgg16 = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    try:
        vgg16.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise WeightsError(
            f"{path} does not hold VGG16's thirteen convolutions: {error}"
        ) from error
    for layer in vgg16.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        kernel, bias = (np.array(value) for value in layer.get_weights())
        if layer.name == "block1_conv1":
            kernel = kernel[:, :, ::-1, :] * ImageNormalization.SCALE
        target = model.get_layer(layer.name)
        if target.use_bias:
            target.set_weights([kernel, bias])
            continue
        target.set_weights([kernel])
        norm = model.get_layer(f"{layer.name}_bn")
        mean, variance = np.zeros_like(bias), np.ones_like(bias)
        gamma = np.sqrt(variance + norm.epsilon)
        norm.set_weights([gamma, bias, mean, variance])


def calibrate_batch_norm(model, images):
    """Makes inference and training mode agree before the first step.

    Goes through the model layer by layer. A batch norm of VGG16's trunk
    takes the statistics of `images`, and gamma and beta that leave what it
    computes in inference mode as it was: with ImageNet weights the identity
    plus the convolution's bias. Batch norms elsewhere (head, logit modules)
    are new, and only take the statistics. Untrained local importance-based
    pooling near max pooling passes on a few per cent less than max pooling
    did; the next batch norm makes up for that. Call it after
    `build_model(weights="imagenet")` and before training.

    Args:
        model: a model of `build_model`. Changed in place.
        images: RGB pictures `(batch, height, width, 3)`, values 0..255, of
            the training part; a few dozen are enough.

    Raises:
        ValueError: if fewer than 2 images are given.
    """
    x = keras.ops.convert_to_tensor(images, dtype="float32")
    if len(x.shape) != 4 or x.shape[0] < 2:
        raise ValueError(
            "calibrate_batch_norm needs at least 2 images, (batch, height, "
            f"width, 3). Received: shape {tuple(x.shape)}"
        )
    strength = 1.0
    for layer in model.layers[1:]:
        norms = [
            inner
            for inner in layer._flatten_layers()
            if isinstance(inner, keras.layers.BatchNormalization)
        ]
        in_trunk = layer.name.startswith("block")
        if layer in norms and in_trunk:
            _take_statistics_unchanged(layer, x, strength)
            strength = 1.0
        elif norms:
            _take_statistics(layer, norms, x)
        near_max = (
            isinstance(layer, LIPPooling2D)
            and isinstance(layer.logits, ProjectionLogits)
            and layer.logits.starts_near_max()
        )
        if near_max:
            layer.logits.scale_max_start(x)
        outputs = layer(x, training=False)
        if near_max and in_trunk:
            strength = _lost_strength(layer, x, outputs)
        x = outputs


def _take_statistics(layer, norms, x):
    """Sets moving mean and variance of `norms`, parts of `layer`."""
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    layer(x, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _take_statistics_unchanged(norm, x, strength):
    """The same, while `norm` keeps computing what it did, for x * strength."""
    gamma, beta, mean, variance = (
        np.array(value, "float64") for value in norm.get_weights()
    )
    scale = gamma / np.sqrt(variance + norm.epsilon)
    shift = beta - mean * scale
    scale *= strength
    _take_statistics(norm, [norm], x)
    _, _, mean, variance = norm.get_weights()
    gamma = scale * np.sqrt(variance + norm.epsilon)
    norm.set_weights([gamma, shift + mean * scale, mean, variance])


def _lost_strength(pooling, inputs, outputs):
    """By what factor max pooling's outputs would be larger."""
    maximum = keras.ops.max_pool(inputs, pooling.pool_size, pooling.strides)
    maximum, outputs = (
        keras.ops.convert_to_numpy(keras.ops.cast(values, "float32"))
        for values in (maximum, outputs)
    )
    return float(np.vdot(maximum, outputs) / np.vdot(outputs, outputs))
