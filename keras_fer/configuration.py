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

from keras_fer import cluster
from keras_fer import setting_checks
from keras_fer import supervisor
from keras_fer.errors import DiskFullError
from keras_fer.errors import ExpectedError
from keras_fer.errors import PeerLostError
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
    coordinator: str | None = None
    """Several machines, under KERAS_BACKEND=jax: HOST:PORT of process 0, or
    auto for what the cluster's environment says."""
    num_processes: int | None = None
    """How many processes share each batch of --batch-size."""
    process_id: int | None = None
    """Which of them this is, from 0. Process 0 owns --run-dir."""


# Of this start, whatever the settings come from.
_PLACE_FIELDS = {"coordinator", "num_processes", "process_id"}


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
        setting_checks.check(config)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    return config


def run(main, config):
    """Runs a recipe and turns what stops it into message and status.

    A process of a cluster is started once more, under a supervisor.

    Returns:
        0, or 2 for wrong usage, 3 for bad data, 4 if interrupted but
        resumable: the process's exit status.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if getattr(config, "coordinator", None) is None:
        return _run(main, config)
    if not supervisor.is_supervised():
        return supervisor.supervise(
            cluster.describe(config), lambda: _command_to_go_on(config)
        )
    return supervisor.obey(lambda: _run(main, config))


def _run(main, config):
    try:
        with cluster.joined(config) as config:
            main(config)
    except (TrainingInterrupted, DiskFullError) as interruption:
        print(
            f"\n{str(interruption).rstrip('.')}; nothing is lost. Go on with:"
            f"\n  {_command_to_go_on(config)}",
            file=sys.stderr,
        )
        return interruption.exit_status
    except PeerLostError as error:
        print(
            supervisor.how_to_go_on(str(error), _command_to_go_on(config)),
            file=sys.stderr,
        )
        return error.exit_status
    except ExpectedError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        message = "\nstopped at once."
        if hasattr(config, "run_dir") or hasattr(config, "runs_dir"):
            message += " Go on from the last checkpoint with:\n  "
            message += _command_to_go_on(config)
        print(message, file=sys.stderr)
        return TrainingInterrupted.exit_status
    return 0


def _command_to_go_on(config):
    run_dir = getattr(config, "run_dir", None)
    is_member = getattr(config, "coordinator", None) is not None
    if run_dir is not None and is_member:
        run_dir = cluster.own_place(run_dir, config.process_id)
    path = None if run_dir is None else Path(run_dir) / "config.json"
    begun = path is not None and path.exists()
    if is_member:
        # Where a process begins anew, the others must too, and theirs is no
        # config.json: the whole command.
        words = [word for word in sys.argv if word != "--overwrite"]
        words += ["--resume"] * (begun and "--resume" not in words)
        return "KERAS_BACKEND=jax " + shlex.join(["python", *words])
    if begun:
        return shlex.join(
            ["python", sys.argv[0], "--config", str(path), "--resume"]
        )
    return shlex.join(["python", *sys.argv])


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
    saved |= dict.fromkeys(_PLACE_FIELDS & set(fields))
    return config_class(**saved)


def _value_of(flag, arguments):
    for position, argument in enumerate(arguments):
        if argument == flag and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{flag}="):
            return argument.partition("=")[2]
    return None
