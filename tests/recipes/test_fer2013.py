"""The FER2013 recipe: what judges, what is counted, what is left out."""

import io
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import keras_fer
from drawn import encoded_faces
from keras_fer import cli
from keras_fer import finished_run
from keras_fer import imagenet_weights
from keras_fer import initial_weights
from keras_fer import preset_writer
from keras_fer import presets
from keras_fer.classes import CLASSES
from keras_fer.datasets.fingerprints import take_fingerprints
from keras_fer.errors import UsageError
from keras_fer.initial_run import InitialRun
from recipe_command import RECIPES
from recipe_command import SMALL
from recipe_command import refusal
from recipe_command import run

# FER2013's numbers of the seven expressions in our order.
EMOTIONS = [5, 2, 1, 3, 4, 0, 6]
USAGES = {"Training": 56, "PublicTest": 14, "PrivateTest": 7}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A csv whose first PublicTest face is a training face too."""
    path = tmp_path_factory.mktemp("fer2013") / "fer2013.csv"
    faces = encoded_faces(sum(USAGES.values()), 48)
    usages = [usage for usage, count in USAGES.items() for _ in range(count)]
    lines = ["emotion,pixels,Usage"]
    for image, label, usage in zip(
        faces.images, faces.labels, usages, strict=True
    ):
        grey = np.asarray(Image.open(io.BytesIO(image)).convert("L"))
        pixels = " ".join(map(str, grey.ravel()))
        lines.append(f"{EMOTIONS[label]},{pixels},{usage}")
    planted = lines[1 + USAGES["Training"]].replace("PublicTest", "Training")
    path.write_text("\n".join([*lines, planted]) + "\n")
    return path


@pytest.fixture(scope="module")
def judged(table, data, cache, tmp_path_factory):
    """A finished candidate with every option on, and what it said."""
    run_dir = tmp_path_factory.mktemp("runs") / "candidate"
    arguments = ("--data-dir", table.parent, "--run-dir", run_dir, *SMALL)
    status, out, error = run(
        cache,
        *(*arguments, "--judge", "public-test", "--epochs", "1"),
        *("--sam", "0.05", "--flip-consistency", "1"),
        *("--additional-data-dir", data),
        recipe="fer2013",
    )
    assert status == 0, error
    return run_dir, out


def load_parts(table, cache, start=None, **settings):
    recipe = runpy.run_path(str(RECIPES / "fer2013.py"))
    config = recipe["Config"](
        data_dir=table.parent,
        cache_dir=Path(cache),
        expected_counts="any",
        batch_size=8,
        validation_fraction=0.2,
        **settings,
    )
    return recipe["load_data"](config, start)


def test_settings_are_compared_on_a_part_that_no_seed_changes(
    table, cache, capsys
):
    *parts, facts = load_parts(table, cache)
    names = [set(part.names) for part in parts]
    assert sum(map(len, names)) == len(set.union(*names)) == 56
    assert facts["split"].startswith("a part cut from Training")
    assert min(np.bincount(parts[2].labels)) > 0
    # The one that is a PublicTest face too.
    assert facts["leak_report"]["num_dropped"] == 1
    assert "1 training copies of test faces left out" in capsys.readouterr().out
    again = load_parts(table, cache, seed=3)[:3]
    assert [set(part.names) for part in again] == names
    public_test = load_parts(table, cache, judge="public-test", split_seed=1)
    other = [set(part.names) for part in public_test[:3]]
    assert len(other[2]) == 14 and not other[2] & set.union(*names)
    assert other[1] != names[1]


def test_another_data_set_is_learned_from_and_chooses_but_does_not_judge(
    table, data, judged, cache, tmp_path
):
    alone = load_parts(table, cache, judge="public-test")[:3]
    both = {"judge": "public-test", "additional_data_dir": data}
    *parts, facts = load_parts(table, cache, **both)
    assert parts[2].names == alone[2].names
    for part, before in zip(parts, alone, strict=True):
        assert part.names[: len(before)] == before.names
    report = read_report(judged[0])
    assert report["additional_data"] == facts["additional_data"]
    assert "and from drawn faces" in report["chosen_by"]
    counts = [facts["additional_data"][n] for n in ("train", "validation")]
    added = [len(p) - len(a) for p, a in zip(parts, alone, strict=True)]
    assert added == [*counts, 0] and min(counts) > 0
    labels = finished_run.read_predictions(judged[0])["validation_labels"]
    assert labels.tolist() == parts[1].labels.tolist()
    assert "drawn faces" in (judged[0] / "report.md").read_text()
    assert f"(not photographs): {counts[0]} are learned" in judged[1]


def test_who_takes_such_weights_learns_of_both_data_sets(
    table, data, judged, tmp_path
):
    report = read_report(judged[0])
    added = report["additional_data"]
    preset = preset_writer.save_preset(judged[0], tmp_path / "both")
    assert preset.manifest["calibration"]["fitted_on"] == report["chosen_by"]
    card = (preset.directory / "README.md").read_text()
    assert (
        f"beside it: drawn faces (not photographs) ({added['train']} " in card
    )
    assert f"to grey; {added['validation']} more choose the epoch)" in card
    assert "Its terms are its owner's" in card and "mixed at" not in card
    given = preset_writer.save_preset(
        judged[0], tmp_path / "given", data_terms="Both are drawn here."
    )
    card = (given.directory / "README.md").read_text()
    assert "Both are drawn here." in card and "owner's" not in card
    assert str(data) not in (preset.directory / "manifest.json").read_text()
    for weights in (judged[0] / "model.weights.h5", preset.directory):
        start = imagenet_weights.resolve(weights)
        start = initial_weights.open_weights(start)
        with pytest.raises(UsageError, match="learned from this data beside"):
            start.check_cut(added["data_hash"], None, ())
    words = ("--output", str(tmp_path / "out"))
    words = ("evaluate", str(preset.directory), str(table.parent), *words)
    assert cli.main(words) == 0
    learned_from = read_report(tmp_path / "out")["learned_from"]
    assert "FER2013" in learned_from
    assert "and drawn faces (not photographs)" in learned_from


def test_no_face_that_chooses_or_judges_comes_back_with_the_other_set(
    table, cache, tmp_path
):
    """The other set holds FER2013's own faces, of every part."""
    faces = encoded_faces(sum(USAGES.values()), 48)
    for name, image, label in zip(
        faces.names, faces.images, faces.labels, strict=True
    ):
        path = tmp_path / "other" / CLASSES[label] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)

    def pixels(part):
        opened = (Image.open(io.BytesIO(image)) for image in part.images)
        return [picture.convert("L").tobytes() for picture in opened]

    for judge in ("screening", "public-test"):
        alone = load_parts(table, cache, judge=judge)[:3]
        *parts, facts = load_parts(
            table, cache, judge=judge, additional_data_dir=tmp_path / "other"
        )
        train, chooses, judges = map(pixels, parts)
        assert judges == pixels(alone[2])
        number = len(alone[1])
        assert chooses[:number] == pixels(alone[1])
        # Weights may know all of Training: no copy of it chooses.
        assert len(chooses) == number
        assert train[: len(alone[0])] == pixels(alone[0])
        assert set(train) == set(pixels(alone[0]))
        left_out = len(faces) + len(alone[0]) - len(train)
        assert facts["additional_leak_report"]["num_dropped"] == left_out


def test_faces_that_given_weights_have_seen_do_not_judge(table, cache):
    test = load_parts(table, cache, judge="public-test")[2]
    seen = take_fingerprints(test.take([2, 5]))
    start = InitialRun(Path("w.h5"), seen, (), {"file": "w.h5"})
    *parts, facts = load_parts(table, cache, start, judge="public-test")
    assert set(test.names) - set(parts[2].names) == set(seen.names)
    assert facts["seen_report"]["num_dropped"] == 2
    assert facts["initial_weights"] == {"file": "w.h5"}


@pytest.mark.parametrize("kind", ["run", "preset"])
def test_weights_that_learned_from_the_judges_are_no_start(
    kind, judged, table, cache, tmp_path
):
    """PublicTest's candidate knows what settings are compared on."""
    weights = judged[0] / "model.weights.h5"
    if kind == "preset":
        weights = preset_writer.save_preset(judged[0], tmp_path / "mine")
        weights = weights.directory
    start = initial_weights.open_weights(imagenet_weights.resolve(weights))
    assert start.description[kind] and start.class_names == CLASSES
    with pytest.raises(UsageError, match="--judge public-test, or start"):
        load_parts(table, cache, start)
    alike = {"judge": "public-test", "split_seed": 0}
    *parts, facts = load_parts(table, cache, start, **alike)
    assert len(parts[2]) == 14
    if kind == "run":
        assert facts["seen_report"]["num_dropped"] == 0
    with pytest.raises(UsageError, match="--split-seed 0, or start"):
        load_parts(table, cache, start, judge="public-test", split_seed=1)


def test_finished_weights_go_part_of_the_way_back(
    judged, table, cache, tmp_path
):
    start, run_dir = judged[0] / "model.weights.h5", tmp_path / "further"
    words = ("--judge", "public-test", "--epochs", "1", "--weights", start)
    words = ("--data-dir", table.parent, "--run-dir", run_dir, *SMALL, *words)
    networks, reports = [keras_fer.load_model(judged[0] / "model.keras")], []
    for more in ((), ("--resume", "--initial-share", "0.25")):
        status, _, error = run(cache, *words, *more, recipe="fer2013")
        assert status == 0, error
        networks.append(keras_fer.load_model(run_dir / "model.keras"))
        reports.append(read_report(run_dir))
    weights = [network.get_weights() for network in networks]
    for old, new, mixed in zip(*weights, strict=True):
        assert np.ptp(new - old) > 0
        expected = 0.25 * old + 0.75 * new
        np.testing.assert_allclose(mixed, expected, atol=1e-6)
    shares = [report.get("initial_share") for report in reports]
    assert shares == [None, 0.25]
    first, second = [report["looks_at_public_test"] for report in reports]
    assert second == first + 1  # at other weights
    assert read_report(run_dir, "config.json")["initial_share"] == 0.25
    preset = preset_writer.save_preset(run_dir, tmp_path / "mixed")
    card = (preset.directory / "README.md").read_text()
    assert "| share of the weights it started from | 0.25 |" in card
    assert f"| mixed at commit | {reports[1]['mixed_at_commit']} |" in card
    mixed = imagenet_weights.resolve(run_dir / "model.weights.h5")
    later = initial_weights.open_weights(mixed)
    assert later.description["initial_share"] == 0.25


def read_report(run_dir, name="report.json"):
    return json.loads((run_dir / name).read_text())


def test_a_candidate_is_judged_by_public_test_and_the_look_is_counted(
    judged, table, cache
):
    run_dir, out = judged
    assert "Look number 1 at PublicTest" in out
    report = read_report(run_dir)
    assert report["split"] == "PublicTest"
    assert report["chosen_by"].startswith("parts cut from Training and from")
    assert report["looks_at_public_test"] == 1
    assert report["counts"]["test"] == report["single_view"]["num_images"] == 14
    assert list(report["single_view"]["per_class"]) == list(CLASSES)
    assert "counts not checked" in report["title"]
    (kept,) = Path(cache).glob("looks-at-public-test-*.json")
    assert json.loads(kept.read_text())[0]["run_dir"] == "candidate"


@pytest.mark.slow
def test_its_preset_sees_colour_as_grey(judged, table, tmp_path, capsys):
    words = ("--min-images", "14", "--num-calibration", "32", "--rounds", "2")
    output = tmp_path / "grey"
    assert cli.main(["save-preset", str(judged[0]), str(output), *words]) == 0
    assert "colour will be seen as its luminance" in capsys.readouterr().out
    assert presets.load_preset(output).manifest["luminance"]


@pytest.mark.slow
def test_its_export_names_both_data_sets(judged, tmp_path):
    words = ("--min-images", "14", "--num-calibration", "32", "--rounds", "2")
    words = ("export", str(judged[0]), "--formats", "float16", *words)
    assert cli.main([*words, "--output", str(tmp_path / "out")]) == 0
    parity = json.loads((tmp_path / "out" / "parity.json").read_text())
    added = read_report(judged[0])
    assert parity["additional_data"] == added["additional_data"]
    page = (tmp_path / "out" / "parity.md").read_text()
    assert "data: data set: drawn faces (not photographs), data hash:" in page


@pytest.mark.parametrize(
    "words, expected",
    [
        ("", "challenges-in-representation-learning"),
        ("--sam -1", "--sam must be from 0 to 10"),
    ],
)
def test_a_wrong_command_ends_before_tensorflow_loads(cache, words, expected):
    status, error = refusal(cache, *words.split(), recipe="fer2013")
    assert status == 2
    assert expected in error
