"""Row 17: whole models in HDF5, and addresses, are no models here."""

import shutil

import h5py
import pytest

import keras_fer
from keras_fer.classifier import Classifier

ADDRESSES = ("hf://me/model", "https://a.b/model.keras", "http://a/w.h5")


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_entrance_takes_an_address(address, data, commands):
    for entrance in (
        keras_fer.build_model,
        keras_fer.load_model,
        keras_fer.load_preset,
        Classifier,
    ):
        with pytest.raises(ValueError, match="is an address") as refusal:
            entrance(address)
        assert address in str(refusal.value)
        assert "weights.h5" in str(refusal.value)
    face = next((data / "basic/Image/aligned").iterdir())
    scheme = address.partition(":")[0]
    for answer in (
        commands.keras_fer("evaluate", address, data),
        commands.keras_fer("classify", face, "--model", address),
        commands.rafdb(data, "--weights", address),
    ):
        status, _, message = answer
        assert status == 2
        assert f"{scheme}:/" in message and "is an address" in message


@pytest.fixture
def whole_model(model_files, tmp_path):
    """What Keras 2 wrote: description and weights in one HDF5 file."""
    path = tmp_path / "model.h5"
    shutil.copy(model_files / "model.weights.h5", path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = '{"class_name": "Lambda"}'
    return path


def test_a_whole_model_in_hdf5_is_refused_with_the_reason(
    whole_model, data, commands
):
    with pytest.raises(ValueError, match="can run code.*weights.h5"):
        keras_fer.load_model(whole_model)
    with pytest.raises(ValueError, match="whole model.*save_weights"):
        keras_fer.build_model(whole_model)
    status, _, message = commands.keras_fer("evaluate", whole_model, data)
    assert status == 2 and "can run code" in message
    status, _, message = commands.rafdb(data, "--weights", whole_model)
    assert status == 2 and "whole model in HDF5" in message


def test_the_same_weights_alone_pass(model_files):
    keras_fer.build_model(
        model_files / "model.weights.h5", input_shape=(32, 32, 3), width=0.02
    )


@pytest.mark.slow  # builds VGG16
def test_vgg16s_format_must_be_vgg16(tmp_path):
    """Thirteen convolutions, or nothing is taken."""
    path = tmp_path / "vgg.h5"
    with h5py.File(path, "w") as file:
        names = [f"layer{number}" for number in range(12)]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = file.create_group(name)
            group.attrs["weight_names"] = [b"kernel"]
            group["kernel"] = [[1.0, 2.0]]
    with pytest.raises(ValueError, match="thirteen convolutions"):
        keras_fer.build_model(path)
