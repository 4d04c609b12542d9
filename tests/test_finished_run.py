"""What later programs read of a run."""

import json

import numpy as np
import pytest

from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from keras_fer.finished_run import open_run


def faces(*names):
    return LabeledFaces(
        images=tuple(name.encode() for name in names),
        labels=np.zeros(len(names), "int32"),
        names=names,
        class_names=("a", "b"),
    )


PARTS = {"train": faces("t1", "t2", "t3"), "validation": faces("v1", "v2")}


@pytest.fixture
def make(tmp_path):
    """A run's folder with these entries in its report."""

    def make(judged=None, **report):
        report = {
            "data_hash": "0",
            "split": "validation",
            "counts": {"test": 2},
            "single_view": {"per_class": {"a": {}, "b": {}}},
        } | report
        (tmp_path / "report.json").write_text(json.dumps(report))
        (tmp_path / "config.json").write_text(json.dumps({"image_size": 48}))
        (tmp_path / "model.keras").write_bytes(b"")
        if judged is not None:
            np.savez(tmp_path / "predictions.npz", names=judged)
        return open_run(tmp_path)

    return make


def test_what_the_network_needs_is_read(make):
    run = make()
    assert run.image_size == 48
    assert run.class_names == ("a", "b")


@pytest.mark.parametrize("missing", ["config", "report", "model"])
def test_an_unfinished_run_is_refused(missing, make):
    run = make()
    suffix = "keras" if missing == "model" else "json"
    (run.directory / f"{missing}.{suffix}").unlink()
    with pytest.raises(UsageError, match=f"no finished run.*{missing}"):
        open_run(run.directory)


def test_copies_of_held_out_faces_calibrate_nothing(make):
    leaks = {"names": [["t2", "v1", "near"]]}
    train, held_out = make(leak_report=leaks).split_parts(PARTS)
    assert train.names == ("t1", "t3")
    assert held_out.names == ("v1", "v2")


def test_the_faces_that_were_judged_on_are_those_of_the_predictions(make):
    train, held_out = make(judged=["v2"]).split_parts(PARTS)
    assert held_out.names == ("v2",)
    assert train.names == ("t1", "t2", "t3")


def test_a_fold_reaches_over_both_parts(make):
    run = make(judged=["v2", "t1"], split="fold 1 of 2")
    train, held_out = run.split_parts(PARTS)
    assert held_out.names == ("v2", "t1")
    assert held_out.images == (b"v2", b"t1")
    assert train.names == ("t2", "t3")


def test_faces_that_are_gone_and_parts_that_differ_are_refused(make):
    with pytest.raises(DataError, match="v9"):
        make(judged=["v1", "v9"]).split_parts(PARTS)
    (make().directory / "predictions.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="cannot be read"):
        make().split_parts(PARTS)
    (make().directory / "predictions.npz").unlink()
    with pytest.raises(DataError, match="not known"):
        make(counts={"test": 3}).split_parts(PARTS)
