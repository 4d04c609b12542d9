"""A run's folder: owned, recognised, never half replaced."""

import dataclasses
import json
from pathlib import Path

import pytest

from keras_fer import files
from keras_fer import run_directory
from keras_fer.resumption import RunDirectoryError

FACTS = {"data_hash": "abc", "counts": {"train": 9}, "precision": "float32"}


@dataclasses.dataclass(frozen=True)
class Config:
    run_dir: Path
    resume: bool = False
    overwrite: bool = False
    learning_rate: float = 0.1
    data_dir: str = "here"
    additional_data_dir: str = "there"


def open_run(directory, **settings):
    return run_directory.open_run(Config(directory, **settings))


def begin(directory, **settings):
    with open_run(directory, **settings) as run:
        run.begin(FACTS)
        return run.run_id


def test_a_new_run_writes_its_settings(tmp_path):
    run_id = begin(tmp_path / "run")
    saved = json.loads((tmp_path / "run" / "config.json").read_text())
    assert saved["learning_rate"] == 0.1
    assert saved["run_id"] == run_id
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["data_hash"] == "abc"
    assert "keras" in manifest["versions"]
    assert manifest["command"].startswith("python ")


def test_a_second_run_is_refused_with_the_three_ways_on(tmp_path):
    begin(tmp_path)
    with pytest.raises(RunDirectoryError) as error:
        begin(tmp_path)
    for words in (str(tmp_path), "--resume", "--overwrite", "--run-dir"):
        assert words in str(error.value)


def test_a_resumed_run_keeps_its_id(tmp_path):
    run_id = begin(tmp_path)
    moved = {"data_dir": "moved", "additional_data_dir": "moved too"}
    assert begin(tmp_path, resume=True, **moved) == run_id


def test_the_manifest_keeps_what_the_run_was_started_with(tmp_path):
    begin(tmp_path)
    path = tmp_path / "manifest.json"
    first = json.loads(path.read_text())
    begin(tmp_path, resume=True)
    second = json.loads(path.read_text())
    assert len(second.pop("resumed")) == 1
    first.pop("resumed")
    assert first == second


def test_nothing_is_written_or_removed_before_the_run_begins(tmp_path):
    with open_run(tmp_path / "new"):
        pass
    assert not list((tmp_path / "new").glob("[!.]*"))
    run_id = begin(tmp_path / "old")
    with open_run(tmp_path / "old", overwrite=True):
        pass
    assert begin(tmp_path / "old", resume=True) == run_id


def test_other_settings_are_refused_with_the_difference(tmp_path):
    begin(tmp_path)
    with pytest.raises(RunDirectoryError) as error:
        begin(tmp_path, resume=True, learning_rate=0.2)
    assert "learning_rate: 0.1 before, 0.2 now" in str(error.value)


@pytest.mark.parametrize(
    "name",
    ["data", "numbers of faces", "additional data", "precision", "Keras"],
)
def test_other_data_or_keras_is_refused(tmp_path, name):
    begin(tmp_path)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    if name == "data":
        manifest["data_hash"] = "other"
    elif name == "numbers of faces":
        manifest["counts"] = {"train": 1}
    elif name == "additional data":
        manifest["additional_data"] = {"data_hash": "other"}
    elif name == "precision":
        manifest["precision"] = "mixed_bfloat16"
    else:
        manifest["versions"]["keras"] = "2.0"
    path.write_text(json.dumps(manifest))
    with pytest.raises(RunDirectoryError, match=f"with (other )?{name}"):
        begin(tmp_path, resume=True)


def test_nothing_to_resume_is_said(tmp_path):
    with pytest.raises(RunDirectoryError, match="no run to resume"):
        with open_run(tmp_path / "empty", resume=True):
            pass


def test_overwrite_removes_the_run_and_nothing_else(tmp_path):
    first = begin(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.npz").write_bytes(b"old")
    (tmp_path / "notes.txt").write_text("mine")
    assert begin(tmp_path, overwrite=True) != first
    assert not (tmp_path / "checkpoints").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_with_other_files_is_no_run(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(RunDirectoryError, match="thesis.tex"):
            with open_run(tmp_path, overwrite=overwrite):
                pass
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["thesis.tex"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(RunDirectoryError, match="is a file"):
        with open_run(tmp_path / "run"):
            pass


def test_a_damaged_config_is_named(tmp_path):
    begin(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RunDirectoryError, match="config.json cannot be read"):
        with open_run(tmp_path, resume=True):
            pass


def test_an_owned_folder_is_refused(tmp_path):
    with open_run(tmp_path):
        with pytest.raises(files.DirectoryInUseError, match="in use by"):
            with open_run(tmp_path, resume=True):
                pass


@dataclasses.dataclass(frozen=True)
class Member(Config):
    process_id: int | None = None


def test_other_processes_of_a_cluster_leave_the_runs_folder_alone(tmp_path):
    directory, own = tmp_path / "run", tmp_path / ".run.process-1"
    (own / "checkpoints").mkdir(parents=True)
    (own / "checkpoints" / "last.npz").touch()  # of a killed process
    config = Member(directory, resume=True, process_id=1)
    with run_directory.open_run(config) as run:
        assert run.directory == own
        assert not (own / "checkpoints").exists()
        run.begin(FACTS)
        assert (own / "config.json").exists()
        with pytest.raises(files.DirectoryInUseError):
            with run_directory.open_run(config):
                pass
    assert not own.exists() and not directory.exists()


def test_process_0_of_a_cluster_owns_the_runs_folder(tmp_path):
    config = Member(tmp_path / "run", process_id=0)
    with run_directory.open_run(config) as run:
        assert run.directory == tmp_path / "run"
