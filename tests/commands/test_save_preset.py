"""From a run to a preset with its int8 file, which agree with one another."""

import json

import numpy as np
import pytest

import keras_fer
from keras_fer import cli
from keras_fer import presets
from keras_fer.classifier import Classifier
from keras_fer.datasets import image_folder
from keras_fer.datasets import raf_db_source
from keras_fer.errors import UsageError
from keras_fer.export.labeled_images import decode

FEW = ("--min-images", "14", "--num-calibration", "42", "--rounds", "2")


@pytest.fixture(scope="module")
def preset(whole, tmp_path_factory):
    directory = tmp_path_factory.mktemp("presets") / "faces"
    words = ["save-preset", str(whole[0]), str(directory), *FEW]
    assert cli.main(words) == 0
    return presets.load_preset(directory)


@pytest.fixture(scope="module")
def faces(data, preset):
    parts = image_folder.load_source(raf_db_source.find_source(data))
    return decode(parts["test"], preset.image_size).images


def test_the_keras_network_and_the_int8_file_agree(preset, faces):
    classifier = Classifier(preset.directory)
    model = keras_fer.build_model(preset.directory)
    views = faces[:, 4:36, 4:36]  # the centre of 40 that is seen of 32
    expected = model.predict(views.astype("float32"), verbose=0)
    found = [
        list(answer.probabilities.values())
        for answer in classifier.predict(list(faces))
    ]
    np.testing.assert_allclose(found, expected, atol=0.03)


@pytest.mark.parametrize("file", ["", presets.TFLITE])
def test_what_the_card_says_is_what_evaluate_finds(
    file, preset, data, tmp_path, capsys
):
    model = preset.directory / file
    words = ["evaluate", str(model), str(data), "--output", str(tmp_path)]
    assert cli.main(words) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    parity = preset.manifest["parity"]
    stated = parity["formats"]["int8"] if file else parity
    assert report["single_view"]["accuracy"] == stated["accuracy"]
    card = (preset.directory / presets.CARD).read_text()
    assert f"{100 * stated['accuracy']:.2f} %" in card
    if not file:
        assert report["chosen_by"] == "validation, cut from train"
        assert "does not say which faces" in report["learned_from"]


def test_no_place_of_the_machine_that_saved_it_is_kept(preset, data):
    for name in (presets.MANIFEST, presets.CARD, presets.CONFIG):
        text = (preset.directory / name).read_text()
        assert str(data.parent) not in text and "/tmp" not in text


def test_a_folder_in_use_is_refused_before_the_export(whole, preset, capsys):
    words = ["save-preset", str(whole[0]), str(preset.directory), *FEW]
    assert cli.main(words) == 2
    assert "not empty" in capsys.readouterr().err


def test_a_preset_without_an_int8_file_says_what_to_do(whole, tmp_path):
    preset = keras_fer.save_preset(whole[0], tmp_path / "bare")
    with pytest.raises(UsageError, match="keras-fer save-preset"):
        Classifier(preset.directory)


def test_the_default_is_the_shipped_preset(preset, monkeypatch, tmp_path):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    with pytest.raises(UsageError, match="preset 'fer2013' is not shipped"):
        Classifier()
    (tmp_path / presets.DEFAULT).symlink_to(preset.directory)
    assert Classifier().class_names == preset.class_names
