"""What a run and its resumption must have alike."""

import json

from keras_fer.errors import UsageError

# What may differ between a run and its resumption.
FREE_FIELDS = (
    "data_dir",
    "additional_data_dir",
    "cache_dir",
    "initial_weights",  # told by their run's id
    "run_dir",
    "resume",
    "overwrite",
    "export",
    "config",
    "coordinator",  # who computes; what is computed is the same
    "num_processes",
    "process_id",
)
# What is done to finished weights: a resumption may choose anew.
LATE_FIELDS = ("initial_share",)


class RunDirectoryError(UsageError):
    """The folder cannot be used as asked; the message says what to do."""


def check_settings(directory, settings):
    """Compares settings with those of the run that is there.

    Args:
        directory: the run's folder.
        settings: the resumption's, plain values.

    Returns:
        The run's id.

    Raises:
        RunDirectoryError: with the settings that differ.
    """
    path = directory / "config.json"
    before = read_json(path)
    run_id = before.pop("run_id", None)
    if not isinstance(run_id, str):
        raise RunDirectoryError(
            f"{path} has no run_id, so it is not a run's. Use --overwrite."
        )
    different = [
        f"  {name}: {before.get(name)!r} before, {settings.get(name)!r} now"
        for name in sorted({*before, *settings} - {*FREE_FIELDS, *LATE_FIELDS})
        if before.get(name) != settings.get(name)
    ]
    if different:
        raise RunDirectoryError(
            f"{directory} was started with other settings:\n"
            + "\n".join(different)
            + f"\nGo on with --config {path} --resume, or start a new run in "
            "another --run-dir."
        )
    return run_id


def check_facts(directory, before, now):
    """Compares what a run found when it began with what is found now.

    Args:
        directory: the run's folder, for messages.
        before: its manifest.
        now: the same facts of the resumption.

    Raises:
        RunDirectoryError: with the first that differs.
    """
    for name, key in (
        ("data", "data_hash"),
        # Another leak search or split changes what is trained on.
        ("numbers of faces", "counts"),
        ("additional data", "additional_data"),
        ("precision", "precision"),
        ("initial weights", "initial_weights"),
        ("devices", "devices"),
        ("Keras backend", "backend"),
    ):
        if before.get(key) != now.get(key):
            raise RunDirectoryError(
                f"{directory} was started with other {name}: "
                f"{before.get(key)}, now {now.get(key)}. Start a new run in "
                "another --run-dir."
            )
    keras_before = before.get("versions", {}).get("keras")
    if keras_before != now["versions"]["keras"]:
        raise RunDirectoryError(
            f"{directory} was started with Keras {keras_before}, this is "
            f"{now['versions']['keras']}. Install keras=={keras_before}, or "
            "start a new run in another --run-dir."
        )


def read_json(path):
    """A run's config.json or manifest.json.

    Raises:
        RunDirectoryError: if it cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds no settings")
        return found
    except (OSError, ValueError) as error:
        raise RunDirectoryError(
            f"{path} cannot be read ({error}). Use --overwrite to start again."
        ) from error
