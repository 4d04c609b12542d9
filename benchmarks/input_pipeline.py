"""How fast are training views made, beside bare JPEG decoding?

    python benchmarks/input_pipeline.py

Draws faces, then times in turn, several rounds: `tf.io.decode_jpeg` alone in
a parallel map, and the training batches of an epoch (decoding, rotation, crop
and mirror). Prints images a second and their ratio, and by how much the
process grew in an epoch of ten times as many faces.
"""

import dataclasses
import io
import resource
import time

import numpy as np
import tensorflow as tf
import tyro

from keras_fer import augment
from keras_fer import input_pipeline
from keras_fer.classes import CLASSES
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.labeled_faces import LabeledFaces


@dataclasses.dataclass(frozen=True)
class Config:
    """Times the input pipeline."""

    num_faces: int = 6000
    rounds: int = 5
    batch_size: int = 32


def main(config):
    faces = draw_faces(200, config.num_faces)
    rates = {"decode_jpeg": [], "training views": []}
    for round_number in range(config.rounds + 1):
        for name, dataset in (
            ("decode_jpeg", decoded(faces)),
            ("training views", views(faces, config, round_number)),
        ):
            start = time.perf_counter()
            count = sum(len(batch) for batch in dataset)
            if round_number:  # the first one traces
                rates[name].append(count / (time.perf_counter() - start))
    bare, ours = (np.array(rates[name]) for name in rates)
    print(
        f"decode_jpeg {np.median(bare):,.0f} images/s, training views "
        f"{np.median(ours):,.0f} images/s, ratio 1/{np.median(bare / ours):.1f}"
        f" ({np.min(bare / ours):.1f}-{np.max(bare / ours):.1f})"
    )
    before = peak_megabytes()
    more = draw_faces(200, 10 * config.num_faces)
    held = peak_megabytes()
    for _ in views(more, config, 0):
        pass
    print(
        f"{len(more):,} faces: {held - before:.0f} MB for the list, "
        f"{peak_megabytes() - held:.0f} MB more in an epoch, "
        f"{sum(map(len, more.images)) / 1e6:.0f} MB compressed"
    )


def draw_faces(num_drawn, num_faces):
    """Drawn faces, repeated; every repetition is memory of its own."""
    rng = np.random.default_rng(0)
    encoded = []
    for index in range(num_drawn):
        stream = io.BytesIO()
        draw_face(CLASSES[index % 7], rng).save(stream, "JPEG", quality=80)
        encoded.append(stream.getvalue())
    images = tuple(
        bytes(bytearray(encoded[index % num_drawn]))
        for index in range(num_faces)
    )
    labels = np.arange(num_faces, dtype="int32") % num_drawn % 7
    return LabeledFaces(images, labels, ("",) * num_faces, CLASSES)


def decoded(faces):
    dataset = tf.data.Dataset.from_tensor_slices(
        np.array(faces.images, dtype=object)
    )
    dataset = dataset.map(
        lambda picture: tf.io.decode_jpeg(picture, channels=3),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return dataset.batch(32)


def views(faces, config, epoch):
    settings = augment.ViewSettings(100, 90, max_angle=10.0)
    table = input_pipeline.draw_epoch(
        faces.labels, seed=0, epoch=epoch, settings=settings
    )
    batches = input_pipeline.train_batches(
        faces, table, settings=settings, batch_size=config.batch_size
    )
    return batches.map(lambda images, labels: images)


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(tyro.cli(Config))
