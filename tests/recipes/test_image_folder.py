"""One's own faces by the recipe's command: parts, transfer, refusals."""

import json
import runpy
import shutil

import numpy as np
import pytest

from drawn import encoded_faces
from keras_fer import initial_weights
from keras_fer.commands.export import open_parts
from keras_fer.datasets import image_folder
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from recipe_command import RECIPES
from recipe_command import SMALL
from recipe_command import refusal
from recipe_command import run

# SMALL without what an own set has not.
ARGUMENTS = (*SMALL[2:], "--test-fraction", "0.2", "--epochs", "1")
FOLDERS = ("glad", "other", "upset")
EXCLUDED = "glad/3.jpg"


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    directory = tmp_path_factory.mktemp("mine") / "faces"
    faces = encoded_faces(42)
    for name, label, image in zip(
        faces.names, faces.labels, faces.images, strict=True
    ):
        folder = directory / FOLDERS[label % 3]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(image)
    return directory


@pytest.fixture(scope="module")
def tuned(mine, whole, cache, tmp_path_factory):
    """Fine-tuned from seven expressions, all but the head frozen."""
    run_dir = tmp_path_factory.mktemp("runs") / "tuned"
    listed = run_dir.with_name("listed.txt")
    listed.write_text(f"{EXCLUDED}\n")
    status, out, error = run(
        cache,
        *("--data-dir", mine, "--run-dir", run_dir, *ARGUMENTS),
        *("--initial-weights", whole[0], "--frozen-blocks", "5"),
        *("--exclude", listed),
        recipe="image_folder",
    )
    assert status == 0, error
    return run_dir, out


def test_other_classes_get_a_new_last_layer_on_the_old_network(tuned, whole):
    import keras_fer

    assert "A new last layer" in tuned[1]
    ours, theirs = (
        keras_fer.load_model(directory / "model.keras")
        for directory in (tuned[0], whole[0])
    )
    assert ours.output_shape == (None, 3)
    for layer in theirs.layers:
        if layer.name.startswith("block"):
            for first, second in zip(
                ours.get_layer(layer.name).get_weights(),
                layer.get_weights(),
                strict=True,
            ):
                np.testing.assert_array_equal(first, second)


def test_the_run_keeps_its_parts_and_says_where_it_started(tuned, whole):
    report = json.loads((tuned[0] / "report.json").read_text())
    split = json.loads((tuned[0] / "split.json").read_text())
    assert split["class_names"] == list(FOLDERS)
    counts = {part: len(names) for part, names in split["parts"].items()}
    assert counts == report["counts"] and sum(counts.values()) == 41
    assert report["excluded"] == 1 and split["excluded"] == [EXCLUDED]
    with np.load(tuned[0] / "predictions.npz") as file:
        assert set(file["names"]) == set(split["parts"]["test"])
    assert report["data_set"] == "own faces in faces"
    assert report["initial_weights"]["run"] == whole[0].name
    assert report["seen_report"]["num_dropped"] == 0
    learned = set(load_fingerprints(tuned[0] / "fingerprints.npz").names)
    assert not learned & set(split["parts"]["test"])


def test_its_parts_are_found_again_for_an_export(tuned, mine, tmp_path):
    split = json.loads((tuned[0] / "split.json").read_text())
    _, train, held_out = open_parts(tuned[0], say=list)
    assert set(held_out.names) == set(split["parts"]["test"])
    assert not {EXCLUDED, *held_out.names} & set(train.names)
    faces = shutil.copytree(mine, tmp_path / "faces")
    (faces / held_out.names[0]).unlink()
    with pytest.raises(DataError, match=f"{held_out.names[0]} is gone"):
        open_parts(tuned[0], faces, say=list)
    # Parts of another run of the same pictures.
    copy = shutil.copytree(tuned[0], tmp_path / "run")
    parts = split["parts"]
    parts["train"], parts["test"] = parts["test"], parts["train"]
    (copy / "split.json").write_text(json.dumps(split))
    with pytest.raises(DataError, match="is not that of the run"):
        open_parts(copy, say=list)


def test_a_resumed_run_keeps_its_parts_and_refuses_other_pictures(
    tuned, mine, cache, tmp_path
):
    copy = shutil.copytree(tuned[0], tmp_path / "run")
    arguments = ("--config", copy / "config.json", "--run-dir", copy)
    faces = shutil.copytree(mine, tmp_path / "faces")
    shutil.copy(faces / "glad" / "0.jpg", faces / "glad" / "more.jpg")
    status, error = refusal(
        cache,
        *(*arguments, "--data-dir", faces, "--resume"),
        recipe="image_folder",
    )
    assert status == 3
    assert "glad/more.jpg is new" in error


@pytest.mark.parametrize(
    "words, expected",
    [
        ("", "into a folder of its name"),
        ("--data-dir x --initial-weights none", "none is no finished run"),
    ],
)
def test_a_wrong_command_ends_before_tensorflow_loads(
    cache, tmp_path, words, expected
):
    status, error = refusal(
        cache,
        *(*words.split(), "--run-dir", tmp_path / "run"),
        recipe="image_folder",
    )
    assert status == 2
    assert expected in error


def test_a_picture_that_chooses_does_not_judge(tmp_path):
    """Where both folders are given, and one picture lies in each."""
    faces = encoded_faces(42)
    for index, image in enumerate(faces.images):
        part = ("train", "train", "validation", "test")[index % 4]
        folder = tmp_path / part / ("glad", "upset")[index // 4 % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.jpg").write_bytes(image)
    copied = tmp_path / "validation" / "glad" / "again.jpg"
    copied.write_bytes(faces.images[3])
    recipe = runpy.run_path(str(RECIPES / "image_folder.py"))
    given = image_folder.load_source(image_folder.find_source(tmp_path))

    def checked(policy):
        config = recipe["Config"](
            data_dir=tmp_path, batch_size=4, on_leak=policy
        )
        return recipe["check_data"](config, given, None)

    with pytest.raises(DataError, match="(?s)validation and a test.*again"):
        checked("stop")
    (_, validation, _), facts = checked("drop")
    assert facts["validation_leak_report"]["num_dropped"] == 1
    left = {*given["validation"].names} - {*validation.names}
    assert [name.rpartition("/")[2] for name in left] == ["again.jpg"]


def test_a_preset_is_a_start_too(whole, tmp_path):
    import keras_fer

    preset = keras_fer.save_preset(whole[0], tmp_path / "start")
    architecture = {"width": 0.05, "pooling": "lip", "attention": "eca"}
    start = initial_weights.open_initial_run(preset.directory, **architecture)
    assert start.class_names == keras_fer.CLASSES
    assert start.learned is None
    model = keras_fer.build_model(start.weights_path, width=0.05)
    assert model.output_shape == (None, 7)
    with pytest.raises(UsageError, match="--width 0.05"):
        initial_weights.open_initial_run(preset.directory, width=1.0)
    said = []
    start.warn(said.append)
    assert "does not say which faces" in said[0]
    start.check_classes(keras_fer.CLASSES)
    with pytest.raises(
        UsageError, match="start tells.*neutral apart.*of neutral"
    ):
        start.check_classes(keras_fer.CLASSES[::-1])


def test_the_command_takes_a_presets_network_but_for_its_last_layer(
    whole, mine, cache, tmp_path
):
    """With all blocks frozen, they are the preset's to the last bit."""
    import keras_fer

    preset = keras_fer.save_preset(whole[0], tmp_path / "start")
    run_dir = tmp_path / "run"
    status, out, error = run(
        cache,
        *("--data-dir", mine, "--run-dir", run_dir, *ARGUMENTS),
        *("--initial-weights", preset.directory, "--frozen-blocks", "5"),
        recipe="image_folder",
    )
    assert status == 0, error
    assert "start does not say which faces it has seen" in out
    ours = keras_fer.load_model(run_dir / "model.keras")
    theirs = keras_fer.build_model(preset.directory)
    assert ours.output_shape == (None, 3)
    checked = 0
    for layer in theirs.layers:
        if layer.name.startswith("block"):
            pairs = zip(
                ours.get_layer(layer.name).get_weights(),
                layer.get_weights(),
                strict=True,
            )
            for first, second in pairs:
                np.testing.assert_array_equal(first, second)
                checked += 1
    assert checked > 26
    report = json.loads((run_dir / "report.json").read_text())
    assert report["initial_weights"]["preset"] == "start"


@pytest.mark.parametrize("kind", ["run", "preset"])
def test_what_is_left_open_is_as_the_initial_weights_have_it(
    kind, whole, tmp_path
):
    """The network's width, and the sizes of views that still fit."""
    import keras_fer

    Config = runpy.run_path(str(RECIPES / "image_folder.py"))["Config"]
    start = whole[0]
    if kind == "preset":
        start = keras_fer.save_preset(start, tmp_path / "start").directory
    learned = json.loads((whole[0] / "config.json").read_text())

    def settled(**given):
        found = initial_weights.settle(Config(**given))
        return found.width, found.image_size, found.crop_size

    assert settled() == (1.0, 100, 90)
    as_learned = tuple(learned[k] for k in ("width", "image_size", "crop_size"))
    assert as_learned != (1.0, 100, 90)
    assert settled(initial_weights=start) == as_learned
    given = {"initial_weights": start, "width": 2.0, "crop_size": 64}
    assert settled(**given) == (2.0, 100, 64)
    width, image, crop = as_learned
    for given, expected in (
        ({"crop_size": crop}, as_learned),
        ({"image_size": image}, as_learned),
        ({"crop_size": crop + 4}, (width, image, crop + 4)),
        ({"image_size": image + 8}, (width, image + 8, crop)),
    ):
        assert settled(initial_weights=start, **given) == expected
    with pytest.raises(UsageError, match="--crop-size 120 does not fit"):
        settled(crop_size=120)
