"""The parity report says what was measured, and what is not good enough."""

import json

import numpy as np
import pytest

from keras_fer import files
from keras_fer.errors import DataError
from keras_fer.errors import ExportError
from keras_fer.export import parity
from keras_fer.export.float_copy import float_copy
from keras_fer.litert import LiteRTModel


@pytest.fixture(scope="module")
def paths(contents, tmp_path_factory):
    directory = tmp_path_factory.mktemp("parity")
    paths = {}
    for name in ("float32", "int8"):
        paths[name] = directory / f"model.{name}.tflite"
        paths[name].write_bytes(contents[name])
    return paths


@pytest.fixture(scope="module")
def report(model, paths, test_images):
    return parity.measure(
        float_copy(model),
        paths,
        test_images,
        rounds=3,
        min_images=1,
        context={"data_set": "drawn faces"},
    )


def test_the_figures_are_those_of_the_files(report, model, paths, test_images):
    views = test_images.views(48)
    expected = model.predict(views, verbose=0)
    assert report["num_images"] == len(test_images)
    assert report["images_sha256"] == test_images.sha256()
    assert report["data_set"] == "drawn faces"
    assert report["accuracy"] == np.mean(
        expected.argmax(axis=1) == test_images.labels
    )
    for name, path in paths.items():
        row = report["formats"][name]
        found = LiteRTModel(path).predict(views)
        difference = np.abs(found - expected)
        answers = found.argmax(axis=1)
        assert row["accuracy"] == np.mean(answers == test_images.labels)
        assert row["agreement"] == np.mean(answers == expected.argmax(axis=1))
        assert row["largest_difference"] == pytest.approx(
            difference.max(), abs=1e-5
        )
        assert row["mean_difference"] == pytest.approx(
            difference.mean(), abs=1e-5
        )
        assert row["megabytes"] == path.stat().st_size / 1e6
        assert row["sha256"] == files.sha256(path)
        for threads in ("1", "2"):
            assert 0 < row["median_ms"][threads] <= row["p90_ms"][threads]
        assert row["load_ms"] > 0


def test_json_and_markdown_hold_the_report(report, tmp_path):
    parity.write(report, tmp_path)
    assert json.loads((tmp_path / "parity.json").read_text()) == report
    page = (tmp_path / "parity.md").read_text(encoding="utf-8")
    for name, row in report["formats"].items():
        (line,) = (x for x in page.splitlines() if x.startswith(f"| {name} "))
        assert f"| {100 * row['accuracy']:.2f} |" in line
    assert "data set: drawn faces" in page
    assert report["images_sha256"] in page


def test_a_good_export_passes(report):
    assert report["accuracy"] > 0.9  # else 98 % of it would say little
    parity.check(report)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("int8", {"accuracy": 0.979}, "int8: accuracy 0.9790.*0.9800"),
        ("float32", {"largest_difference": 2e-4}, "float32: .*2.0e-04.*0.0001"),
        ("float16", {"largest_difference": 2e-2}, "float16: .*2.0e-02.*0.01"),
    ],
)
def test_each_limit_is_a_limit(name, change, message):
    row = {"accuracy": 0.9801, "largest_difference": 9e-5}
    assert parity.find_fault(name, row, 1.0) is None
    fault = parity.find_fault(name, row | change, 1.0)
    with pytest.raises(ExportError, match=message) as refusal:
        parity.check(
            {"formats": {name: {"fault": fault}, "x": {"fault": None}}}
        )
    assert refusal.value.exit_status == 3


def test_too_few_faces_are_refused(model, paths, test_images):
    with pytest.raises(DataError, match="35 held-back.*at least 500"):
        parity.measure(model, paths, test_images)
