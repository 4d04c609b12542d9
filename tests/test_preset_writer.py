"""What makes no preset is refused, and a kill leaves none behind."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import inject
import keras_fer
import sure_run
from keras_fer import files
from keras_fer import model_file
from keras_fer import presets
from recipe_command import environment_of

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
    assert not list(tmp_path.glob("*partial*"))


def test_weights_beyond_half_precision_are_refused(run, tmp_path):
    loud = shutil.copytree(run, tmp_path / "loud")
    model = keras_fer.load_model(run / "model.keras")
    kernel = model.get_layer("block1_conv1").get_weights()[0]
    model.get_layer("block1_conv1").set_weights([1e6 * kernel])
    model.save(loud / "model.keras")
    with pytest.raises(presets.PresetError, match="block1_conv1.*float16"):
        keras_fer.save_preset(loud, tmp_path / "new")
    assert [path.name for path in tmp_path.glob("*new*")] == [".new.lock"]


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


def save_in_a_child_that_dies(run, directory, when):
    """Its exit status."""
    code = "import sys, keras_fer; keras_fer.save_preset(*sys.argv[1:])"
    paths = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-c", f"{when}\n{code}", run, directory],
        env=environment_of(KERAS_BACKEND="numpy", PYTHONPATH=paths),
        timeout=300,
    ).returncode


@pytest.mark.parametrize(
    "when, left",
    [
        # The lock's record, settings and labels are there, weights are not.
        (inject.kill_at(4), {presets.CONFIG, presets.LABELS}),
        (inject.kill_at(1, "os.rename"), {*presets.REQUIRED, presets.MANIFEST}),
    ],
)
def test_a_kill_leaves_no_preset_and_the_next_save_clears_up(
    run, tmp_path, when, left
):
    new, stage = tmp_path / "new", tmp_path / ".new.partial"
    assert save_in_a_child_that_dies(run, new, when) == -signal.SIGKILL
    assert not new.exists()
    names = {path.name for path in stage.iterdir()}
    assert {name for name in names if not name.startswith(".")} == left
    keras_fer.save_preset(run, new)
    assert {path.name for path in tmp_path.iterdir()} == {"new", ".new.lock"}


def test_a_preset_reaches_the_disk_before_its_name_does(
    run, tmp_path, disk_events
):
    preset = keras_fer.save_preset(run, tmp_path / "new")
    written = {
        ("fsync", path.stat().st_ino) for path in preset.directory.iterdir()
    }
    folder = preset.directory.stat().st_ino
    *before, renamed, last = disk_events
    assert written <= set(before) and before[-1] == ("fsync", folder)
    assert renamed == ("rename", folder)
    assert last == ("fsync", tmp_path.stat().st_ino)


def test_a_second_save_into_a_folder_is_refused(run, tmp_path):
    stage = tmp_path / ".new.partial"
    stage.mkdir()
    with (
        files.lock_file(tmp_path / "new"),
        pytest.raises(files.DirectoryInUseError, match="is in use by process"),
    ):
        keras_fer.save_preset(run, tmp_path / "new")
    assert stage.exists()
