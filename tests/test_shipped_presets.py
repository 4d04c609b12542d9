"""The presets that the package ships: whole, judged once, and as stated."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

import keras_fer
from drawn import drawn_faces
from keras_fer import cli
from keras_fer import presets
from keras_fer.classifier import Classifier
from sources import ROOT

# How often PublicTest had been looked at, with the look at this one.
LOOKS = {"fer2013": 10, "fer2013-small": 8}
PORTRAIT = Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")


@pytest.fixture(scope="module", params=LOOKS)
def preset(request):
    return presets.load_preset(request.param)


def test_these_are_shipped_and_one_is_the_default():
    assert keras_fer.list_presets() == tuple(LOOKS)
    assert presets.DEFAULT in LOOKS


def test_each_file_is_the_one_that_was_judged(preset):
    run, parity = preset.manifest["run"], preset.manifest["parity"]
    looks = LOOKS[preset.directory.name]
    assert preset.class_names == keras_fer.CLASSES
    assert run["data_set"].startswith("FER2013")
    assert "PublicTest" in run["split"] and run["looks_at_public_test"] == looks
    assert parity["num_images"] == 3589
    int8 = parity["formats"]["int8"]
    assert int8["accuracy"] >= 0.98 * parity["accuracy"]
    assert int8["sha256"] == preset.manifest["sha256"][presets.TFLITE]
    files = {path.name for path in preset.directory.iterdir()}
    assert files == {presets.MANIFEST, *preset.manifest["sha256"]}


def test_the_card_names_both_data_sets_and_their_terms(preset):
    card = (preset.directory / presets.CARD).read_text(encoding="utf-8")
    added = preset.manifest["run"]["additional_data"]
    assert "Trained on FER2013." in card and "ICML 2013" in card
    assert f"{added['train']:,} pictures, turned to grey" in card
    assert "muxspace/facial_expressions, given out under Apache-2.0" in card


def test_the_results_page_states_what_its_manifest_states(preset):
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    parity = preset.manifest["parity"]
    (row,) = re.findall(
        rf"^\| `{preset.directory.name}` as installed.*$", page, re.MULTILINE
    )
    for accuracy in (parity["accuracy"], parity["formats"]["int8"]["accuracy"]):
        assert f" {100 * accuracy:.2f} " in row


def test_keras_and_the_int8_file_give_the_same_answers(preset):
    size, view = preset.image_size, preset.crop_size
    faces = drawn_faces(28, size=size).astype(np.uint8)
    margin = (size - view) // 2
    model = keras_fer.build_model(preset.directory.name)
    views = faces[:, margin : margin + view, margin : margin + view]
    expected = model.predict(views.astype("float32"), verbose=0)
    answers = Classifier(preset.directory.name).predict(list(faces))
    found = np.array([list(a.probabilities.values()) for a in answers])
    assert np.abs(found - expected).mean() < 0.02
    # Answers that were all alike would show nothing.
    assert np.ptp(expected, axis=0).max() > 0.3


def test_the_first_minute(capsys, tmp_path):
    drawn, looked = tmp_path / "drawn", tmp_path / "looked"
    words = ["--annotate", str(drawn), "--explain", str(looked)]
    assert cli.main(["predict", str(PORTRAIT), *words]) == 0
    said = capsys.readouterr().out
    assert "1 face" in said
    assert re.search(r"^ +(happiness|neutral) +\d", said, re.MULTILINE)
    for folder in (drawn, looked):
        (picture,) = folder.glob("*.*g")
        with Image.open(picture) as image:
            assert min(image.size) > 200
