"""A run's folder: who owns it, what it was started with, how to go on."""

import contextlib
import dataclasses
import datetime
import json
import platform
import shlex
import shutil
import subprocess
import sys
import uuid
from importlib import metadata
from pathlib import Path

from keras_fer import files
from keras_fer.errors import UsageError

# What may differ between a run and its resumption.
FREE_FIELDS = (
    "data_dir",
    "cache_dir",
    "run_dir",
    "resume",
    "overwrite",
    "config",
)
# What a run writes. --overwrite removes these and nothing else.
RUN_FILES = (
    "config.json",
    "manifest.json",
    "history.csv",
    "curves.png",
    "confusion.png",
    "report.json",
    "report.md",
    "model.keras",
    "model.weights.h5",
    "checkpoints",
    "saved_model",
)


class RunDirectoryError(UsageError):
    """The folder cannot be used as asked; the message says what to do."""


@contextlib.contextmanager
def open_run(directory, config, *, resume=False, overwrite=False):
    """Owns a run's folder until the block ends.

    Args:
        directory: the folder; created if missing.
        config: a frozen dataclass, the run's settings.
        resume: go on with the run that is there.
        overwrite: remove the run that is there.

    Yields:
        A `Run`.

    Raises:
        RunDirectoryError: if the folder holds something else than asked for.
        files.DirectoryInUseError: if another process owns it.
    """
    directory = Path(directory)
    if directory.exists() and not directory.is_dir():
        raise RunDirectoryError(
            f"--run-dir {directory} is a file. Give a folder."
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"--run-dir {directory} cannot be created: {error}"
        ) from error
    with files.lock_directory(directory):
        files.clear_partial_files(directory)
        config_path = directory / "config.json"
        settings = _plain(dataclasses.asdict(config))
        foreign = _foreign_files(directory)
        if config_path.exists() and overwrite:
            _remove_run(directory)
        elif config_path.exists() and not resume:
            raise RunDirectoryError(
                f"{directory} already holds a run. Go on with it by --resume, "
                "replace it by --overwrite, or choose another --run-dir."
            )
        elif not config_path.exists() and resume:
            raise RunDirectoryError(
                f"There is no run to resume in {directory}. Leave --resume "
                "out, or name the run's folder."
            )
        elif not config_path.exists() and foreign:
            raise RunDirectoryError(
                f"{directory} holds files that are no run's ({foreign[0]}). "
                "Choose an empty --run-dir."
            )
        if config_path.exists():
            run = _read_run(directory, settings)
        else:
            run = Run(directory, uuid.uuid4().hex)
            files.write_json(config_path, {**settings, "run_id": run.run_id})
        yield run


@dataclasses.dataclass(frozen=True)
class Run:
    """A folder that this process owns.

    Attributes:
        directory: the folder.
        run_id: tells this run's checkpoints from another's.
    """

    directory: Path
    run_id: str

    def write_manifest(self, facts):
        """Writes manifest.json: versions, command, commit, and `facts`.

        A resumed run must be of the same data and the same Keras.

        Args:
            facts: mapping with at least `data_hash`, and `counts` of faces;
                plain values.

        Returns:
            The manifest.

        Raises:
            RunDirectoryError: if the manifest that is there says otherwise.
        """
        path = self.directory / "manifest.json"
        now = {
            **facts,
            "versions": versions(),
            "command": command(),
            "commit": commit(),
            "started": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"
            ),
        }
        if path.exists():
            then = _read_json(path)
            for name, before, after in (
                ("data", then.get("data_hash"), now["data_hash"]),
                # Another leak search or split changes what is trained on.
                ("numbers of faces", then.get("counts"), now.get("counts")),
                (
                    "Keras version",
                    then.get("versions", {}).get("keras"),
                    now["versions"]["keras"],
                ),
            ):
                if before != after:
                    raise RunDirectoryError(
                        f"{self.directory} was started with other {name}: "
                        f"{before}, now {after}. Start a new run in another "
                        "--run-dir."
                    )
            now["started"] = then.get("started", now["started"])
        files.write_json(path, now)
        return now


def versions():
    """The versions that decide a result, by package."""
    names = ("keras-fer", "keras", "tensorflow", "numpy", "pillow")
    found = {"python": platform.python_version()}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def command():
    """The command line of this process, as a shell would take it."""
    return shlex.join(["python", *sys.argv])


def commit():
    """The commit of the checkout that this code lies in, or None.

    A plus sign behind it means that files differ from the commit.
    """
    folder = Path(__file__).resolve().parent

    def git(*arguments):
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        revision = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return revision + ("+" if changed else "")


def _read_run(directory, settings):
    path = directory / "config.json"
    before = _read_json(path)
    run_id = before.pop("run_id", None)
    if not isinstance(run_id, str):
        raise RunDirectoryError(
            f"{path} has no run_id, so it is not a run's. Use --overwrite."
        )
    different = [
        f"  {name}: {before.get(name)!r} before, {settings.get(name)!r} now"
        for name in sorted({*before, *settings} - set(FREE_FIELDS))
        if before.get(name) != settings.get(name)
    ]
    if different:
        raise RunDirectoryError(
            f"{directory} was started with other settings:\n"
            + "\n".join(different)
            + f"\nGo on with --config {path} --resume, or start a new run in "
            "another --run-dir."
        )
    return Run(directory, run_id)


def _read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunDirectoryError(
            f"{path} cannot be read ({error}). Use --overwrite to start again."
        ) from error


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
