"""How long from nothing to the first answer, and what do imports cost?

    python -m benchmarks.first_answer

Starts fresh Python processes in turn, round by round: imports alone, then one
face answered by the exported network, by the command and by Keras. Wall time
with the start of Python, and the largest memory of the process.
"""

import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tyro
from PIL import Image

from keras_fer import markdown
from keras_fer import timing

ANSWER = """
from keras_fer.classifier import Classifier
Classifier({tflite!r}).predict({face!r})
"""
KERAS = """
import keras_fer
from keras_fer.face_image import read_face
model = keras_fer.load_model({keras!r})
model.predict_on_batch(read_face({face!r}, {side})[None])
"""
CASES = {
    "python, nothing imported": "",
    "import keras_fer": "import keras_fer",
    "import keras_fer.classifier": "import keras_fer.classifier",
    "import tensorflow_datasets": "import tensorflow_datasets",
    "import tensorflow": "import tensorflow",
    "import keras": "import keras",
    "first answer, Classifier": ANSWER,
    "first answer, Keras model": KERAS,
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Times fresh processes."""

    cases: tuple[str, ...] = tuple(CASES)
    """Which of them."""
    side: int = 90
    width: float = 1.0
    model_format: str = "int8"
    """Of keras_fer.export.FORMATS, for Classifier."""
    rounds: int = 7


def main(config):
    peaks = {}
    with tempfile.TemporaryDirectory() as directory:
        facts = write_models(config, Path(directory))
        seconds = timing.in_turn(
            {
                name: lambda name=name: run(
                    CASES[name].format(**facts), peaks, name
                )
                for name in config.cases
            },
            config.rounds,
        )
    base = seconds[config.cases[0]]
    rows = [
        [
            name,
            f"{np.median(values):.2f}",
            f"{np.percentile(values, 25):.2f}-{np.percentile(values, 75):.2f}",
            *timing.ratio_cells(values, base),
            f"{peaks[name]:,.0f}",
        ]
        for name, values in seconds.items()
    ]
    header = ["a fresh process", "s", "middle half", "ratio to the first"]
    print(markdown.table([*header, "middle half", "peak memory, MB"], rows))


def write_models(config, directory):
    """What the cases need: {name: path or value}; nothing for imports."""
    facts = {
        "side": config.side,
        "face": str(directory / "face.png"),
        "tflite": str(directory / "model.tflite"),
        "keras": str(directory / "model.keras"),
    }
    pixels = np.random.default_rng(0).integers(
        0, 256, (config.side, config.side, 3), dtype=np.uint8
    )
    Image.fromarray(pixels).save(facts["face"])
    if any("{" in CASES[name] for name in config.cases):
        import keras_fer
        from benchmarks import tflite_latency

        model = keras_fer.build_model(
            input_shape=(config.side, config.side, 3), width=config.width
        )
        tflite_latency.randomize(model)
        model.save(facts["keras"])
        path = directory / "model.tflite"
        tflite_latency.write_model(
            path, model, config.model_format, config.side
        )
    return facts


def run(code, peaks, name):
    """A fresh process; its peak memory, in MB, goes into `peaks`."""
    # Not getrusage: its peak is the parent's where that was larger.
    code += (
        "\nlines = open('/proc/self/status').read().splitlines()"
        "\nprint([line.split()[1] for line in lines if 'VmHWM' in line][0])"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )
    if child.returncode:
        raise RuntimeError(f"{name} failed:\n{child.stderr}")
    megabytes = int(child.stdout.split()[-1]) * 1024 / 1e6
    peaks[name] = max(megabytes, peaks.get(name, 0))


if __name__ == "__main__":
    main(tyro.cli(Config))
