"""Photos a second: where the time goes, whether memory grows.

    python benchmarks/photos.py --model runs/rafdb

Makes a folder of photos out of the one photograph in the public domain that
Matplotlib carries (Grace Hopper, US Navy), from one to three faces in each,
at several sizes. Then times each step in this process, and the whole command
`keras-fer predict` with one and with several workers. Needs the extra
`faces`.
"""

import collections
import dataclasses
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import numpy as np
import tyro
from PIL import Image

from keras_fer import faces
from keras_fer import timing
from keras_fer.annotation import annotate
from keras_fer.classifier import Classifier
from keras_fer.face_detectors import mtcnn_detector
from keras_fer.photos import PhotoReader
from keras_fer.photos import open_photo


@dataclasses.dataclass(frozen=True)
class Config:
    """Times photos to expressions."""

    model: Path
    """An exported run or a .tflite."""
    num_photos: int = 200
    workers: tuple[int, ...] = (1, 2)
    """How many processes the command is timed with."""
    width: int = 1600
    """Of the largest photos, in pixels."""


def main(config):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        photos = make_photos(folder / "photos", config)
        print(f"{len(photos)} photos of {config.width} pixels and smaller")
        compare_detectors(photos[:20])
        time_steps(photos, config.model)
        for workers in config.workers:
            time_command(folder, config.model, workers)


def make_photos(folder, config):
    """Photos of one to three faces, mirrored, turned and scaled at random."""
    folder.mkdir()
    data = Path(matplotlib.get_data_path()) / "sample_data"
    person = Image.open(data / "grace_hopper.jpg").convert("RGB")
    rng = np.random.default_rng(0)
    paths = []
    for index in range(config.num_photos):
        width = int(config.width * rng.choice([0.5, 0.75, 1]))
        photo = Image.new("RGB", (width, width * 3 // 4), (90, 110, 130))
        for place in range(1 + index % 3):
            height = int(photo.height * rng.uniform(0.4, 1))
            shown = person.resize((height * 512 // 600, height))
            if rng.random() < 0.5:
                shown = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            shown = shown.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC)
            photo.paste(shown, (place * width // 3, photo.height - height))
        paths.append(folder / f"{index:05}.jpg")
        photo.save(paths[-1], quality=90)
    return paths


def compare_detectors(photos):
    """The detector beside the package's own, in turn on the same photos."""
    import mtcnn

    pictures = [np.asarray(open_photo(path).reduce(2)) for path in photos]

    def over_pictures(detect):
        left = iter([pictures[0], *pictures])  # the first one warms up
        return lambda: detect(next(left))

    seconds = timing.in_turn(
        {
            "package": over_pictures(mtcnn.MTCNN().detect_faces),
            "compiled": over_pictures(mtcnn_detector()),
        },
        len(pictures),
    )
    low, middle, high = timing.ratios(seconds["package"], seconds["compiled"])
    print(
        f"mtcnn as its package runs it takes {middle:.2f} times as long as "
        f"compiled (middle half {low:.2f} to {high:.2f})"
    )


def time_steps(photos, model):
    """Each step by itself, in this process, and the memory it ends with."""
    start = time.perf_counter()
    reader = PhotoReader(Classifier(model), mtcnn_detector())
    reader.read(open_photo(photos[0]))
    print(f"loaded and warm after {time.perf_counter() - start:.1f} s")
    seconds = collections.Counter()
    num_faces = 0
    sizes = []
    for number, path in enumerate(photos, 1):
        clock = time.perf_counter()

        def lap(step):
            nonlocal clock
            now = time.perf_counter()
            seconds[step] += now - clock
            clock = now

        picture = open_photo(path)
        lap("open")
        found = faces.find_faces(picture, reader.detector)
        lap("find faces")
        size = reader.classifier.image_size
        crops = [faces.cut_out(picture, face, size) for face in found]
        lap("align")
        reader.classifier.predict(crops)
        lap("classify")
        photo, _ = reader.read(picture)
        clock = time.perf_counter()  # read did all of the above again
        annotate(picture, photo.faces)
        lap("draw (--annotate)")
        num_faces += len(found)
        if number % max(len(photos) // 4, 1) == 0:
            gc.collect()
            sizes.append(f"{resident_megabytes():.0f}")
    print("| step | ms a photo | share |")
    print("| --- | ---: | ---: |")
    for step, spent in seconds.items():
        share = spent / seconds.total()
        print(f"| {step} | {1000 * spent / len(photos):.1f} | {share:.0%} |")
    without = seconds.total() - seconds["draw (--annotate)"]
    print(
        f"{len(photos) / without:.1f} photos/s without drawing, "
        f"{num_faces} faces; MB in use at each quarter: {', '.join(sizes)}"
    )


def time_command(folder, model, workers):
    """The whole command, as a user starts it."""
    output = folder / f"{workers}.json"
    start = time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", "keras_fer", "predict"),
            *(folder / "photos", "--model", model, "--json", output),
            *("--workers", str(workers)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
    )
    spent = time.perf_counter() - start
    number = len(json.loads(output.read_text(encoding="utf-8")))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"keras-fer predict --workers {workers}: {number / spent:.1f} photos/s "
        f"with loading ({spent:.1f} s), largest process so far {peak:.0f} MB"
    )


def resident_megabytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main(tyro.cli(Config))
