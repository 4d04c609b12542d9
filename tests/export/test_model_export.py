"""An export is whole and good, or it did not happen."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import keras_fer
from keras_fer import files
from keras_fer.classifier import Classifier
from keras_fer.errors import DataError
from keras_fer.errors import ExportError
from keras_fer.errors import UsageError
from keras_fer.export import FORMATS
from keras_fer.export import LabeledImages
from keras_fer.export import export_model
from keras_fer.export import parity

NOBODY = LabeledImages(np.zeros((0, 52, 52, 3), np.uint8), np.zeros(0, int))


def contents_of(directory):
    """Relative path -> bytes, of everything but the lock."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def quick(model, train_images, test_images):
    """The export, of few formats and with few repeats."""

    def export(directory, formats=("float32",), **changes):
        arguments = {
            "calibration": train_images,
            "held_back": test_images,
            "min_images": 1,
            "rounds": 2,
        }
        return export_model(model, directory, formats, **arguments | changes)

    return export


def test_every_format_is_there_and_nothing_else(good):
    directory, report = good
    names = {path.name for path in directory.iterdir()}
    models = {f"model.{name}.tflite" for name in FORMATS[1:]}
    assert names == {
        ".lock",
        "saved_model",
        "labels.txt",
        "parity.json",
        "parity.md",
        *models,
    }
    assert tuple(report["formats"]) == FORMATS
    assert json.loads((directory / "parity.json").read_text()) == report


def test_the_report_describes_the_files_beside_it(good):
    directory, report = good
    for name in FORMATS[1:]:
        path = directory / f"model.{name}.tflite"
        assert report["formats"][name]["sha256"] == files.sha256(path)
    assert report["title"] == "drawn"
    assert report["num_calibration"] == 40
    assert len(report["weights_sha256"]) == 64
    kept = [row["accuracy"] for row in report["formats"].values()]
    assert min(kept) >= 0.98 * report["accuracy"]


def test_labels_lie_beside_the_files_and_inside(good):
    directory, _ = good
    lines = "".join(f"{name}\n" for name in keras_fer.CLASSES)
    assert (directory / "labels.txt").read_text() == lines
    for name in FORMATS[1:]:
        with zipfile.ZipFile(directory / f"model.{name}.tflite") as archive:
            assert archive.read("labels.txt").decode() == lines


@pytest.mark.parametrize("name", FORMATS[1:])
def test_the_classifier_gets_the_reports_accuracy(name, good, test_images):
    directory, report = good
    classifier = Classifier(directory / f"model.{name}.tflite")
    answers = classifier.predict(test_images.images)
    right = [
        answer.label == keras_fer.CLASSES[label]
        for answer, label in zip(answers, test_images.labels, strict=True)
    ]
    assert np.mean(right) == report["formats"][name]["accuracy"]


@pytest.fixture
def copy(good, tmp_path):
    """A folder that holds the good export already."""
    shutil.copytree(good[0], tmp_path / "export")
    return tmp_path / "export"


def test_a_bad_format_leaves_the_folder_as_it_was(quick, copy, monkeypatch):
    before = contents_of(copy)
    with monkeypatch.context() as patch:
        patch.setattr(parity, "MIN_ACCURACY_KEPT", 1.1)
        with pytest.raises(ExportError, match="float32: accuracy") as refusal:
            quick(copy)
    assert refusal.value.exit_status == 3
    assert contents_of(copy) == before


def test_without_faces_to_judge_by_the_model_itself_judges(
    model, train_images, tmp_path
):
    quick = {"formats": "full_int8"}
    # Neither black nor white: bytes must go in as they are all the same.
    images = np.clip(train_images.images, 20, 230).astype("float32")
    assert export_model(model, tmp_path, calibration=images, **quick) is None
    assert not (tmp_path / "parity.json").exists()
    assert (tmp_path / "model.full_int8.tflite").exists()
    assert Classifier(tmp_path / "model.full_int8.tflite").image_size == 52
    black = LabeledImages(np.zeros_like(train_images.images), np.arange(70))
    answers = np.unique(model.predict(black.views(48)[:1], verbose=0).argmax())
    assert len(answers) == 1
    with pytest.raises(DataError, match="of class"):
        export_model(model, tmp_path, calibration=black.images, **quick)


def test_an_export_replaces_its_files_and_clears_what_a_kill_left(model, copy):
    left = copy / ".partial.0123abcd.export" / "saved_model"
    left.mkdir(parents=True)
    (copy / ".saved_model.replaced").mkdir()
    (copy / "model.float32.tflite").write_text("old")
    kept = contents_of(copy)["model.int8.tflite"]
    export_model(model, copy, "float32")
    assert Classifier(copy / "model.float32.tflite").image_size == 48
    assert contents_of(copy)["model.int8.tflite"] == kept
    # Without held-back faces there is no report, and no stale one either.
    gone = {"parity.json", "parity.md"}
    names = {"saved_model", "labels.txt", ".lock"}
    names |= {f"model.{name}.tflite" for name in FORMATS[1:]}
    assert set(os.listdir(copy)) == names - gone


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"formats": ("int4",)}, ValueError, "int4"),
        ({"formats": ()}, ValueError, "formats"),
        ({"formats": "int8", "calibration": None}, ValueError, "calibration"),
        ({"class_names": ("a", "b")}, ValueError, "7 outputs"),
        ({"class_names": (*"abcdef", "g\nh")}, ValueError, "a line of text"),
        ({"image_size": 47}, ValueError, "view of 48"),
        ({"image_size": 60}, ValueError, "52 pixels.*image_size=60"),
        ({"held_back": NOBODY}, DataError, "^0 held-back"),
        ({"min_images": 36}, DataError, "35 held-back"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(
    changes, error, message, quick, tmp_path
):
    with pytest.raises(error, match=message):
        quick(tmp_path / "export", **changes)
    left = tmp_path / "export"
    assert not left.exists() or os.listdir(left) == [".lock"]


def test_calibration_on_the_test_part_is_refused(quick, test_images, tmp_path):
    with pytest.raises(DataError, match="35 of 35 .* test part"):
        quick(tmp_path, "int8", calibration=test_images)


def test_a_file_in_place_of_the_folder_is_refused(quick, tmp_path):
    (tmp_path / "export").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        quick(tmp_path / "export")
    assert (tmp_path / "export").read_text() == "mine"


INSTALL = """
import json, os, signal, sys
from pathlib import Path
from keras_fer.export import model_export
from kill_sweep import die_before_call

target, source = map(Path, sys.argv[1:])
def export(content):
    stage = target / ".partial.0123abcd.export"
    (stage / "saved_model").mkdir(parents=True)
    paths = {name: stage / f"model.{name}" for name in ("a", "b")}
    paths["saved_model"] = stage / "saved_model"
    for name, path in paths.items():
        (path / "pb" if path.is_dir() else path).write_text(content)
    return paths
def clear():
    model_export.clear(target)
found = []
model_export.parity.as_markdown = lambda report: report["of"]
while True:
    target.mkdir(exist_ok=True)
    clear()
    model_export.install(export("old"), target, ("x",), {"of": "old"})
    clear()
    paths = export("new")
    child = os.fork()
    if not child:
        die_before_call(len(found) + 1)
        model_export.install(paths, target, ("x",), {"of": "new"})
        sys.setprofile(None)
        os._exit(0)
    done = os.waitpid(child, 0)[1] == 0
    clear()
    read = lambda path: path.read_text() if path.exists() else None
    report = read(target / "parity.json")
    found.append([
        read(target / "model.a"), read(target / "model.b"),
        read(target / "saved_model" / "pb"),
        json.loads(report)["of"] if report else None,
        sorted(os.listdir(target)),
    ])
    if done:
        break
print(json.dumps(found))
"""


@pytest.mark.slow
def test_killed_at_any_step_every_file_is_whole_and_no_report_lies(tmp_path):
    output = subprocess.run(
        [sys.executable, "-c", INSTALL, tmp_path / "export", tmp_path],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parents[1]), *sys.path]
            )
        },
    ).stdout
    found = json.loads(output)
    assert len(found) > 20
    for *models, report, names in found:
        assert set(models) <= {"old", "new"}
        assert report is None or set(models) == {report}
        assert not [name for name in names if name.startswith(".")]
    assert found[0][:4] == ["old"] * 4
    assert found[-1][:4] == ["new"] * 4


EXPORT = """
import sys
import keras_fer
from keras_fer.export import export_model
from keras_fer.export import parity
model = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
export_model(model, sys.argv[1], ("float32", "float16", "dynamic"))
"""


@pytest.mark.slow
def test_an_export_killed_in_the_middle_leaves_the_old_files(tmp_path):
    old = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
    export_model(old, tmp_path, ("float32", "dynamic"))
    before = contents_of(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", EXPORT, tmp_path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        deadline = time.monotonic() + 300
        while not list(tmp_path.glob(".partial.*.export/model.float16*")):
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
    kept = {
        name: content
        for name, content in contents_of(tmp_path).items()
        if not name.startswith(".")
    }
    assert kept == before
    export_model(old, tmp_path, "float16")
    assert "model.float16.tflite" in os.listdir(tmp_path)
    assert not list(tmp_path.glob(".partial.*"))
