"""Does memory stay flat where a data set is larger than it?

    python -m benchmarks.large_data

Draws faces, repeats them and writes them as TFDS does, in shards. Then fresh
processes in turn, round by round, make the training batches of one epoch:
from memory, from the shards, and from a tenth of the shards' faces. Prints
images a second and what each process held at its peak.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from keras_fer import markdown
from keras_fer import timing

WAYS = {
    "memory": "in memory",
    "files": "from the shards",
    "tenth": "from the shards, a tenth of the faces",
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares pictures in memory with pictures in files."""

    num_faces: int = 200_000
    num_drawn: int = 500
    """Different ones among them."""
    num_shards: int = 16
    batch_size: int = 32
    rounds: int = 3
    folder: Path | None = None
    """Where the shards are written for a while. None: the usual place."""
    way: Literal["", "memory", "files", "tenth"] = ""
    """Makes one epoch of the shards in `folder`, in this process."""


def main(config):
    if config.way:
        print(json.dumps(make_epoch(config)))
        return
    with tempfile.TemporaryDirectory(dir=config.folder) as folder:
        write_shards(config, Path(folder))
        found = {way: [] for way in WAYS}
        for number in range(config.rounds):
            for way, answers in found.items():
                print(f"round {number + 1}, {WAYS[way]} ...", file=sys.stderr)
                answers.append(run(config, folder, way))
    base = rates(found["memory"])
    rows = []
    for way, answers in found.items():
        mine = rates(answers)
        loaded, peak = (
            np.median([answer[name] for answer in answers])
            for name in ("loaded", "peak")
        )
        rows.append(
            [
                WAYS[way],
                f"{answers[0]['num_faces']:,}",
                f"{answers[0]['compressed']:,.0f}",
                f"{np.median(mine):,.0f}",
                *timing.ratio_cells(mine, base),
                f"{loaded:,.0f}",
                f"{peak:,.0f}",
            ]
        )
    header = ["pictures", "faces", "MB compressed", "images/s", "speed, ratio"]
    header += ["middle half", "MB once loaded", "MB at the peak"]
    print(markdown.table(header, rows))


def rates(answers):
    return np.array([a["num_images"] / a["seconds"] for a in answers])


def write_shards(config, folder):
    import tensorflow as tf

    from benchmarks import input_pipeline

    drawn = input_pipeline.draw_pictures(config.num_drawn)
    for shard in range(config.num_shards):
        with tf.io.TFRecordWriter(str(folder / f"faces-{shard:05}")) as writer:
            for index in range(shard, config.num_faces, config.num_shards):
                number = index % config.num_drawn
                features = {
                    "image": tf.train.BytesList(value=[drawn[number]]),
                    "name": tf.train.BytesList(value=[b"%d.jpg" % index]),
                    "label": tf.train.Int64List(value=[number % 7]),
                }
                example = tf.train.Example(
                    features=tf.train.Features(
                        feature={
                            name: tf.train.Feature(int64_list=value)
                            if name == "label"
                            else tf.train.Feature(bytes_list=value)
                            for name, value in features.items()
                        }
                    )
                )
                writer.write(example.SerializeToString())


def run(config, folder, way):
    """One epoch in a fresh process; what `make_epoch` gives."""
    flags = [f"--folder={folder}", f"--batch-size={config.batch_size}"]
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.large_data", "--way", way, *flags],
        check=True,
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(child.stdout)


def make_epoch(config):
    """Loads the faces, and makes the batches of one epoch."""
    from benchmarks import input_pipeline
    from keras_fer.classes import CLASSES
    from keras_fer.datasets import stored_pictures
    from keras_fer.datasets.labeled_faces import LabeledFaces

    paths = sorted(map(str, config.folder.iterdir()))
    pictures, others = stored_pictures.index_records(paths)
    labels = np.array([other["label"] for other in others], "int32")
    names = tuple(other["name"].decode() for other in others)
    faces = LabeledFaces(pictures, labels, names, CLASSES)
    if config.way == "tenth":
        faces = faces.take(range(0, len(faces), 10))
    compressed = faces.images.num_bytes
    if config.way == "memory":
        faces = dataclasses.replace(faces, images=tuple(pictures))
    loaded = megabytes("VmRSS")
    batches = iter(input_pipeline.views(faces, config.batch_size))
    next(batches)  # traces
    start = time.perf_counter()
    num_images = sum(len(labels) for _, labels in batches)
    return {
        "num_faces": len(faces),
        "num_images": num_images,
        "seconds": time.perf_counter() - start,
        "compressed": compressed / 1e6,
        "loaded": loaded,
        "peak": megabytes("VmHWM"),
    }


def megabytes(key):
    """Of this process: VmRSS is what it holds, VmHWM its peak."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(tyro.cli(Config))
