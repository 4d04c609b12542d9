"""What does local importance-based pooling cost on LiteRT?

    python benchmarks/tflite_latency.py

Converts `build_model()` and the same network with max pooling to every
format, times both in turn, and prints the first's time as a ratio to the
second's in the same round: median, and the middle half of the rounds. Weights
are random, since time does not depend on them; `--model` takes trained ones.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import tyro

from keras_fer import runtime


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


def main(config):
    from keras_fer.export import latency
    from keras_fer.litert import LiteRTModel

    print(f"{runtime.describe_device()}, {config}")
    print(
        "| format | threads | max, ms | LIP, ms | ratio | middle half | "
        "partitions, max / LIP |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as directory:
        files = write_files(config, Path(directory))
        for model_format, paths in files.items():
            parts = [LiteRTModel(path).num_partitions() for path in paths]
            for threads in config.threads:
                seconds = latency.invoke_seconds(paths, threads, config.rounds)
                ratios = seconds[1] / seconds[0]
                low, median, high = np.percentile(ratios, (25, 50, 75))
                base, pooled = 1e3 * np.median(seconds, axis=1)
                print(
                    f"| {model_format} | {threads} | {base:.2f} | "
                    f"{pooled:.2f} | {median:.2f} | {low:.2f}-{high:.2f} | "
                    f"{parts[0]} / {parts[1]} |",
                    flush=True,
                )


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
    rng = np.random.default_rng(0)
    for model in models.values():
        for variable in model.trainable_variables:
            if len(variable.shape) == 4:  # LIP's start at zero
                fan_in = np.prod(variable.shape[:3])
                values = rng.normal(0, np.sqrt(2 / fan_in), variable.shape)
                variable.assign(values)
    if config.model is not None:
        models["lip"] = keras_fer.load_model(config.model)
        shape = models["lip"].input_shape[1:]
    views = rng.uniform(0, 255, (8, *shape)).astype("float32")
    files = {name: [] for name in config.formats}
    for pooling, model in models.items():
        for name in config.formats:
            path = directory / f"{pooling}.{name}.tflite"
            path.write_bytes(tflite.convert(model, name, views))
            files[name].append(path)
    return files


if __name__ == "__main__":
    main(tyro.cli(Config))
