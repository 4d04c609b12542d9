"""A run's folder: who owns it, what it was started with, how to go on."""

import contextlib
import dataclasses
import datetime
import json
import shutil
import uuid
from pathlib import Path

from keras_fer import cluster
from keras_fer import files
from keras_fer import provenance
from keras_fer import resumption
from keras_fer.resumption import RunDirectoryError

# What a run writes. --overwrite removes these and nothing else.
RUN_FILES = (
    "config.json",
    "manifest.json",
    "split.json",
    "history.csv",
    "curves.png",
    "confusion.png",
    "report.json",
    "report.md",
    "predictions.npz",
    "fingerprints.npz",
    "model.keras",
    "model.weights.h5",
    "checkpoints",
    "export",
)
# What `Run.begin` is told that all processes of a cluster must share.
_AGREED_FACTS = (
    "data_hash",
    "counts",
    "additional_data",
    "precision",
    "initial_weights",
)


@contextlib.contextmanager
def open_run(config):
    """Owns a run's folder until the block ends.

    In a cluster that is process 0; the others get a folder of their own,
    which is removed at the end.

    Args:
        config: a frozen dataclass, the run's settings, among them `run_dir`
            (the folder, created if missing), `resume` (go on with the run
            that is there) and `overwrite` (replace it).

    Yields:
        A `Run`.

    Raises:
        RunDirectoryError: if the folder holds something else than asked for.
        files.DirectoryInUseError: if another process owns it.
    """
    directory = Path(config.run_dir)
    if getattr(config, "process_id", None):
        with _open_own_place(directory, config) as run:
            yield run
        return
    make_directory(directory, "--run-dir")
    with files.lock_directory(directory):
        for folder in (directory, directory / "checkpoints"):
            files.clear_partial_files(folder)
        settings = _plain(dataclasses.asdict(config))
        there = (directory / "config.json").exists()
        foreign = _foreign_files(directory)
        if there and not (config.resume or config.overwrite):
            raise RunDirectoryError(
                f"{directory} already holds a run. Go on with it by --resume, "
                "replace it by --overwrite, or choose another --run-dir."
            )
        if config.resume and not there:
            raise RunDirectoryError(
                f"There is no run to resume in {directory}. Leave --resume "
                "out, or name the run's folder."
            )
        if foreign and not there:
            raise RunDirectoryError(
                f"{directory} holds files that are no run's ({foreign[0]}). "
                "Choose an empty --run-dir."
            )
        if config.resume:
            run_id = resumption.check_settings(directory, settings)
        else:
            run_id = uuid.uuid4().hex
        yield Run(directory, settings, run_id)


@contextlib.contextmanager
def _open_own_place(directory, config):
    directory = cluster.own_place(directory, config.process_id)
    make_directory(directory, "--run-dir")
    with files.lock_directory(directory):
        # What a killed process left: process 0 knows how far the run is.
        _remove_run(directory)
        settings = _plain(dataclasses.asdict(config))
        yield Run(directory, settings, uuid.uuid4().hex)
    shutil.rmtree(directory)


def make_directory(directory, flag):
    """Creates a folder that a flag names.

    Raises:
        RunDirectoryError: if it is a file, or cannot be created.
    """
    if directory.exists() and not directory.is_dir():
        raise RunDirectoryError(f"{flag} {directory} is a file. Give a folder.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{flag} {directory} cannot be created: {error}"
        ) from error


@dataclasses.dataclass(frozen=True)
class Run:
    """A folder that this process owns.

    Attributes:
        directory: the folder.
        settings: the run's settings, plain values.
        run_id: tells this run's checkpoints from another's.
    """

    directory: Path
    settings: dict
    run_id: str

    def begin(self, facts):
        """Writes config.json and manifest.json, or checks a resumed run's.

        To be called once the data is known to be sound: only now is an older
        run removed, under --overwrite. The manifest keeps what a run was
        started with; each resumption is added to its `resumed`.

        Args:
            facts: mapping with `data_hash`, `counts` and `precision`, and
                whatever else the manifest shall hold; plain values.

        Returns:
            The manifest.

        Raises:
            RunDirectoryError: if a resumed run was started with other data,
                precision or Keras.
            UsageError: if another process of the cluster has others.
        """
        process = {
            "versions": provenance.versions(),
            "command": provenance.command(),
            "commit": provenance.commit(),
            "time": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"
            ),
        }
        cluster.check_agreement(
            {
                name: value
                for name, value in self.settings.items()
                if name not in resumption.FREE_FIELDS
            }
            | {name: facts.get(name) for name in _AGREED_FACTS}
            | {"Keras": process["versions"]["keras"]}
        )
        config_path = self.directory / "config.json"
        path = self.directory / "manifest.json"
        resumed = (
            config_path.exists()
            and resumption.read_json(config_path).get("run_id") == self.run_id
        )
        if resumed and path.exists():
            manifest = resumption.read_json(path)
            before = manifest
            if self.settings.get("weights"):  # once told by their path alone
                start = {"initial_weights": facts.get("initial_weights")}
                before = start | manifest
            resumption.check_facts(self.directory, before, facts | process)
            manifest["resumed"] = [*manifest.get("resumed", []), process]
            settings = resumption.read_json(config_path)
            for name in self.settings.keys() & resumption.LATE_FIELDS:
                settings[name] = self.settings[name]
            files.write_json(config_path, settings)
        else:
            if not resumed:
                _remove_run(self.directory)
            manifest = {**facts, **process, "resumed": []}
            files.write_json(
                config_path, {**self.settings, "run_id": self.run_id}
            )
        files.write_json(path, manifest)
        return manifest


def _plain(settings):
    """Settings as JSON gives them back: text for paths, lists for tuples."""
    return json.loads(json.dumps(settings, default=str))


def _foreign_files(directory):
    own = {".lock", ".owner.json", *RUN_FILES}
    return sorted(
        path.name for path in directory.iterdir() if path.name not in own
    )


def _remove_run(directory):
    # config.json goes last: until then the folder is still seen as a run.
    for name in reversed(RUN_FILES):
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
