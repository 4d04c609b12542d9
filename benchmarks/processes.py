"""How does a folder's answer grow with faces and with processes?

    python -m benchmarks.processes

Writes aligned faces as files and times the whole command `keras-fer predict
--detector none`, in turn: half of the folder, all of it, all of it with
several workers, and all of it in as many shards side by side.
"""

import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tyro

from keras_fer import markdown
from keras_fer import timing


@dataclasses.dataclass(frozen=True)
class Config:
    """Times folder prediction."""

    num_faces: int = 2000
    processes: tuple[int, ...] = (2,)
    """How many workers, and how many shards."""
    side: int = 90
    width: float = 1.0
    model_format: str = "int8"
    """Of keras_fer.export.FORMATS."""
    rounds: int = 5


def main(config):
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        write(config, directory)
        half, whole = directory / "half", directory / "whole"
        cases = {
            ("one process, half of the faces", config.num_faces // 2): [[half]],
            ("one process", config.num_faces): [[whole]],
        }
        for number in config.processes:
            key = f"--workers {number}", config.num_faces
            cases[key] = [[whole, "--workers", number]]
            key = f"{number} processes, --shard I/{number}", config.num_faces
            cases[key] = [
                [whole, "--shard", f"{index + 1}/{number}"]
                for index in range(number)
            ]
        seconds = timing.in_turn(
            {
                case: lambda commands=commands: run(directory, commands)
                for case, commands in cases.items()
            },
            config.rounds,
        )
    base = seconds["one process", config.num_faces]
    rows = [
        [
            name,
            f"{number:,}",
            f"{np.median(values):.2f}",
            f"{number / np.median(values):,.0f}",
            *timing.ratio_cells(base, values),
        ]
        for (name, number), values in seconds.items()
    ]
    header = ["keras-fer predict", "faces", "s, with its start", "faces/s"]
    print(markdown.table([*header, "speed, ratio", "middle half"], rows))


def write(config, directory):
    """The model and both folders of faces."""
    import keras_fer
    from benchmarks import input_pipeline
    from benchmarks import tflite_latency

    model = keras_fer.build_model(
        input_shape=(config.side, config.side, 3), width=config.width
    )
    tflite_latency.randomize(model)
    path = directory / "model.tflite"
    tflite_latency.write_model(path, model, config.model_format, 100)
    drawn = input_pipeline.draw_pictures(100)
    for name, share in (("half", 2), ("whole", 1)):
        (directory / name).mkdir()
        for index in range(config.num_faces // share):
            face = directory / name / f"{index:06}.jpg"
            face.write_bytes(drawn[index % len(drawn)])


def run(directory, commands):
    """Several commands side by side, to the end of the last."""
    children = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "keras_fer", "predict"),
                *map(str, command),
                *("--model", directory / "model.tflite"),
                *("--json", directory / "answers.json", "--detector", "none"),
            ],
            cwd=Path(__file__).parents[1],
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    for child in children:
        _, error = child.communicate()
        if child.returncode:
            raise RuntimeError(f"keras-fer predict failed:\n{error}")


if __name__ == "__main__":
    main(tyro.cli(Config))
