"""How fast are training views made, beside bare JPEG decoding?

    python -m benchmarks.input_pipeline

Draws faces, then times in turn, several rounds: `tf.io.decode_jpeg` alone in
a parallel map, the training batches of an epoch (decoding, rotation, crop and
mirror), and the same by the layers that Keras has for it, whose views do not
repeat from one run to the next.
"""

import dataclasses
import io

import keras
import numpy as np
import tensorflow as tf
import tyro

from keras_fer import augment
from keras_fer import input_pipeline
from keras_fer import markdown
from keras_fer import timing
from keras_fer.classes import CLASSES
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.labeled_faces import LabeledFaces

SETTINGS = augment.ViewSettings(100, 90, max_angle=10.0)
TITLES = {
    "views": "training views, from the epoch's table",
    "layers": "keras.layers: RandomRotation, RandomCrop, RandomFlip",
    "decoded": "decode_jpeg alone",
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Times the input pipeline."""

    num_faces: int = 6000
    rounds: int = 7
    batch_size: int = 32


def main(config):
    faces = draw_faces(200, config.num_faces)
    pipelines = {
        "views": views(faces, config.batch_size),
        "layers": by_layers(faces, config.batch_size),
        "decoded": decoded(faces, config.batch_size),
    }

    def run(dataset):
        for _ in dataset:
            pass

    seconds = timing.in_turn(
        {name: lambda d=d: run(d) for name, d in pipelines.items()},
        config.rounds,
    )
    rows = []
    for name, title in TITLES.items():
        count = config.num_faces // config.batch_size * config.batch_size
        rate = np.median(count / seconds[name])
        # Of speeds, not of times.
        cells = timing.ratio_cells(seconds["views"], seconds[name])
        rows.append([title, f"{rate:,.0f}", *cells])
    header = ["100x100 JPEG to", "images/s", "speed, ratio", "middle half"]
    print(markdown.table(header, rows))


def draw_faces(num_drawn, num_faces):
    """Drawn faces, repeated; every repetition is memory of its own."""
    encoded = draw_pictures(num_drawn)
    images = tuple(
        bytes(bytearray(encoded[index % num_drawn]))
        for index in range(num_faces)
    )
    labels = np.arange(num_faces, dtype="int32") % num_drawn % 7
    return LabeledFaces(images, labels, ("",) * num_faces, CLASSES)


def draw_pictures(number):
    """Drawn faces as JPEG, the seven expressions in turn."""
    rng = np.random.default_rng(0)
    encoded = []
    for index in range(number):
        stream = io.BytesIO()
        draw_face(CLASSES[index % 7], rng).save(stream, "JPEG", quality=80)
        encoded.append(stream.getvalue())
    return encoded


def views(faces, batch_size, epoch=0):
    table = input_pipeline.draw_epoch(
        faces.labels, seed=0, epoch=epoch, settings=SETTINGS
    )
    return input_pipeline.train_batches(
        faces, table, settings=SETTINGS, batch_size=batch_size
    )


def by_layers(faces, batch_size):
    """What a Keras user would write."""
    layers = (
        keras.layers.RandomRotation(SETTINGS.max_angle / 360),
        keras.layers.RandomCrop(SETTINGS.crop_size, SETTINGS.crop_size),
        keras.layers.RandomFlip("horizontal"),
    )

    def augmented(images):
        images = tf.cast(images, tf.float32)
        for layer in layers:
            images = layer(images, training=True)
        return images

    return (
        decoded(faces, batch_size)
        .map(augmented, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(2)
    )


def decoded(faces, batch_size):
    def decode(picture):
        # The transform that training takes.
        image = tf.io.decode_jpeg(
            picture, channels=3, dct_method="INTEGER_ACCURATE"
        )
        return tf.ensure_shape(image, (100, 100, 3))

    dataset = tf.data.Dataset.from_tensor_slices(
        np.array(faces.images, dtype=object)
    )
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.batch(batch_size, drop_remainder=True)


if __name__ == "__main__":
    main(tyro.cli(Config))
