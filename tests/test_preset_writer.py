"""What makes no preset is refused, and a kill leaves none behind."""

import dataclasses
import shutil

import numpy as np
import pytest
import sure_run

import keras_fer
from keras_fer import model_file
from keras_fer import presets

GRAPH = b"\x1c\0\0\0TFL3"  # nothing here opens it


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sure_run.write_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def described(tmp_path):
    """Writes an int8 file that says of itself what it is told to."""

    def write(**changes):
        path = tmp_path / "int8"
        path.write_bytes(GRAPH)
        contract = dataclasses.replace(sure_run.CONTRACT, **changes)
        model_file.attach(path, contract)
        return path

    return write


def test_what_makes_no_preset_is_refused(run, tmp_path):
    with pytest.raises(presets.PresetError, match="not empty"):
        keras_fer.save_preset(run, run)
    with pytest.raises(presets.PresetError, match="no finished run"):
        keras_fer.save_preset(tmp_path, tmp_path / "new")
    older = shutil.copytree(run, tmp_path / "older")
    with np.load(run / "predictions.npz") as file:
        names = ("labels", "single_view", "ten_crop", "names")
        kept = {name: file[name] for name in names}
    np.savez(older / "predictions.npz", **kept)
    with pytest.raises(presets.PresetError, match="calibrate=False"):
        keras_fer.save_preset(older, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".partial*"))


def test_weights_beyond_half_precision_are_refused(run, tmp_path):
    loud = shutil.copytree(run, tmp_path / "loud")
    model = keras_fer.load_model(run / "model.keras")
    kernel = model.get_layer("block1_conv1").get_weights()[0]
    model.get_layer("block1_conv1").set_weights([1e6 * kernel])
    model.save(loud / "model.keras")
    with pytest.raises(presets.PresetError, match="block1_conv1.*float16"):
        keras_fer.save_preset(loud, tmp_path / "new")
    assert not list(tmp_path.glob("*new*"))


def refused(run, tflite, words, **options):
    new = tflite.with_name("new")
    with pytest.raises(presets.PresetError, match=words) as error:
        keras_fer.save_preset(run, new, tflite=tflite, **options)
    assert str(tflite) in str(error.value)
    assert not new.exists()


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"class_names": keras_fer.CLASSES[::-1]},
            r"class_names \('neutral'.* there, \('surprise'.* in the run",
        ),
        ({"image_size": 48}, "image_size 48 there, 40 in the run"),
        ({"view_size": 36}, "view_size 36 there, 32 in the run"),
        ({"format": "float32"}, "format float32 there, int8 in the run"),
    ],
)
def test_an_int8_file_of_another_network_is_refused(
    run, described, changes, words
):
    refused(run, described(**changes), rf"int8 is not of this run: {words}")


def test_an_int8_file_that_cannot_be_read_is_refused(run, described, tmp_path):
    refused(run, tmp_path / "none", "cannot be read: No such file")
    path = described()
    path.write_bytes(b"~" + path.read_bytes()[1:])
    refused(run, path, "is damaged.*Copy or export it again")
    path.write_bytes(GRAPH)
    refused(run, path, "does not say of which classes.*keras-fer save-preset")


def test_an_int8_file_that_was_not_measured_is_refused(run, described):
    parity = {"formats": {"int8": {"sha256": 64 * "0"}}}
    words = "000... was measured. Give that one"
    refused(run, described(), words, parity=parity)
