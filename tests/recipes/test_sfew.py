"""The SFEW recipe by its command: the transfer, and what it refuses."""

import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_fer.classes import CLASSES
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.errors import UsageError
from keras_fer.initial_run import InitialRun
from recipe_command import SMALL
from recipe_command import refusal
from recipe_command import run

RECIPES = Path(__file__).parents[2] / "recipes"
LARGER = ("--image-size", "48", "--crop-size", "48", "--epochs", "1")


@pytest.fixture(scope="module")
def sfew(tmp_path_factory):
    return write_drawn_faces(
        tmp_path_factory.mktemp("sfew") / "faces",
        layout="sfew",
        num_train=56,
        num_test=14,
        seed=1,
    )


@pytest.fixture(scope="module")
def transfer(sfew, whole, cache, tmp_path_factory):
    """Fine-tuned at another size, with VGG16's five blocks frozen."""
    run_dir = tmp_path_factory.mktemp("runs") / "transfer"
    status, _, error = run(
        cache,
        *("--data-dir", sfew, "--run-dir", run_dir, *SMALL, *LARGER),
        *("--initial-weights", whole[0], "--frozen-blocks", "5"),
        *("--layer-decay", "0.5"),
        recipe="sfew",
    )
    assert status == 0, error
    return run_dir


def test_weights_are_taken_over_at_another_size(transfer, whole):
    import keras_fer

    ours, theirs = (
        keras_fer.load_model(directory / "model.keras")
        for directory in (transfer, whole[0])
    )
    assert ours.input_shape == (None, 48, 48, 3)
    assert theirs.input_shape == (None, 32, 32, 3)
    for layer in theirs.layers:
        arrays = zip(
            ours.get_layer(layer.name).get_weights(),
            layer.get_weights(),
            strict=True,
        )
        equal = [np.array_equal(first, second) for first, second in arrays]
        frozen = layer.name.startswith("block")
        assert all(equal) if frozen else not all(equal) or not equal


def test_nothing_stays_frozen_in_the_finished_model(transfer):
    import keras_fer

    model = keras_fer.load_model(transfer / "model.keras")
    assert all(layer.trainable for layer in model.layers)


def test_the_report_says_where_the_weights_come_from(transfer, whole):
    report = json.loads((transfer / "report.json").read_text())
    assert report["split"] == "validation"
    assert report["chosen_by"] == "a part cut from train"
    assert report["initial_weights"]["run"] == whole[0].name
    assert report["seen_report"]["num_dropped"] == 0
    assert report["counts"]["test"] == 14


def test_a_run_remembers_what_its_initial_weights_learned_from(transfer, whole):
    ours, theirs = (
        load_fingerprints(directory / "fingerprints.npz").names.tolist()
        for directory in (transfer, whole[0])
    )
    assert len(theirs) == 70  # train and validation, not test
    assert len(ours) == 56 + 70 and set(theirs) < set(ours)


def test_a_test_face_that_the_weights_have_seen_stops_the_run(
    sfew, whole, data, cache, tmp_path
):
    planted = tmp_path / "sfew"
    shutil.copytree(sfew, planted)
    folder = planted / "SFEW" / "Val" / "Val_Aligned_Faces" / "Happy"
    seen = data / "basic" / "Image" / "aligned" / "train_00004_aligned.jpg"
    for path in folder.iterdir():
        path.unlink()
    Image.open(seen).resize((143, 143)).save(folder / "00004.png")
    arguments = ("--data-dir", planted, "--run-dir", tmp_path / "run", *SMALL)
    arguments += ("--initial-weights", whole[0])
    status, _, error = run(cache, *arguments, *LARGER, recipe="sfew")
    assert status == 3 and "Traceback" not in error
    assert "train_00004" in error and "Happy/00004.png" in error
    assert "--on-leak drop" in error


def test_weights_of_other_classes_are_no_start(sfew, cache, capsys):
    recipe = runpy.run_path(str(RECIPES / "sfew.py"))
    config = recipe["Config"](
        data_dir=sfew, cache_dir=Path(cache), expected_counts="any"
    )
    facts = {"preset": "mine"}
    with pytest.raises(UsageError, match="mine tells neutral"):
        other = InitialRun(Path("mine"), None, CLASSES[::-1], facts)
        recipe["load_data"](config, other)
    recipe["load_data"](config, InitialRun(Path("mine"), None, CLASSES, facts))
    assert "does not say which faces it has seen" in capsys.readouterr().out


def test_a_fold_judges_its_share_of_train_and_validation(sfew, cache, tmp_path):
    run_dir = tmp_path / "run"
    status, _, error = run(
        cache,
        *("--data-dir", sfew, "--run-dir", run_dir, *SMALL, *LARGER),
        *("--folds", "5", "--fold", "1"),
        recipe="sfew",
    )
    assert status == 0, error
    report = json.loads((run_dir / "report.json").read_text())
    assert report["split"] == "fold 2 of 5"
    counts = report["counts"]
    assert counts["test"] == 14 and sum(counts.values()) == 56 + 14
    with np.load(run_dir / "predictions.npz") as file:
        judged = file["names"].tolist()
    assert any("Train" in name for name in judged)
    assert any("Val" in name for name in judged)


@pytest.mark.parametrize(
    "words, expected",
    [
        ("", "few_group/AFEW.html"),
        ("--fold 5 --folds 5", "--folds 5, --fold 5"),
        ("--folds 1", "folds are 2 or more"),
        ("--frozen-blocks 6", "--frozen-blocks must be from 0 to 5"),
        ("--weights imagenet --initial-weights runs", "Choose one"),
        ("--demo --initial-weights missing", "missing is no finished run"),
    ],
)
def test_a_wrong_command_ends_before_tensorflow_loads(
    cache, tmp_path, words, expected
):
    status, error = refusal(
        cache, *words.split(), "--run-dir", tmp_path / "run", recipe="sfew"
    )
    assert status == 2
    assert expected in error


def test_a_run_of_another_network_is_no_start(whole, sfew, cache, tmp_path):
    status, error = refusal(
        cache,
        *("--data-dir", sfew, "--run-dir", tmp_path / "run", *SMALL),
        *("--initial-weights", whole[0], "--width", "0.1", "--pooling", "max"),
        recipe="sfew",
    )
    assert status == 2
    assert "--width 0.05" in error and "--pooling lip" in error
