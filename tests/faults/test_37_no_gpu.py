"""Row 37: no GPU, or half precision where nothing multiplies it fast."""

import json

import pytest

from recipe_command import SMALL
from recipe_command import run

# Children see no GPU: see `environment_of`.


def test_without_a_gpu_the_report_names_processor_and_precision(whole):
    report = json.loads((whole[0] / "report.json").read_text())
    assert " cores of " in report["device"]
    assert report["precision"] == "float32"
    page = (whole[0] / "report.md").read_text()
    assert report["device"] in page and "float32" in page


def test_gpus_that_are_not_there_are_refused(data, cache, tmp_path):
    words = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    for devices in ("3", "0,2"):
        status, _, message = run(cache, *words, "--devices", devices)
        assert status == 2
        assert f"--devices {devices}: there are 1 here (CPU:0)" in message
        assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.slow
def test_half_precision_on_a_processor_trains_and_is_named(
    data, cache, tmp_path
):
    words = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    status, out, error = run(
        cache, *words, "--epochs", "1", "--precision", "mixed_float16"
    )
    assert status == 0, error
    assert "precision mixed_float16" in out
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["precision"] == "mixed_float16"
    assert " cores of " in report["device"]
