"""Weight files from anywhere: nothing in them may point, grow or surprise.

HDF5 can hold links to other files, data that lie in other files, and arrays
that claim more than the file has. Keras opens none of these files before it
was looked at here.
"""

import math
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
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo("model.weights.h5")
            _check_size(path, member.file_size, path.stat().st_size)
            with archive.open(member) as stream, h5py.File(stream) as file:
                return _check(file, path, member.file_size)
    with h5py.File(path) as file:
        return _check(file, path, path.stat().st_size)


def count_arrays(path):
    """How many arrays of the network a weight file has, or None for none.

    Args:
        path: as above.
    """
    if Path(path).suffix == ".keras":
        return None
    found = []
    with h5py.File(path) as file:
        if "layers" not in file:
            return None
        file["layers"].visititems(
            lambda _, item: found.append(isinstance(item, h5py.Dataset)) or None
        )
    return sum(found)


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
