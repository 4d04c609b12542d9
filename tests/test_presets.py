"""Presets: from a run to a folder and back, and what is refused."""

import inspect
import json
import re
import shutil
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import keras_fer
import sure_run
from drawn import encoded_faces
from keras_fer import calibration
from keras_fer import cli
from keras_fer import evaluation
from keras_fer import files
from keras_fer import initial_weights
from keras_fer import input_pipeline
from keras_fer import luminance
from keras_fer import metrics
from keras_fer import model_file
from keras_fer import presets
from keras_fer.commands import trained_model
from keras_fer.commands.explanation import find_keras_model
from keras_fer.errors import UsageError
from keras_fer.exported_model import find_tflite
from keras_fer.face_image import read_face
from keras_fer.pooling_variants import pooling_variant


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sure_run.write_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def saved(run, tmp_path_factory):
    directory = tmp_path_factory.mktemp("presets") / "fer-test"
    draft = keras_fer.save_preset(run, run / "draft")
    model = keras_fer.build_model(draft.directory)
    int8 = sure_run.write_int8(run / "int8", model)
    return keras_fer.save_preset(run, directory, tflite=int8)


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved.directory, tmp_path / "copy")


def test_a_preset_holds_what_using_it_takes(saved):
    assert saved.class_names == keras_fer.CLASSES
    assert (saved.image_size, saved.crop_size) == (40, 32)
    assert saved.architecture["attention"] is None
    assert model_file.read(saved.tflite_path) == sure_run.CONTRACT
    names = {path.name for path in saved.directory.iterdir()}
    assert names == {*presets.REQUIRED, presets.TFLITE, presets.MANIFEST}
    assert saved.weights_path.stat().st_size < 300_000
    text = (saved.directory / presets.MANIFEST).read_text()
    text += (saved.directory / presets.CARD).read_text()
    assert "/somewhere" not in text


def test_the_network_comes_back_calibrated(saved, run):
    """In half precision, with a last layer divided by the temperature."""
    fitted = saved.manifest["calibration"]
    with np.load(run / "predictions.npz") as file:
        temperature = calibration.fit_temperature(
            file["validation_single_view"], file["validation_labels"]
        )
        before, labels = file["single_view"], file["labels"]
    assert fitted["temperature"] == pytest.approx(temperature)
    assert temperature > 1.5
    faces = encoded_faces(28, 40).take(range(14))
    model = keras_fer.build_model(saved.directory)
    after = evaluation.predict(
        model, input_pipeline.image_batches(faces, image_size=40, batch_size=7)
    )
    expected = calibration.apply_temperature(before, temperature)
    np.testing.assert_allclose(after, expected, atol=0.01)
    for when, probabilities in (("before", before), ("after", expected)):
        assert fitted[f"error_{when}_judged"] == pytest.approx(
            metrics.calibration_error(probabilities, labels)
        )


def test_without_calibration_the_last_layer_stays(run, tmp_path):
    preset = keras_fer.save_preset(run, tmp_path / "raw", calibrate=False)
    ours = keras_fer.build_model(preset.directory).layers[-1].get_weights()
    theirs = keras_fer.load_model(run / "model.keras").layers[-1].get_weights()
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-3)
    np.testing.assert_array_equal(ours[1], theirs[1])
    assert preset.tflite_path is None
    card = (preset.directory / presets.CARD).read_text()
    assert "was not mended" in card


def test_the_card_says_what_must_be_known(saved, run):
    card = (saved.directory / presets.CARD).read_text()
    report = json.loads((run / "report.json").read_text())
    recall = report["ten_crop"]["per_class"]["anger"]["recall"]
    for words in (
        "drawn faces (not photographs)",
        "validation, cut from train",
        "licence",
        "Groups of people",
        "at work and in education",
        "Expected calibration error",
        "95 % bootstrap intervals",
        f"{100 * recall:.2f} |",
    ):
        assert words in card


def test_an_explicit_argument_may_agree_but_not_contradict(saved):
    model = keras_fer.build_model(
        saved.directory,
        width=0.05,
        pooling=pooling_variant("lip-batch"),
        attention=None,
        input_shape=(48, 48, 3),
        classifier_activation=None,
    )
    assert model.input_shape == (None, 48, 48, 3)
    # None is meant: logits, whose shares are what the preset gives.
    faces = np.random.default_rng(0).uniform(0, 255, (2, 48, 48, 3))
    shares = keras_fer.build_model(saved.directory, input_shape=(48, 48, 3))(
        faces
    )
    logits = keras.ops.softmax(model(faces))
    np.testing.assert_allclose(logits, shares, atol=1e-5)
    for argument, value in (
        ("width", 1.0),
        ("attention", "eca"),
        ("pooling", "lip"),
        ("classes", 5),
        ("batch_norm", False),
        ("head", "dense"),
    ):
        with pytest.raises(ValueError, match=f"another network.*{argument}="):
            keras_fer.build_model(saved.directory, **{argument: value})


def test_editors_still_see_build_models_arguments():
    arguments = inspect.signature(keras_fer.build_model).parameters
    assert arguments["width"].default == 1.0 and "pooling" in arguments


@pytest.mark.parametrize("name", [*presets.REQUIRED, presets.TFLITE])
def test_anything_altered_is_refused(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1] + b"~")
    with pytest.raises(presets.PresetError, match=f"{name} is not the one"):
        keras_fer.load_preset(copy)
    (copy / name).unlink()
    with pytest.raises(ValueError, match=f"altered: {name} is missing"):
        keras_fer.build_model(copy)
    # Its .tflite is not taken for an export's, which nothing vouches for.
    with pytest.raises(ValueError, match=f"altered: {name} is missing"):
        find_tflite(copy)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda m: m | {"format": 2}, "format 2.*reads 1"),
        (lambda m: m | {"sha256": {}}, "does not name config.json"),
        (
            lambda m: m | {"sha256": m["sha256"] | {"../run.py": "0"}},
            "../run.py is no file of a preset",
        ),
        (lambda m: [], "no preset"),
    ],
)
def test_a_manifest_that_is_none_is_refused(copy, change, words):
    path = copy / presets.MANIFEST
    files.write_json(path, change(json.loads(path.read_text())))
    with pytest.raises(presets.PresetError, match=words):
        keras_fer.load_preset(copy)


def test_an_unknown_name_lists_the_known_ones(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    for open_it in (keras_fer.load_preset, keras_fer.build_model):
        with pytest.raises(ValueError, match="ships no presets; "):
            open_it("fer2014")
    monkeypatch.setattr(presets, "SHIPPED", saved.directory.parent)
    assert keras_fer.list_presets() == ("fer-test",)
    for open_it in (keras_fer.load_preset, keras_fer.build_model):
        with pytest.raises(ValueError, match="'fer2014'.*Known are fer-test"):
            open_it("fer2014")


def test_a_name_goes_before_a_path_that_equals_it(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", saved.directory.parent)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fer-test").mkdir()
    assert keras_fer.load_preset("fer-test").directory == saved.directory
    assert keras_fer.build_model("fer-test").name == "keras_fer"
    with pytest.raises(ValueError, match="manifest.json cannot be read"):
        keras_fer.build_model("./fer-test")
    # Whoever means the folder gets it, by every door, or hears of it.
    shutil.copy(saved.directory / presets.LABELS, tmp_path / "fer-test")
    for here in ("./fer-test", Path("fer-test")):
        for open_it, words in (
            (keras_fer.load_preset, "manifest.json cannot be read"),
            (find_tflite, r"holds no model\."),
            (trained_model.describe, "fer-test is no model"),
            (find_keras_model, "Name the run or the preset"),
            (initial_weights.open_initial_run, "is no finished run"),
        ):
            with pytest.raises(UsageError, match=words):
                open_it(here)


@pytest.mark.parametrize(
    "command",
    [
        "classify FACE --model",
        "predict FACE --detector none --model",
        "evaluate",
    ],
)
def test_the_command_line_tells_a_folder_from_a_name(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / presets.DEFAULT).mkdir()
    Image.new("RGB", (48, 48)).save("face.png")
    words = command.replace("FACE", "face.png").split()
    last = ["."] * (words == ["evaluate"])  # which is no data set
    no_model = f"{presets.DEFAULT} (holds no model|is no model)"
    assert cli.main([*words, f"./{presets.DEFAULT}", *last]) == 2
    assert re.search(no_model, capsys.readouterr().err)
    assert cli.main([*words, presets.DEFAULT, *last]) == 3 * bool(last)
    assert not re.search(no_model, capsys.readouterr().err)


def test_the_card_says_what_the_training_started_from(run, tmp_path):
    """The runs before it, to the first, each with the terms of its data."""
    copy = shutil.copytree(run, tmp_path / "run")
    report = json.loads((copy / "report.json").read_text())
    first = {"file": "first.weights.h5", "sha256": "0"}
    between = {"run": "between", "data_set": "SFEW 2.0", "epoch": 7}
    before = {"data_set": "FER2013", "commit": 40 * "a"}
    before["initial_weights"] = between | {"initial_weights": first}
    start = {"preset": "fer2013", "run": before}
    files.write_json(copy / "report.json", report | {"initial_weights": start})
    preset = keras_fer.save_preset(copy, tmp_path / "preset")
    assert preset.manifest["run"]["initial_weights"] == start
    card = (preset.directory / presets.CARD).read_text()
    places = [
        card.index(words)
        for words in (
            "drawn faces",
            f"fer2013 (commit {12 * 'a'}), on FER2013. FER2013 was given out",
            "between (epoch 7), on SFEW 2.0. SFEW 2.0 is given",
            "first.weights.h5, on data that is not known",
        )
    ]
    assert places == sorted(places)


def test_a_run_on_grey_pictures_answers_colour_as_grey(run, saved, tmp_path):
    preset = keras_fer.save_preset(run, tmp_path / "grey", grey=True)
    assert preset.manifest["luminance"] and not saved.manifest["luminance"]
    assert "luminance" in (preset.directory / presets.CARD).read_text()
    faces = encoded_faces(6, 32).images
    colour = np.stack([read_face(Image.open(BytesIO(x)), 32) for x in faces])
    weights = np.reshape(luminance.WEIGHTS, (3, 1))
    grey = np.repeat(colour @ weights, 3, axis=-1)

    def apart(directory):
        model = keras_fer.build_model(directory)
        answers = map(model.predict_on_batch, (colour, grey))
        return np.abs(np.subtract(*answers)).max()

    assert apart(preset.directory) < 0.1 * apart(saved.directory)
