"""Row 18: weight files that point elsewhere, swell, or do not fit."""

import shutil
import zipfile

import h5py
import numpy as np
import pytest

import keras_fer
from keras_fer.imagenet_weights import WeightsError

KERNEL = "layers/conv2d/vars/0"


@pytest.fixture
def path(model_files, tmp_path):
    shutil.copy(model_files / "model.weights.h5", tmp_path / "a.weights.h5")
    return tmp_path / "a.weights.h5"


def build(path, **arguments):
    arguments = {"input_shape": (32, 32, 3), "width": 0.02} | arguments
    return keras_fer.build_model(path, **arguments)


def elsewhere(file):
    """Another file with a kernel that fits."""
    path = file.filename + ".other"
    with h5py.File(path, "w") as other:
        other["kernel"] = file[KERNEL][()]
    return path


def replace(file, make):
    other, array = elsewhere(file), file[KERNEL][()]
    del file[KERNEL]
    make(file, other, array)


def soft(file, other, array):
    file["kept"] = array
    file[KERNEL] = h5py.SoftLink("/kept")


def outside(file, other, array):
    file[KERNEL] = h5py.ExternalLink(other, "kernel")


def virtual(file, other, array):
    layout = h5py.VirtualLayout(array.shape, array.dtype)
    layout[...] = h5py.VirtualSource(other, "kernel", array.shape)
    file.create_virtual_dataset(KERNEL, layout)


def raw(file, other, array):
    with open(other + ".raw", "wb") as content:
        content.write(array.tobytes())
    file.create_dataset(
        KERNEL,
        array.shape,
        array.dtype,
        external=[(other + ".raw", 0, array.nbytes)],
    )


def bomb(file, other, array):
    file.create_dataset(
        KERNEL, (10**6, 10**6), "float32", chunks=(1000, 1000), fillvalue=1.0
    )


def packed(file, other, array):
    zeros = np.zeros((3000, 3000), "float32")
    file.create_dataset(KERNEL, data=zeros, compression="gzip")


def text(file, other, array):
    file[KERNEL] = np.array([b"weights"], dtype=object).astype("S7")


HOSTILE = {
    "soft link": (soft, "is a link .to /kept."),
    "external link": (outside, "is a link .to kernel in"),
    "virtual": (virtual, "in another file"),
    "external data": (raw, "in another file"),
    "shape bomb": (bomb, "claims 4,000,000,"),
    "packed zeros": (packed, "claims 3[67],...,... bytes"),
    "text": (text, r"holds \|S7"),
    "float16": (
        lambda file, _, array: file.create_dataset(
            KERNEL, data=array.astype("float16")
        ),
        "holds float16. Expected: float32",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_array_is_named_before_keras_reads_it(
    kind, path, data, commands
):
    make, words = HOSTILE[kind]
    with h5py.File(path, "a") as file:
        replace(file, make)
    with pytest.raises(WeightsError, match=words) as refusal:
        build(path)
    assert str(path) in str(refusal.value)
    status, _, message = commands.rafdb(data, "--weights", path)
    assert status == 2 and f"{refusal.value}" in message
    assert not (commands.run_dir / "config.json").exists()


def test_the_weights_inside_a_keras_file_are_looked_at_too(
    model_files, tmp_path, path
):
    with h5py.File(path, "a") as file:
        replace(file, outside)
    target = tmp_path / "model.keras"
    with zipfile.ZipFile(model_files / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["model.weights.h5"] = path.read_bytes()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    for entrance in (keras_fer.load_model, build):
        with pytest.raises(ValueError, match="is a link .to kernel in"):
            entrance(target)


def test_the_weights_as_they_were_pass(path, model_files):
    first, second = (
        build(path),
        keras_fer.load_model(model_files / "model.keras"),
    )
    for ours, theirs in zip(
        first.get_weights(), second.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


OTHERS = {
    "classes": (
        {"classes": 8},
        r"predictions is \[\(10, 8\), .* and \[\(10, 7\),",
    ),
    "width": (
        {"width": 0.05},
        r"block1_conv1 is \[\(3, 3, 3, 3\)\] here and \[\(3, 3, 3, 1\)\]",
    ),
    "attention": ({"attention": None}, "it has 83 arrays, and the network 82"),
    "pooling": ({"pooling": "max"}, "it has 83 arrays, and the network"),
    "head": ({"head": "dense"}, "fc1 is .* here and"),
    "batch norm": ({"batch_norm": False}, "block1_conv1 is"),
}


@pytest.mark.parametrize(
    "other",
    [
        "classes",
        "attention",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("width", "pooling", "head", "batch norm")
        ),
    ],
)
def test_weights_of_another_network_are_refused(other, path):
    arguments, words = OTHERS[other]
    with pytest.raises(WeightsError, match=f"(?s)do not fit.*{words}"):
        build(path, **arguments)


@pytest.mark.parametrize(
    "value", [np.nan, pytest.param(np.inf, marks=pytest.mark.slow)]
)
def test_weights_of_a_failed_training_are_refused(value, path):
    with h5py.File(path, "a") as file:
        file[KERNEL][0, 0, 0, 0] = value
    with pytest.raises(WeightsError, match="NaN or infinity in block1_conv1"):
        build(path)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_cut_file_is_refused(share, path):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match="a.weights.h5"):
        build(path)
