"""The paper's tables by their command: filled, resumed, refused."""

import functools
import json
import signal

import pytest
from PIL import Image

from keras_fer import paper_plan
from keras_fer.datasets import raf_db_source
from keras_fer.datasets import sfew_source
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.errors import DataError
from recipe_command import refusal
from recipe_command import run
from recipe_command import start

QUICK = (
    "--demo --width 0.05 --epochs 1 --sfew-epochs 1 --precision float32"
).split()


@pytest.mark.parametrize(
    "words, expected",
    [
        ("", "--rafdb-dir is missing"),
        ("--demo --sfew-dir x", "Choose one"),
        ("--demo --ablate pooling", "pooling lip-3x3"),
        ("--seeds 0", "--seeds must be from 1"),
        ("--rafdb-dir missing", "no folder missing"),
        ("--rafdb-dir pyproject.toml", "is a file"),
        ("--rafdb-dir tests --runs-dir tests/runs", "lies inside"),
        ("--demo --runs-dir pyproject.toml", "is a file"),
        ("--demo --config x.json", "--config"),
    ],
)
def test_a_wrong_command_ends_before_tensorflow_loads(
    cache, tmp_path, words, expected
):
    status, error = refusal(
        cache,
        *("--runs-dir", tmp_path / "runs"),
        *words.split(),
        recipe="paper_tables",
    )
    assert status in (2, 3)
    assert expected in error


def test_a_face_of_rafdb_in_sfew_is_found_before_any_training(data, tmp_path):
    """In the validation part, and in a fold's, which train has learned."""
    faces = write_drawn_faces(
        tmp_path / "faces", layout="sfew", num_train=56, num_test=14, seed=1
    )
    sources = {"rafdb": raf_db_source.find_source(data)}
    check = functools.partial(
        paper_plan.check_data,
        sources,
        expected_counts="any",
        on_leak="stop",
        cache_dir=tmp_path / "cache",
    )
    sources["sfew"] = sfew_source.find_source(faces)
    check(folds=2)
    seen = data / "basic" / "Image" / "aligned" / "train_00004_aligned.jpg"
    picture = Image.open(seen).resize((143, 143))

    def plant(part):
        folder = faces / "SFEW" / part / f"{part}_Aligned_Faces" / "Happy"
        picture.save(folder / "00004.png")
        sources["sfew"] = sfew_source.find_source(faces)
        return folder / "00004.png"

    planted = plant("Train")
    check()
    with pytest.raises(DataError, match="00004"):
        check(folds=2)
    planted.unlink()
    plant("Val")
    with pytest.raises(DataError, match="00004"):
        check()


@pytest.mark.slow
def test_tables_fill_and_a_stopped_program_goes_on(cache, tmp_path):
    runs_dir = tmp_path / "runs"
    arguments = (*QUICK, "--runs-dir", runs_dir)
    child = start(cache, *arguments, recipe="paper_tables")
    for line in child.stdout:
        if line.startswith("=== Run 2 of 5"):
            break
    for line in child.stdout:
        if line.startswith("Epoch 1"):
            child.send_signal(signal.SIGTERM)
            break
    out, error = child.communicate(timeout=300)
    assert child.returncode == 4, error
    assert "Go on with" in error and str(runs_dir) in error
    finished = {
        path.parent.name: path.read_bytes()
        for path in runs_dir.glob("*/report.json")
    }
    assert len(finished) == 1

    status, out, error = run(cache, *arguments, recipe="paper_tables")
    assert status == 0, error
    assert "4 runs to do" in out and "minutes in all" in out
    for name, content in finished.items():
        assert (runs_dir / name / "report.json").read_bytes() == content

    tables = json.loads((runs_dir / "tables.json").read_text())
    rows = {row["label"]: row for row in tables["table_1"]}
    assert rows["+ ImageNet weights"]["ours"] is None
    assert "ImageNet" in rows["+ ImageNet weights"]["empty"]
    for label, view in (
        ("+ LIP, conv head, attention", "single_view"),
        ("+ ten-crop", "ten_crop"),
    ):
        report = json.loads(
            (runs_dir / "rafdb-ours-seed0" / "report.json").read_text()
        )
        assert rows[label]["ours"]["runs"] == [report[view]["accuracy"]]
    text = (runs_dir / "tables.md").read_text()
    assert "drawn faces (not photographs)" in text.splitlines()[0]
    assert "| + ImageNet weights | 86.31 |  |  |  |" in text
    assert "not measured on RAF-DB" in text
    for name in ("structure", "confusion_matrices", "pooling", "importance"):
        assert (runs_dir / f"{name}.png").stat().st_size > 10_000

    status, out, error = run(
        cache, *arguments, "--epochs", "2", recipe="paper_tables"
    )
    assert status == 2
    assert "epochs: 1 there, 2 now" in error
