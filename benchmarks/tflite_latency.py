"""What does local importance-based pooling cost on LiteRT?

    python -m benchmarks.tflite_latency

Converts `build_model()` and the same network with max pooling to every
format, times both in turn, and prints the first's time as a ratio to the
second's in the same round: median, and the middle half of the rounds. Weights
are random, since time does not depend on them; `--model` takes trained ones.

    python -m benchmarks.tflite_latency --files fer2013 fer2013-small

times files that there are, in turn: presets, runs, or `.tflite` files.
"""

import dataclasses
import sys
import tempfile
from pathlib import Path

import numpy as np
import tyro

from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares the latency of pooling layers on LiteRT."""

    formats: tuple[str, ...] = ("float32", "dynamic", "int8", "full_int8")
    """Of keras_fer.export.FORMATS, without saved_model."""
    threads: tuple[int, ...] = (1, 2)
    """Threads of the interpreters."""
    rounds: int = 60
    """Timed answers of each file."""
    width: float = 1.0
    """Multiplies every number of filters."""
    size: int = 90
    """Side of the network's input, in pixels."""
    model: Path | None = None
    """A trained .keras file in place of the random network."""
    files: tuple[str, ...] = ()
    """Presets, exported runs or .tflite files to time instead."""


def main(config):
    print(f"{runtime.describe_device()}, {config}", file=sys.stderr)
    if config.files:
        time_files(config)
    else:
        compare_pooling(config)


def time_files(config):
    from keras_fer import exported_model
    from keras_fer.export import latency

    paths = [exported_model.find_tflite(name) for name in config.files]
    rows = []
    for threads in config.threads:
        seconds = latency.invoke_seconds(paths, threads, config.rounds)
        for name, path, taken in zip(config.files, paths, seconds, strict=True):
            low, middle, high = np.percentile(1e3 * taken, (25, 50, 75))
            rows.append(
                [
                    *(name, f"{path.stat().st_size / 1e6:.1f}", str(threads)),
                    *(f"{middle:.2f}", f"{low:.2f}-{high:.2f}"),
                ]
            )
    header = ["file", "MB", "threads", "ms", "middle half"]
    print(markdown.table(header, rows))


def compare_pooling(config):
    from keras_fer.export import latency
    from keras_fer.litert import LiteRTModel

    rows = []
    with tempfile.TemporaryDirectory() as directory:
        files = write_files(config, Path(directory))
        for model_format, paths in files.items():
            parts = [LiteRTModel(path).num_partitions() for path in paths]
            for threads in config.threads:
                seconds = latency.invoke_seconds(paths, threads, config.rounds)
                base, pooled = 1e3 * np.median(seconds, axis=1)
                rows.append(
                    [
                        *(model_format, str(threads)),
                        *(f"{base:.2f}", f"{pooled:.2f}"),
                        *timing.ratio_cells(seconds[1], seconds[0]),
                        f"{parts[0]} / {parts[1]}",
                    ]
                )
    header = ["format", "threads", "max, ms", "LIP, ms", "ratio"]
    header += ["middle half", "partitions, max / LIP"]
    print(markdown.table(header, rows))


def write_files(config, directory):
    """Format -> [path of the max pooling network, path of the LIP network]."""
    import keras_fer
    from keras_fer.export import tflite

    shape = (config.size, config.size, 3)
    models = {
        pooling: keras_fer.build_model(
            input_shape=shape, width=config.width, pooling=pooling
        )
        for pooling in ("max", "lip")
    }
    for model in models.values():
        randomize(model)
    if config.model is not None:
        models["lip"] = keras_fer.load_model(config.model)
        shape = models["lip"].input_shape[1:]
    rng = np.random.default_rng(0)
    views = rng.uniform(0, 255, (8, *shape)).astype("float32")
    files = {name: [] for name in config.formats}
    for pooling, model in models.items():
        for name in config.formats:
            path = directory / f"{pooling}.{name}.tflite"
            path.write_bytes(tflite.convert(model, name, views))
            files[name].append(path)
    return files


def write_model(path, model, model_format, image_size):
    """Writes the file as an export would, with its description."""
    from keras_fer import model_file
    from keras_fer.classes import CLASSES
    from keras_fer.export import tflite

    side = model.input_shape[1]
    views = np.random.default_rng(0).uniform(0, 255, (8, side, side, 3))
    path.write_bytes(
        tflite.convert(model, model_format, views.astype("float32"))
    )
    contract = model_file.Contract(CLASSES, image_size, side, model_format)
    model_file.attach(path, contract)


def randomize(model):
    """Draws every convolution's weights: LIP's start at zero."""
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if len(variable.shape) == 4:
            fan_in = np.prod(variable.shape[:3])
            values = rng.normal(0, np.sqrt(2 / fan_in), variable.shape)
            variable.assign(values)


if __name__ == "__main__":
    main(tyro.cli(Config))
