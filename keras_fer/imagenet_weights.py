"""Which weights a network starts from: ImageNet's, a preset's, or a file's.

A recipe asks here before it reads its data, so Keras is loaded only where
something is to be downloaded: a wrong path ends a run at once.
"""

import dataclasses
import os
import zipfile
from pathlib import Path

import h5py

from keras_fer import presets
from keras_fer import weight_file
from keras_fer.errors import UsageError
from keras_fer.weight_file import WeightsError

VGG16_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
VGG16_MD5 = "6d6bbae143d832006294945121d1f1fc"
VGG16_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
)


class WeightsNotFoundError(UsageError, FileNotFoundError):
    """The ImageNet weights are not here and cannot be fetched."""


@dataclasses.dataclass(frozen=True)
class WeightSource:
    """Where weights come from: a file, a preset's, or nowhere (None)."""

    path: Path | None
    is_vgg16: bool
    preset: presets.Preset | None = None


def resolve(weights):
    """Finds out what `build_model(weights=...)` names.

    Args:
        weights: None, "imagenet", a preset's name, or the path of a preset's
            folder or of an existing file, in this order; a path that equals
            a name needs `./`. A `WeightSource` is given back.

    Returns:
        A `WeightSource`.

    Raises:
        ValueError: if `weights` is none of these, or an altered preset.
        FileNotFoundError: for "imagenet" without the file or a network.
    """
    if weights is None:
        return WeightSource(None, is_vgg16=False)
    if weights == "imagenet":
        return WeightSource(_imagenet_file(), is_vgg16=True)
    if isinstance(weights, WeightSource):
        return weights
    presets.refuse_address(weights)
    path = Path(weights)
    if presets.is_name(weights) or path.is_dir():
        preset = presets.load_preset(weights)
        return WeightSource(preset.weights_path, False, preset)
    if not path.is_file():
        raise WeightsError(
            '`weights` must be None, "imagenet", a preset or the path of an '
            f"existing file. Received: weights={str(weights)!r}. "
            f"{presets.known_presets()}"
        )
    if path.suffix != ".keras" and not h5py.is_hdf5(path):
        raise WeightsError(
            f"{path} is no weight file. Expected `.weights.h5`, `.keras`, or "
            f"VGG16's {VGG16_FILE}."
        )
    try:
        is_vgg16 = weight_file.check_weight_file(path)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"{path} cannot be read as weights ({error}). Copy it again."
        ) from error
    return WeightSource(path, is_vgg16)


def _imagenet_file():
    import keras  # takes seconds

    # Keras's own cache and hash, so that a file which Keras downloaded
    # already is found.
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        path = keras.utils.get_file(
            VGG16_FILE,
            VGG16_URL + VGG16_FILE,
            cache_dir=str(home),
            cache_subdir="models",
            file_hash=VGG16_MD5,
        )
    except Exception as error:  # get_file raises bare Exception
        raise WeightsNotFoundError(
            f"The ImageNet weights {VGG16_FILE} (md5 {VGG16_MD5}) are not in "
            f"{Path(home) / 'models'} and could not be downloaded "
            f"({error}). Fetch {VGG16_URL}{VGG16_FILE} elsewhere and put it "
            "there, or pass its path: build_model(weights=PATH)."
        ) from error
    return Path(path)
