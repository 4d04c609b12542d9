"""`python -m benchmarks` rewrites its tables; what others of them refuse."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from recipe_command import environment_of
from sources import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
MARKER = r"<!-- ([\w-]+): begin -->"


def run(*arguments):
    return python("-m", "benchmarks", *arguments)


def python(*words):
    child = subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        cwd=ROOT,
        env=environment_of(),
        text=True,
    )
    return child.returncode, child.stdout, child.stderr


def parts():
    """The names of all parts, as the refusal of another one lists them."""
    status, _, error = run("--only", "unknown")
    assert status == 2 and "Traceback" not in error
    return re.findall(r"[\w-]+", error.partition("some of")[2])


def test_the_document_has_a_place_for_every_part_and_no_other():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert sorted(re.findall(MARKER, text)) == sorted(parts())


def test_a_part_replaces_what_stands_between_its_markers(tmp_path):
    document = tmp_path / "performance.md"
    places = [
        f"<!-- {name}: begin -->\nold {name}\n<!-- {name}: end -->\n"
        for name in ("machine", "scaling")
    ]
    document.write_text(f"before\n{places[0]}between\n{places[1]}after\n")
    status, out, error = run(
        "--quick", "--only", "machine", "--output", document
    )
    assert status == 0, error
    text = document.read_text()
    assert "old machine" not in text
    assert re.match(
        r"before\n<!-- machine: begin -->\n\| limit .*\n\| --- .*\n(\|.*\n)+",
        text,
    )
    assert "`python -m benchmarks --only machine --quick`, 20" in text
    assert text.endswith(f"between\n{places[1]}after\n")
    assert re.search(r"\| matrix product, bfloat16", out)


def test_a_document_without_the_place_is_refused_and_kept(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("nothing\n")
    status, _, error = run("--quick", "--only", "machine", "--output", document)
    assert status == 2 and "<!-- machine: begin -->" in error
    assert "Traceback" not in error
    assert document.read_text() == "nothing\n"


@pytest.mark.slow
def test_every_part_runs():
    status, out, error = run("--quick")
    assert status == 0, error
    for name in parts():
        assert f"`python -m benchmarks --only {name} --quick`" in out
    assert out.count("| ---") > len(parts())


KNOWN_FACES = ROOT / "benchmarks" / "known_faces.py"
SETTINGS = ROOT / "benchmarks" / "fer2013_settings.py"


def write_run(directory, split):
    """A finished run, right on the one of its four faces with a copy."""
    labels = np.array([0, 1, 0, 1])
    answers = np.eye(2)[[0, 0, 1, 0]]
    np.savez(
        directory / "predictions.npz",
        names=np.array(["a", "b", "c", "d"]),
        labels=labels,
        single_view=answers,
        ten_crop=answers,
    )
    report = {
        "split": split,
        "data_hash": "0",
        "leak_report": {"policy": "drop", "names": [["z", "a", "copy"]]},
        "single_view": {"per_class": {"anger": {}, "fear": {}}},
    }
    for name, content in (("config", {"image_size": 48}), ("report", report)):
        (directory / f"{name}.json").write_text(json.dumps(content))
    (directory / "model.keras").touch()


def test_faces_with_a_copy_are_told_from_those_without(tmp_path):
    write_run(tmp_path, "PublicTest")
    status, out, error = python(KNOWN_FACES, tmp_path)
    assert status == 0, error
    assert re.search(r"single view, with a copy \| 1 \| 100.0%", out)
    assert re.search(r"ten-crop, without \| 3 \| 0.0%", out)


def test_faces_whose_copies_are_not_known_are_refused(tmp_path):
    status, _, error = python(KNOWN_FACES, tmp_path)
    assert status == 2 and "is no finished run" in error
    assert "Traceback" not in error
    write_run(tmp_path, "a part cut from Training")
    status, out, error = python(KNOWN_FACES, tmp_path)
    assert status == 2 and "judged on a part cut from Training" in error
    assert "Traceback" not in error and "without" not in out


def test_a_run_without_its_answers_is_refused(tmp_path):
    write_run(tmp_path, "PublicTest")
    (tmp_path / "predictions.npz").unlink()
    status, _, error = python(KNOWN_FACES, tmp_path)
    assert status == 3 and "predictions.npz cannot be read" in error
    assert "run the recipe again" in error and "Traceback" not in error


@pytest.fixture
def table(tmp_path):
    """A csv in FER2013's layout, of too few faces to train on."""
    face = " ".join(["7"] * 48 * 48)
    rows = [
        f"{emotion},{face},{part}\n"
        for part in ("Training", "PublicTest")
        for emotion in range(7)
    ]
    path = tmp_path / "data" / "fer2013.csv"
    path.parent.mkdir()
    path.write_text("emotion,pixels,Usage\n" + "".join(rows))
    return path.parent


def test_no_setting_is_trained_before_all_folders_are_checked(table, tmp_path):
    runs = tmp_path / "runs"
    last = runs / "no-attention-seed0"
    last.mkdir(parents=True)
    (last / "config.json").write_text('{"width": 0.25}')
    status, out, error = python(SETTINGS, table, "--runs-dir", runs)
    assert status == 2 and f"{last} holds another run" in error
    assert "width: 0.25 there, 0.5 now" in error and "seed 0" not in out


def test_a_setting_that_cannot_be_timed_ends_before_the_data_is_read():
    code = """
import pathlib
from benchmarks import fer2013_settings
fer2013_settings.SETTINGS["dense head"] = {"head": "dense"}
there_is_none = pathlib.Path("no such folder")
chosen = fer2013_settings.Config(there_is_none, settings=("dense head",))
fer2013_settings.main(chosen)
"""
    status, _, error = python("-c", code)
    assert status and "'dense head' cannot be timed" in error
    assert "build() takes no head" in error
