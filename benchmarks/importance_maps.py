"""Do the importance maps show what the network decides by?

    python benchmarks/importance_maps.py RUN/model.keras RAFDB_FOLDER

Blanks the fifth of a face that its map names and measures how far the
probability of the true class falls, against a random fifth of the same grid
of cells. One half of the faces chooses among variants of the map, the other
half is reported: means over faces, and 95 % paired bootstrap intervals.
"""

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from PIL import Image
from PIL import ImageFilter

from keras_fer import comparison
from keras_fer import runtime


@dataclasses.dataclass(frozen=True)
class Config:
    """Tests importance maps by blanking."""

    model: tyro.conf.Positional[Path]
    data_dir: tyro.conf.Positional[Path]
    """A folder in RAF-DB's layout; its test part is read."""
    crop_size: int = 90
    faces_of_class: int = 34
    """Classes with fewer are left out."""
    grid: int = 10
    """Cells along a side; whole cells are blanked."""
    share: float = 0.2
    num_random: int = 3
    """Draws of random cells for each face."""
    blur: float = 8.0
    """Standard deviation in pixels of what replaces a cell."""
    seed: int = 0


def main(config):
    runtime.tune_allocator()
    import keras_fer

    model = keras_fer.load_model(config.model)
    images, labels, names = read_faces(config)
    rng = np.random.default_rng(config.seed)
    # Each class gives half of its faces to each half.
    place = np.arange(len(labels)) % config.faces_of_class
    chooses = place < config.faces_of_class // 2
    print(f"{runtime.describe_device()}, {config}")
    print(f"{len(labels)} faces: {config.faces_of_class} each of {names}")

    half = Blanking(model, images[chooses], labels[chooses], rng, config)
    print("\n| chosen by this half | falls by | more than random |")
    print("| --- | --- | --- |")
    for name, maps in variants(model, half.images, half.labels).items():
        half.print_row(name, half.cells(maps), ("random",))

    half = Blanking(model, images[~chooses], labels[~chooses], rng, config)
    combined, layers = chosen(model, half.images)
    for fill in ("blur", "mean colour"):
        half.use(fill)
        print(f"\nReported half, cells replaced by {fill}")
        print(f"Probability of the true class: {half.before.mean():.3f}")
        half.print_head()
        half.print_row("all layers", half.cells(combined), half.controls)
        if fill == "blur":
            for name, maps in layers.items():
                half.print_row(name, half.cells(maps), half.controls[:2])


def read_faces(config):
    """Centre crops of the test part, equally many of each class."""
    from keras_fer import augment
    from keras_fer import input_pipeline
    from keras_fer.datasets.raf_db import load_raf_db

    faces = load_raf_db(config.data_dir, expected_counts="any")["test"]
    rng = np.random.default_rng(config.seed)
    enough = np.flatnonzero(faces.class_counts() >= config.faces_of_class)
    faces = faces.take(
        [
            index
            for label in enough
            for index in rng.permutation(np.flatnonzero(faces.labels == label))[
                : config.faces_of_class
            ]
        ]
    )
    batches = input_pipeline.image_batches(faces, image_size=100, batch_size=64)
    images = [augment.eval_view(batch, config.crop_size) for batch in batches]
    names = ", ".join(faces.class_names[label] for label in enough)
    return np.concatenate(images), faces.labels, names


def chosen(model, images):
    """The maps that the package gives: combined, and of each layer."""
    from keras_fer import importance

    maps = importance.importance_maps(model, images)
    return importance.combined_map(maps), maps


def variants(model, images, labels):
    """Name -> maps, of everything that was tried."""
    from keras_fer import importance

    combine = importance.combined_map

    def maps(**arguments):
        return importance.importance_maps(model, images, **arguments)

    def without(passed, *numbers):
        return {
            name: values
            for number, (name, values) in enumerate(passed.items(), start=1)
            if number not in numbers
        }

    passed = maps()
    mean = np.mean(list(passed.values()), axis=0)
    relevance = class_relevance(model, images, labels)
    return {
        "all layers": combine(passed),
        "without block 1": combine(without(passed, 1)),
        "without blocks 1 and 2": combine(without(passed, 1, 2)),
        "all, arithmetic mean": mean,
        "all, plain mean over channels": combine(maps(order=1.0)),
        "all, fourth power over channels": combine(maps(order=4.0)),
        "all, weights alone": combine(maps(measure="weight")),
        "all, activations alone": combine(maps(measure="activation")),
        "all, times relevance for the true class": combine(passed) * relevance,
    }


def class_relevance(model, images, labels):
    """What each place of the last map says for the class (CAM): no gradient.

    It needs the head of global average and one dense layer, and the class.
    """
    import keras

    pooled = model.get_layer("global_pool")
    extractor = keras.Model(model.inputs, pooled.input)
    features = np.asarray(extractor.predict(images, verbose=0), "float32")
    kernel = np.asarray(model.get_layer("predictions").kernel)
    relevance = np.einsum("nijc,cn->nij", features, kernel[:, labels])
    relevance = np.maximum(relevance, 0)[..., None]
    size = images.shape[1:3]
    resized = keras.ops.image.resize(relevance, size, interpolation="bilinear")
    return np.asarray(resized)[..., 0]


class Blanking:
    """One half of the faces, and what random blanking does to them."""

    def __init__(self, model, images, labels, rng, config):
        self.model, self.images, self.labels = model, images, labels
        self.rng, self.config = rng, config
        self.num_cells = round(config.share * config.grid**2)
        self.before = self.probability(images)
        self.use("blur")

    def use(self, fill: Literal["blur", "mean colour"]):
        if fill == "blur":
            blur = ImageFilter.GaussianBlur(self.config.blur)
            self.filling = np.stack(
                [
                    Image.fromarray(image.astype("uint8")).filter(blur)
                    for image in self.images
                ]
            )
        else:
            self.filling = self.images.mean(axis=(1, 2), keepdims=True)
        shape = (len(self.images), self.config.grid**2)
        draws = [
            self.fall(self.rng.random(shape))
            for _ in range(self.config.num_random)
        ]
        # The falls that controls without a map give.
        self.falls = {"random": np.mean(draws, axis=0)}
        place = np.arange(self.config.grid) - (self.config.grid - 1) / 2
        centre = -(place[:, None] ** 2 + place**2).ravel()
        self.falls["centre"] = self.fall(np.broadcast_to(centre, shape))

    controls = ("random", "centre", "another face's map")

    def cells(self, maps):
        """Sum of the map in each cell `(faces, cells)`."""
        grid, size = self.config.grid, maps.shape[1]
        owner = np.arange(size) * grid // size == np.arange(grid)[:, None]
        sums = np.einsum("ay,nyx,bx->nab", owner, maps, owner)
        return sums.reshape(len(maps), -1)

    def fall(self, scores):
        """By how much the true class falls when the top cells are blanked."""
        grid, size = self.config.grid, self.images.shape[1]
        top = np.argsort(-scores, axis=1, kind="stable")[:, : self.num_cells]
        blank = np.zeros(scores.shape, bool)
        np.put_along_axis(blank, top, True, axis=1)
        cell = np.arange(size) * grid // size
        blank = blank.reshape(-1, grid, grid)[:, cell][:, :, cell, None]
        images = np.where(blank, self.filling, self.images)
        return self.before - self.probability(images)

    def probability(self, images):
        found = self.model.predict(images, batch_size=34, verbose=0)
        return found[np.arange(len(images)), self.labels]

    def print_head(self):
        controls = " | ".join(f"more than {name}" for name in self.controls)
        print(f"\n| map | falls by | {controls} |")
        print("| --- " * (2 + len(self.controls)) + "|")
        for name, fall in self.falls.items():
            blank = "| " * len(self.controls)
            print(f"| {name} | {fall.mean():.4f} {blank}|")

    def print_row(self, name, scores, controls):
        fall = self.fall(scores)
        falls = dict(self.falls)
        if "another face's map" in controls:
            # Faces stand by class: half of them further is another class.
            falls["another face's map"] = self.fall(
                np.roll(scores, len(scores) // 2, axis=0)
            )
        differences = [interval(fall - falls[name]) for name in controls]
        print(
            f"| {name} | {fall.mean():.4f} | {' | '.join(differences)} |",
            flush=True,
        )


def interval(differences, num_resamples=10_000):
    """Mean and 95 % percentile bootstrap interval over faces."""
    low, high = comparison.bootstrap_interval(differences, num_resamples)
    return f"{differences.mean():+.4f} ({low:+.4f} to {high:+.4f})"


if __name__ == "__main__":
    main(tyro.cli(Config))
