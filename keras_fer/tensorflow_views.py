"""Training views in TensorFlow's operations, for Keras's other backends.

tf.data traces what it maps, and Keras's operations can be traced by TensorFlow
on its own backend alone. A test compares both forms.
"""

import tensorflow as tf


def train_view(images, transforms, size, colours=None, boxes=None):
    """`augment.train_view`, with its arguments and its result."""
    images = tf.cast(images, tf.float32)
    views = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=tf.shape(images)[1:-1],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
    views = tf.ensure_shape(views[:, :size, :size, :], (None, size, size, 3))
    if colours is not None:
        contrast, shift = (colours[:, n, None, None, None] for n in (0, 1))
        mean = tf.reduce_mean(views, axis=(1, 2, 3), keepdims=True)
        views = contrast * (views - mean) + mean + shift
        views = tf.clip_by_value(views, 0.0, 255.0)
    if boxes is not None:
        top, left, bottom, right = (boxes[:, n, None] for n in range(4))
        places = tf.range(size, dtype=tf.float32)[None]
        in_rows = (places >= top) & (places < bottom)
        in_columns = (places >= left) & (places < right)
        inside = in_rows[:, :, None] & in_columns[:, None, :]
        mean = tf.reduce_mean(views, axis=(1, 2), keepdims=True)
        views = tf.where(inside[..., None], mean, views)
    return views
