"""From a recipe's command line to its frozen Config, and back to a status.

Nothing here loads TensorFlow: a wrong flag ends a program before that.
"""

import dataclasses
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Literal

import tyro

from keras_fer.errors import DiskFullError
from keras_fer.errors import ExpectedError
from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError

Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
# What `pooling_variants.pooling_variant` knows.
Pooling = Literal[
    "lip",
    "max",
    "avg",
    "soft",
    "lip-batch",
    "lip-instance",
    "lip-3x3",
    "lip-authors",
    "lip-bottleneck",
    "lip-from-max",
]


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """What every recipe that trains can be told of its run."""

    # Run
    run_dir: Path
    """Where everything the run makes goes."""
    resume: bool = False
    """Go on with the run in --run-dir."""
    overwrite: bool = False
    """Replace the run in --run-dir."""
    config: Path | None = None
    """Take the settings of another run: RUN/config.json."""
    seed: int = 0
    """Decides weights, split, order and views."""
    precision: Precision = "auto"
    """auto: the fastest that the device computes natively."""
    deterministic: bool = False
    """Resume bit for bit as if never stopped; slower."""
    devices: str = "1"
    """GPUs: all, a number, or indices such as 0,2. N of them make --batch-size
    and --learning-rate N times as large."""
    sync_batch_norm: bool = False
    """Normalise over the batch of all devices, not of each."""


_DATA_FIELDS = ("data_dir", "rafdb_dir", "sfew_dir")
# Smallest and largest value; other numbers are 0 or more.
_RANGES = {
    "epochs": (1, float("inf")),
    "batch_size": (1, float("inf")),
    "image_size": (32, 1024),
    "crop_size": (32, 1024),
    "learning_rate": (1e-12, float("inf")),
    "width": (0.01, 4),
    "validation_fraction": (0.01, 0.9),
    "test_fraction": (0.01, 0.9),
    "dropout": (0, 0.99),
    "average_momentum": (0, 0.999999),
    "label_smoothing": (0, 0.99),
    "class_balance": (0, 1),
    "max_angle": (0, 180),
    "max_zoom": (0, 0.9),
    "max_contrast": (0, 1),
    "max_brightness": (0, 1),
    "erase_probability": (0, 1),
    "sam": (0, 10),
    "sfew_epochs": (1, float("inf")),
    "seeds": (1, 1000),
    "frozen_blocks": (0, 5),
    "layer_decay": (0.01, 1),
}


def read_config(config_class, demo, arguments=None):
    """Makes a recipe's Config of the command line.

    Args:
        config_class: a frozen dataclass with a default for every field.
        demo: field -> value, the defaults under `--demo`.
        arguments: the words of the command line. None takes `sys.argv`.

    Returns:
        A `config_class`.

    Raises:
        SystemExit: with status 2 for a word or value that is not understood.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        default = _defaults(config_class, demo, arguments)
        config = tyro.cli(
            config_class,
            args=arguments,
            default=default,
            config=(
                tyro.conf.FlagCreatePairsOff,
                tyro.conf.HelptextFromCommentsOff,
            ),
        )
        check_values(config)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    return config


def run(main, config):
    """Runs a recipe and turns what stops it into message and status.

    Returns:
        0, or 2 for wrong usage, 3 for bad data, 4 if interrupted but
        resumable: the process's exit status.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        main(config)
    except (TrainingInterrupted, DiskFullError) as interruption:
        print(
            f"\n{str(interruption).rstrip('.')}; nothing is lost. Go on with:"
            f"\n  {_command_to_go_on(config)}",
            file=sys.stderr,
        )
        return interruption.exit_status
    except ExpectedError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print(
            "\nstopped at once. Go on from the last checkpoint with:\n  "
            f"{_command_to_go_on(config)}",
            file=sys.stderr,
        )
        return TrainingInterrupted.exit_status
    return 0


def _command_to_go_on(config):
    path = Path(getattr(config, "run_dir", "")) / "config.json"
    if hasattr(config, "run_dir") and path.exists():
        command = ["python", sys.argv[0], "--config", path, "--resume"]
    else:
        command = ["python", *sys.argv]
    return shlex.join(map(str, command))


def _defaults(config_class, demo, arguments):
    fields = {field.name: field for field in dataclasses.fields(config_class)}
    path = _value_of("--config", arguments)
    if path is None or "config" not in fields:
        chosen = demo if "--demo" in arguments else {}
        return config_class(**chosen)
    try:
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(saved, dict):
            raise ValueError("it holds no settings")
    except (OSError, ValueError) as error:
        raise UsageError(f"--config {path} cannot be read: {error}") from error
    saved.pop("run_id", None)
    unknown = sorted(set(saved) - set(fields))
    if unknown:
        raise UsageError(
            f"--config {path} has settings this recipe does not know: "
            f"{', '.join(unknown)}"
        )
    for name, value in saved.items():
        if value is not None and "Path" in str(fields[name].type):
            saved[name] = Path(value)
    saved |= {"resume": False, "overwrite": False, "config": Path(path)}
    return config_class(**saved)


def _value_of(flag, arguments):
    for position, argument in enumerate(arguments):
        if argument == flag and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{flag}="):
            return argument.partition("=")[2]
    return None


def check_values(config):
    """Refuses values that no recipe can mean, whatever fields it has."""
    values = dataclasses.asdict(config)
    for name, value in values.items():
        low, high = _RANGES.get(name, (0, float("inf")))
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if not low <= value <= high or value == float("inf"):
            raise UsageError(
                f"{_flag(name)} must be from {low:g} to {high:g}: {value}"
                if high < float("inf")
                else f"{_flag(name)} must be at least {low:g}: {value}"
            )
    if values.get("resume") and values.get("overwrite"):
        raise UsageError(
            "--resume goes on with a run and --overwrite removes it. Choose "
            "one."
        )
    for name in _DATA_FIELDS:
        if values.get("demo") and values.get(name):
            raise UsageError(
                f"--demo draws its own faces and {_flag(name)} names others. "
                "Choose one."
            )
    if values.get("weights") and values.get("initial_weights"):
        raise UsageError(
            "--weights and --initial-weights both say where to start. Choose "
            "one."
        )
    started = values.get("weights") or values.get("initial_weights")
    if values.get("frozen_blocks") and not started:
        raise UsageError(
            "--frozen-blocks keeps weights that were learned before. Name "
            "them: --initial-weights RUN."
        )
    folds, fold = values.get("folds"), values.get("fold")
    if folds == 1 or fold and fold >= folds:
        raise UsageError(
            f"--folds {folds}, --fold {fold or 0}: folds are 2 or more, and "
            "the first one is 0."
        )
    crop, image = values.get("crop_size"), values.get("image_size")
    if crop and image and crop > image:
        raise UsageError(
            f"--crop-size {crop} does not fit into --image-size {image}"
        )
    for name in _DATA_FIELDS:
        for run_name in ("run_dir", "runs_dir"):
            _check_paths(name, values.get(name), run_name, values.get(run_name))


def _check_paths(data_name, data_dir, run_name, run_dir):
    if data_dir is None or run_dir is None:
        return
    if Path(data_dir).is_file():
        raise UsageError(
            f"{_flag(data_name)} {data_dir} is a file. Unpack it and give the "
            "folder."
        )
    if Path(run_dir).resolve().is_relative_to(Path(data_dir).resolve()):
        raise UsageError(
            f"{_flag(run_name)} {run_dir} lies inside {_flag(data_name)} "
            f"{data_dir}. Choose a folder outside."
        )


def _flag(name):
    return "--" + name.replace("_", "-")
