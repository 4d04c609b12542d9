"""Which settings nobody can mean, found before anything is loaded."""

import dataclasses
import importlib.util
import os
from pathlib import Path

from keras_fer.errors import UsageError

_ONE = ("1", "all")  # of `--devices`
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
    "num_processes": (1, float("inf")),
    "frozen_blocks": (0, 5),
    "layer_decay": (0.01, 1),
    "initial_share": (0, 0.99),
}


def check(config):
    """Refuses values that no recipe can mean, whatever fields it has.

    Args:
        config: a recipe's Config, a dataclass.

    Raises:
        UsageError: says which flag to change.
    """
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
    _check_cluster(values)
    _check_devices(values)
    crop, image = values.get("crop_size"), values.get("image_size")
    if crop and image and crop > image:
        raise UsageError(
            f"--crop-size {crop} does not fit into --image-size {image}"
        )
    for name in _DATA_FIELDS:
        for run_name in ("run_dir", "runs_dir"):
            _check_paths(name, values.get(name), run_name, values.get(run_name))


def check_batch(batch_size, number, whose):
    """Refuses a batch that does not divide: it would hang all processes.

    Args:
        batch_size: faces a step, of all processes together.
        number: of equal parts.
        whose: these are, for the message.

    Raises:
        UsageError: with the nearest sizes that do.
    """
    rest = batch_size % number
    if rest:
        nearest = [
            str(size)
            for size in (batch_size - rest, batch_size - rest + number)
            if size
        ]
        raise UsageError(
            f"--batch-size {batch_size} does not divide among {whose}. Take "
            f"{' or '.join(nearest)}."
        )


def _check_cluster(settings):
    """Refuses what no cluster can be made of."""
    address = settings.get("coordinator")
    number, index = settings.get("num_processes"), settings.get("process_id")
    if address is None:
        if number is not None or index is not None:
            raise UsageError(
                "--num-processes and --process-id need --coordinator "
                "HOST:PORT, an address of process 0, or --coordinator auto."
            )
        return
    if address != "auto":
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise UsageError(
                f"--coordinator {address}: expected HOST:PORT, an address of "
                "process 0, or auto for what the cluster's environment says."
            )
        if number is None or index is None:
            raise UsageError(
                f"--coordinator {address} needs --num-processes N and, from "
                "0 to N - 1, --process-id I."
            )
    if number is not None and index is not None and index >= number:
        raise UsageError(
            f"--process-id {index} of --num-processes {number}: expected 0 "
            f"to {number - 1}."
        )
    _check_backend()
    if settings.get("devices", "1") != "1":
        raise UsageError(
            "--devices is for one process. With --coordinator each process "
            "uses every GPU it sees (CUDA_VISIBLE_DEVICES=0,2 shows two)."
        )
    if number:
        check_batch(settings["batch_size"], number, f"{number} processes")


def _check_devices(settings):
    """Refuses what only one device, or TensorFlow alone, can do."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    devices = settings.get("devices", "1")
    words = [word for word in devices.split(",") if word]
    # "all" can be one, and "1," is: what is there is known later.
    several = len(words) > 1 or words == [devices] and devices not in _ONE
    if devices != "1" and backend != "tensorflow":
        raise UsageError(
            f"--devices is for the TensorFlow backend. Here it is {backend}; "
            "on JAX, --coordinator localhost:9876 --num-processes 1 "
            "--process-id 0 trains on all GPUs."
        )
    for name in ("sam", "flip_consistency"):
        if settings.get(name) and backend != "tensorflow":
            raise UsageError(
                f"{_flag(name)} needs the TensorFlow backend and so one "
                f"machine. Leave it, or KERAS_BACKEND={backend} and "
                "--coordinator, out."
            )
        if settings.get(name) and several:
            raise UsageError(
                f"{_flag(name)} trains on one device. Leave it or --devices "
                "out."
            )


def _check_backend():
    if os.environ.get("KERAS_BACKEND") != "jax":
        raise UsageError(
            "--coordinator needs the JAX backend: start with KERAS_BACKEND="
            "jax in the environment. Under TensorFlow, keras.distribution "
            "would silently train on one device of each process."
        )
    if importlib.util.find_spec("jax") is None:
        raise UsageError(
            "--coordinator needs JAX, which is not installed: "
            "pip install 'keras-fer[jax]', and jax[cuda12] for GPUs."
        )


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
