"""Weight files from anywhere: nothing in them may point, grow or surprise.

HDF5 can hold links to other files, data that lie in other files, and arrays
that claim more than the file has. Keras opens none of these files before it
was looked at here.
"""

import collections
import contextlib
import math
import re
import zipfile
from pathlib import Path

import h5py

from keras_fer.errors import UsageError

# Numbers of every kind that Keras writes for a network in float32.
_KINDS = "fiub"
_SPARE_BYTES = 1 << 20


class WeightsError(UsageError, ValueError):
    """The weights do not fit, or are none."""


def check_weight_file(path):
    """Looks through a weight file before anything is made of it.

    Args:
        path: a `.weights.h5`, VGG16's `.h5`, or a `.keras` archive.

    Returns:
        Whether it has the format of VGG16's official file.

    Raises:
        WeightsError: for links, outside or virtual data, arrays beyond the
            file's size, half precision, or a whole model in HDF5.
    """
    path = Path(path)
    with open_weights(path) as (file, size):
        return _check(file, path, size)


@contextlib.contextmanager
def open_weights(path):
    """Opens a weight file, or the one inside a `.keras` archive.

    Args:
        path: as above.

    Yields:
        (`h5py.File`, its size in bytes).
    """
    path = Path(path)
    if path.suffix != ".keras":
        with h5py.File(path) as file:
            yield file, path.stat().st_size
        return
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("model.weights.h5")
        _check_size(path, member.file_size, path.stat().st_size)
        with archive.open(member) as stream, h5py.File(stream) as file:
            yield file, member.file_size


def find_difference(path, layers, num_arrays):
    """What of a file does not fit a network, which Keras may pass over.

    Args:
        path: as above, in Keras 3's format.
        layers: (name, class name, shapes of its own variables) of each of
            the network's layers, in their order.
        num_arrays: how many arrays the network has in all.

    Returns:
        The first difference in words, or None.
    """
    with open_weights(path) as (file, _):
        if "layers" not in file:
            return "it has no layers"
        numbers = collections.Counter()
        for name, class_name, expected in layers:
            number = numbers[class_name]
            numbers[class_name] += 1
            place = f"layers/{_snake_case(class_name)}" + (
                f"_{number}" if number else ""
            )
            kept = file.get(f"{place}/vars", {})
            found = [
                tuple(kept[str(index)].shape)
                for index in range(len(kept))
                if str(index) in kept
            ]
            if found != expected:
                return f"{name} is {expected} here and {found} in the file"
        arrays = []
        file["layers"].visititems(
            lambda _, item: arrays.append(isinstance(item, h5py.Dataset))
        )
    if sum(arrays) != num_arrays:
        return f"it has {sum(arrays)} arrays, and the network {num_arrays}"
    return None


def _snake_case(name):
    """As Keras names the groups of its weight files."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _check(file, path, size):
    if "model_config" in file.attrs or "model_weights" in file:
        raise WeightsError(
            f"{path} is a whole model in HDF5, whose description of layers "
            "can run code when it is read. Save its weights alone where you "
            'trust it, model.save_weights("NAME.weights.h5"), and give those.'
        )
    total = 0
    groups = [file]
    file.visititems(
        lambda _, item: (
            groups.append(item) if isinstance(item, h5py.Group) else None
        )
    )
    for group in groups:
        for name in group:
            place = f"{path}: {group.name.rstrip('/')}/{name}"
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise WeightsError(
                    f"{place} is a link ({_target(link)}). Weights are in "
                    "one file: save them again."
                )
            item = group[name]
            if isinstance(item, h5py.Dataset):
                _check_array(item, place)
                total += math.prod(item.shape) * item.dtype.itemsize
    _check_size(path, total, size)
    return "layer_names" in file.attrs


def _check_array(item, place):
    if item.is_virtual or item.external:
        raise WeightsError(
            f"{place} has its numbers in another file. Weights are in one "
            "file: save them again."
        )
    if item.dtype.kind not in _KINDS or item.dtype.itemsize < 4:
        raise WeightsError(
            f"{place} holds {item.dtype}. Expected: float32. Save the "
            "weights of a network in float32."
        )


def _check_size(path, claimed, size):
    if claimed > size + _SPARE_BYTES:
        raise WeightsError(
            f"{path} claims {claimed:,} bytes of weights and has {size:,}. "
            "Keras stores weights unpacked: save them again."
        )


def _target(link):
    if isinstance(link, h5py.ExternalLink):
        return f"to {link.path} in {link.filename}"
    return f"to {link.path}"
