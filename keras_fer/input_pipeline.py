"""Faces to batches: the only place that shuffles, decodes and batches.

Compressed pictures stay in memory (about 2.8 kB a face), or in their files
where there are too many. An epoch is a table drawn from (seed, epoch): which
image comes when and how it is seen. Batches follow from the table alone,
wherever the pictures are, so a resumed epoch can start at any step.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from keras_fer import augment
from keras_fer import tensorflow_views


@dataclasses.dataclass(frozen=True)
class EpochTable:
    """One epoch, drawn in advance.

    Attributes:
        indices: int64 `(num_images,)`, which face comes when.
        views: `augment.ViewTable` of the same length.
    """

    indices: np.ndarray
    views: augment.ViewTable


def draw_epoch(labels, *, seed, epoch, settings, class_balance=0.0):
    """Draws the epoch's table from `(seed, epoch)`.

    Args:
        labels: int `(num_faces,)`.
        seed: int.
        epoch: int, from 0.
        settings: `augment.ViewSettings`.
        class_balance: 0.0 shows each face once. Above, an epoch of the same
            length draws faces with replacement, a class of `n` faces with
            weight `n ** (1 - class_balance)`: 1.0 shows all classes equally
            often.

    Returns:
        An `EpochTable`.
    """
    rng = np.random.default_rng([seed, epoch])
    indices = rng.permutation(len(labels))
    if class_balance:
        indices = _balanced_sample(rng, labels, float(class_balance))
    # Last of all: what is drawn for a new setting comes behind the rest.
    return EpochTable(indices, augment.draw_views(rng, len(labels), settings))


def train_batches(faces, table, *, settings, batch_size, skip=0, share=(0, 1)):
    """The batches of one epoch, augmented.

    Args:
        faces: `LabeledFaces`.
        table: `EpochTable`.
        settings: the `augment.ViewSettings` that it was drawn with.
        batch_size: images a batch; a smaller last batch is left out.
        skip: how many batches to leave out at the beginning.
        share: (index, number): of each batch, that one of so many equal
            parts which lie one behind the other.

    Returns:
        A `tf.data.Dataset` of (float32 `(batch, crop_size, crop_size, 3)`,
        int32 `(batch,)`).

    Raises:
        ValueError: if a batch has no such parts.
    """
    image_size, crop_size = settings.image_size, settings.crop_size
    part, number = share
    if batch_size % number or not 0 <= part < number:
        raise ValueError(
            f"A batch of {batch_size} faces has no part {part} of {number} "
            "equal ones."
        )
    steps = len(table.indices) // batch_size
    rows = np.arange(steps * batch_size).reshape(steps, number, -1)
    rows = rows[skip:, part].ravel()
    train_view = augment.train_view
    if keras.backend.backend() != "tensorflow":
        train_view = tensorflow_views.train_view
    read = _reader(faces.images)
    labels = tf.constant(faces.labels, tf.int32)

    def view(indices, drawn):
        images = _decode_batch(read(indices), image_size)
        views = train_view(images, size=crop_size, **drawn)
        return views, tf.gather(labels, indices)

    drawn = {
        "transforms": table.views.transforms(crop_size),
        "colours": table.views.colours(),
        "boxes": table.views.boxes(crop_size),
    }
    drawn = {
        name: values[rows]
        for name, values in drawn.items()
        if values is not None
    }
    dataset = tf.data.Dataset.from_tensor_slices((table.indices[rows], drawn))
    dataset = dataset.batch(batch_size // number, drop_remainder=True)
    return _map_ahead(dataset, view)


def image_batches(faces, *, image_size, batch_size):
    """The faces in their own order, decoded and nothing else.

    Args:
        faces: `LabeledFaces`.
        image_size: side that images are resized to, in pixels.
        batch_size: images a batch; the last one may be smaller.

    Returns:
        A `tf.data.Dataset` of uint8 `(batch, image_size, image_size, 3)`.
    """
    read = _reader(faces.images)
    dataset = tf.data.Dataset.range(len(faces)).batch(batch_size)
    return _map_ahead(
        dataset, lambda indices: _decode_batch(read(indices), image_size)
    )


def sample_views(faces, image_size, crop_size, seed, number=64):
    """The centre crops of a few faces drawn at random.

    Args:
        faces: `LabeledFaces`.
        image_size: every face is resized to this side first, in pixels.
        crop_size: side of the views, in pixels.
        seed: of the draw.
        number: how many, if there are as many.

    Returns:
        float32 `(number, crop_size, crop_size, 3)`.
    """
    rng = np.random.default_rng(seed)
    some = faces.take(rng.permutation(len(faces))[:number])
    (images,) = image_batches(some, image_size=image_size, batch_size=number)
    return augment.eval_view(np.asarray(images), crop_size)


def _map_ahead(dataset, function):
    """The dataset's batches through `function`, some of them in advance."""
    options = tf.data.Options()
    # On every core from the start: where TensorFlow tuned the number itself,
    # the end of an epoch waited up to 45 s for a sleeping thread of tf.data.
    options.autotune.enabled = False
    dataset = dataset.map(function, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(2).with_options(options)


def _reader(images):
    """What gives the compressed pictures at a tensor of indices."""
    if isinstance(images, tuple):
        encoded = tf.constant(np.array(images, dtype=object), tf.string)
        return lambda indices: tf.gather(encoded, indices)

    def read(indices):
        return np.array([images[index] for index in indices], dtype=object)

    def gather(indices):
        encoded = tf.numpy_function(read, [indices], tf.string, stateful=False)
        return tf.ensure_shape(encoded, (None,))

    return gather


def _decode_batch(encoded, image_size):
    """Compressed pictures to uint8 RGB `(batch, image_size, image_size, 3)`."""

    def decode(picture):
        # PNG too. The default transform is up to 20 levels off Pillow's, with
        # which faces are classified later; this one is equal, and as fast.
        image = tf.io.decode_jpeg(
            picture, channels=3, dct_method="INTEGER_ACCURATE"
        )
        image.set_shape((None, None, 3))
        shape = tf.shape(image)
        if tf.reduce_all(shape[:2] == image_size):
            return image
        image = tf.image.resize(image, (image_size, image_size), antialias=True)
        image = tf.clip_by_value(tf.round(image), 0.0, 255.0)
        return tf.cast(image, tf.uint8)

    images = tf.map_fn(decode, encoded, fn_output_signature=tf.uint8)
    return tf.ensure_shape(images, (None, image_size, image_size, 3))


def _balanced_sample(rng, labels, class_balance):
    """As many indices as labels, rare classes more often; shuffled.

    Systematic sampling over the faces in the order of their classes: one
    random offset decides all fractions, so that each class gets its share to
    within one face, and no face twice where its class has enough.
    """
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    weights = np.bincount(labels)[labels[order]] ** -class_balance
    shares = np.cumsum(weights) / np.sum(weights) * len(labels)
    points = np.arange(len(labels)) + rng.random()
    positions = np.searchsorted(shares, points, side="right")
    positions = np.minimum(positions, len(labels) - 1)
    return rng.permutation(order[positions])
