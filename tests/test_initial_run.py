"""What is known of weights, training by training, and what it forbids."""

import dataclasses
import json
import types
from pathlib import Path

import numpy as np
import pytest

from keras_fer import initial_weights
from keras_fer.classes import CLASSES
from keras_fer.datasets.additional_faces import AdditionalSource
from keras_fer.datasets.fingerprints import take_fingerprints
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.earlier_trainings import earlier_trainings
from keras_fer.errors import UsageError
from keras_fer.imagenet_weights import WeightSource
from keras_fer.initial_run import InitialRun


@dataclasses.dataclass
class Config:
    split_seed: int = 0
    on_leak: str = "drop"
    exclude: Path | None = None


NAMES = tuple(Config.__dataclass_fields__)
SETTINGS = {"split_seed": 0, "on_leak": "stop", "exclude": None}
HERE = {"run": "here", "run_id": "1", "data_hash": "faces"}
ELSEWHERE = {"run": "elsewhere", "run_id": "2", "data_hash": "other"}
LEARNED = "something"


def start(description, settings=SETTINGS, learned=LEARNED):
    return InitialRun(Path("w"), learned, CLASSES, description, settings)


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"split_seed": 1}, "Cut alike: --split-seed 0,"),
        ({"on_leak": "keep"}, "Cut alike: --on-leak stop,"),
        ({"exclude": Path("list.txt")}, "Cut alike: no --exclude,"),
    ],
)
def test_the_same_data_must_be_cut_alike(changed, words):
    start(HERE).check_cut("faces", Config(), NAMES)
    with pytest.raises(UsageError, match=f"here learned from.*{words}"):
        start(HERE).check_cut("faces", Config(**changed), NAMES)
    start(ELSEWHERE).check_cut("faces", Config(**changed), NAMES)
    listed = SETTINGS | {"exclude": "list.txt"}
    config = Config(exclude=Path("list.txt"))
    start(HERE, listed).check_cut("faces", config, NAMES)


def test_a_training_before_the_last_counts_as_well():
    """A preset of the same data, tuned on other faces, knows the judges."""
    preset = {"preset": "fer2013", "run": {"data_hash": "faces"}}
    tuned = start(ELSEWHERE | {"initial_weights": preset})
    with pytest.raises(UsageError, match="elsewhere comes from fer2013"):
        tuned.check_cut("faces", Config(), NAMES)
    said = []
    tuned.warn(said.append)
    assert said == ["warning: fer2013 does not say which faces it has seen"]
    # What went on with the same cut was checked when it began.
    start(HERE | {"initial_weights": preset}).check_cut(
        "faces", Config(), NAMES
    )


def beside(data_hash="second", **added):
    added = {"data_hash": data_hash, "train": 5} | added
    return HERE | {"additional_data": added}


@pytest.mark.parametrize(
    "description, refused",
    [
        (beside(validation=2), None),  # cut alike, by the same settings
        (beside("third"), None),
        (ELSEWHERE | {"initial_weights": {"file": "w.h5"}}, None),
        (beside(), "here"),  # all of it was learned
        (beside(validation=2) | {"data_hash": "other"}, "here"),
        (HERE | {"data_hash": "second"}, "here"),
        (HERE | {"initial_weights": ELSEWHERE | beside()}, "here"),
        ({"preset": "both", "run": beside()}, "both"),
    ],
)
def test_a_second_data_set_must_be_cut_alike(description, refused):
    second = AdditionalSource("faces", types.SimpleNamespace(identity="second"))

    def check(additional):
        start(description).check_cut("faces", Config(), NAMES, additional)

    check(None)
    if refused is None:
        check(second)
        return
    with pytest.raises(
        UsageError, match=f"{refused} learned from the data set of --additional"
    ):
        check(second)


@pytest.mark.parametrize(
    "source", [WeightSource(None, False), WeightSource(Path("vgg16.h5"), True)]
)
def test_a_share_is_taken_of_whole_networks_alone(source):
    with pytest.raises(UsageError, match="a share of a whole network"):
        initial_weights.open_weights(source, 0.3)


@pytest.mark.parametrize(
    "description, learned, unknown",
    [
        (HERE, LEARNED, []),
        ({"file": "w.h5"}, None, ["w.h5"]),
        ({"file": "w.h5"}, LEARNED, []),
        ({"file": "vgg16.h5", "data_set": "ImageNet"}, None, []),
        (HERE | {"initial_weights": {"file": "w.h5"}}, LEARNED, ["w.h5"]),
    ],
)
def test_it_warns_of_faces_that_nobody_knows(description, learned, unknown):
    said = []
    start(description, learned=learned).warn(said.append)
    assert [line.split()[1] for line in said] == unknown


def test_a_run_is_named_from_inside_its_folder_too(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    per_class = dict.fromkeys(CLASSES, {})
    for name, content in (
        ("config", {"run_id": "7", "split_seed": 3}),
        ("report", {"single_view": {"per_class": per_class}, "epoch": 5}),
    ):
        (folder / f"{name}.json").write_text(json.dumps(content))
    weights = folder / initial_weights.WEIGHTS
    weights.write_bytes(b"weights")
    faces = LabeledFaces((), np.zeros(0, "int32"), (), CLASSES)
    take_fingerprints(faces).save(folder / "fingerprints.npz")
    monkeypatch.chdir(folder)
    for path in (weights, Path(weights.name)):
        found = initial_weights.open_weights(WeightSource(path, False))
        (training,) = earlier_trainings(found.description)
        assert training[0] == "mine" and training[1]["epoch"] == 5
        assert found.settings["split_seed"] == 3
    (folder / "report.json").unlink()  # not finished: a file like any other
    found = initial_weights.open_weights(WeightSource(weights, False))
    assert found.description["file"] == weights.name
    assert found.learned is not None and not found.class_names
