"""What a `.keras` file may describe: a list of classes, and nothing else.

The archive says by name which classes to make. Keras's safe mode refuses
the known dangerous ones; here only those pass that networks of pictures are
made of, so that what is not known to be harmless is not made.
"""

import json
import zipfile
from pathlib import Path

from keras_fer.errors import ModelFileError

_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
_LARGEST_CONFIG = 20_000_000
_OPTIMIZERS = (
    "Adadelta Adagrad Adam AdamW Adamax Ftrl Lion LossScaleOptimizer Nadam "
    "RMSprop SGD"
)
# Module, without "src" and the file's own name -> classes.
_KERAS = {
    "keras": "DTypePolicy Sequential Variable",
    "keras.dtype_policies": "DTypePolicy",
    "keras.initializers": (
        "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity "
        "LecunNormal LecunUniform Ones Orthogonal RandomNormal RandomUniform "
        "TruncatedNormal VarianceScaling Zeros"
    ),
    "keras.layers": (
        "Activation Add AveragePooling2D BatchNormalization CenterCrop "
        "Concatenate Conv1D Conv2D Cropping2D Dense DepthwiseConv2D Dropout "
        "ELU Flatten GlobalAveragePooling2D GlobalMaxPooling2D "
        "GroupNormalization InputLayer LayerNormalization LeakyReLU "
        "MaxPooling2D Multiply Normalization PReLU Permute ReLU Rescaling "
        "Reshape Resizing SeparableConv2D Softmax SpatialDropout2D "
        "UpSampling2D ZeroPadding2D"
    ),
    "keras.losses": (
        "BinaryCrossentropy CategoricalCrossentropy "
        "CategoricalFocalCrossentropy KLDivergence MeanSquaredError "
        "SparseCategoricalCrossentropy"
    ),
    "keras.metrics": (
        "AUC Accuracy BinaryAccuracy CategoricalAccuracy "
        "CategoricalCrossentropy F1Score Mean Precision Recall "
        "SparseCategoricalAccuracy TopKCategoricalAccuracy"
    ),
    "keras.models": "Functional Sequential",
    "keras.optimizers": _OPTIMIZERS,
    "keras.optimizers.schedules": (
        "CosineDecay ExponentialDecay PiecewiseConstantDecay PolynomialDecay"
    ),
    "keras.regularizers": "L1 L1L2 L2",
}
_OWN = (
    "BottleneckLogits ChannelAttention FusedBatchNormalization "
    "IdentityKernel ImageNormalization InstanceNormalization "
    "IntegerLIPPooling2D LIPPooling2D LayerDecayAdamW LayerDecaySGD "
    "ProjectionLogits"
).split()
# What Keras writes for values, not for classes.
_VALUES = {"__keras_tensor__", "__numpy__", "__slice__", "__tuple__"}


class UntrustedModelError(ModelFileError, ValueError):
    """A `.keras` file describes what it has no need to."""


def check_keras_file(path, trusted=()):
    """Reads what classes a `.keras` file names, without making any.

    Args:
        path: the file.
        trusted: further classes that may be made, by their name or by
            "package>Name" as Keras registers them.

    Raises:
        UntrustedModelError: naming the first class that is on no list, or
            what else does not belong into the archive.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            strangers = sorted(set(archive.namelist()) - _MEMBERS)
            if strangers:
                raise UntrustedModelError(
                    f"{path} holds {strangers[0]}. Expected: "
                    f"{', '.join(sorted(_MEMBERS))} alone."
                )
            if archive.getinfo("config.json").file_size > _LARGEST_CONFIG:
                raise UntrustedModelError(
                    f"{path} describes its layers in more than "
                    f"{_LARGEST_CONFIG:,} bytes."
                )
            config = json.loads(archive.read("config.json"))
    except UntrustedModelError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        zipfile.BadZipFile,
    ) as error:
        raise UntrustedModelError(
            f"{path} is no whole .keras file ({error}). Copy it again."
        ) from error
    for description, place in _descriptions(config):
        if not _is_allowed(description, set(trusted)):
            name = _full_name(description)
            raise UntrustedModelError(
                f"{path} would make a {name} ({place}), which is on no list "
                "of what is known to be harmless. If you trust the file and "
                f"the class: load_model(PATH, trusted=[{name!r}]). Weights "
                "alone need no trust: build_model(weights=NAME.weights.h5)."
            )


def _descriptions(config):
    """Yields (description, place) of every class that the config names."""
    waiting = [(config, "the model")]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                inner = value.get("config")
                name = inner.get("name") if isinstance(inner, dict) else None
                place = f"in {name}" if isinstance(name, str) else place
                yield value, place
            waiting += [(inner, place) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, place) for inner in value]


def _is_allowed(description, trusted):
    name = description["class_name"]
    module = description.get("module")
    registered = description.get("registered_name")
    if not isinstance(name, str):
        return False
    if {name, registered, _full_name(description)} & trusted:
        return True
    if module is None:
        return name in _VALUES
    if str(module).startswith("keras_fer."):
        return name in _OWN and registered == f"keras_fer>{name}"
    if str(module).startswith("keras.src."):
        # Written for the classes of models: keras.src.models.functional.
        module = "keras." + module.split(".")[2]
    return name in _KERAS.get(module, "").split() and registered in (None, name)


def _full_name(description):
    module = description.get("module")
    name = description["class_name"]
    return f"{module}.{name}" if module else str(name)
