"""Several devices: a network trained on all of them at once.

On the GPUs of one machine TensorFlow's MirroredStrategy keeps a copy of every
weight on each device, gives each its part of the batch and adds up the
gradients. Batch normalisation sees its own device's part alone, unless it is
synchronised. In a cluster the JAX backend does the same with the devices of
all processes, and batch normalisation sees the whole batch.
"""

import contextlib

import keras
import numpy as np

from keras_fer import cluster
from keras_fer import runtime
from keras_fer.errors import NonFiniteLossError
from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError


@contextlib.contextmanager
def on_devices(model, devices="1", *, synchronized=False):
    """The network on several devices; its weights come back at the end.

    To be compiled and fitted inside the block. In a cluster all processes
    end it together, and each goes on alone.

    Args:
        model: a `keras.Model` of `keras_fer.build_model`, not compiled.
        devices: see `runtime.list_devices`.
        synchronized: whether batch normalisation sees the whole batch: the
            result is that of one device, at the price of an exchange for
            every such layer.

    Yields:
        A `keras.Model` with the same weights; `model` itself for one device.

    Raises:
        UsageError: see `runtime.list_devices`; on another backend than
            TensorFlow.
    """
    if cluster.is_joined():
        with cluster.data_parallel().scope():
            copy = model.from_config(model.get_config())
            # Not set_weights, which leaves dropout's random state out.
            values = [variable.numpy() for variable in model.variables]
            for variable, value in zip(
                copy.variables, cluster.broadcast(values), strict=True
            ):
                variable.assign(value)
            with cluster.together(NonFiniteLossError, TrainingInterrupted):
                yield copy
            weights = copy.get_weights()
        cluster.leave()
        model.set_weights(weights)
        return
    if devices == "1":
        yield model
        return
    if keras.backend.backend() != "tensorflow":
        raise UsageError(
            "--devices is for the TensorFlow backend. Here it is "
            f"{keras.backend.backend()}."
        )
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(runtime.list_devices(devices))
    with strategy.scope():
        copy = model.from_config(model.get_config())
        for layer in copy.layers:
            if synchronized and hasattr(layer, "synchronized"):
                layer.synchronized = True
        copy.set_weights(model.get_weights())
        yield copy
    model.set_weights(copy.get_weights())


def is_spread(model):
    """Whether the model stands on several devices."""
    return (
        keras.backend.backend() == "tensorflow"
        and model.distribute_strategy.num_replicas_in_sync > 1
    )


def spread_batches(model, batches):
    """Each batch in as many parts as the model has devices.

    Args:
        model: of `on_devices`.
        batches: `tf.data.Dataset`.

    Returns:
        An iterable; of NumPy arrays where the backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        return batches.as_numpy_iterator()
    if not is_spread(model):
        return batches
    return model.distribute_strategy.experimental_distribute_dataset(batches)


def spread_batch(model, *arrays):
    """One batch as `spread_batches` gives it.

    Args:
        model: of `on_devices`.
        arrays: of equal length.

    Returns:
        A list; in a cluster of this process's part.
    """
    index, number = cluster.share()
    if number > 1:
        length = len(arrays[0]) // number
        return [array[index * length :][:length] for array in arrays]
    if not is_spread(model):
        return list(arrays)
    strategy = model.distribute_strategy
    number = strategy.num_replicas_in_sync
    return [
        strategy.experimental_distribute_values_from_function(
            lambda context, array=array: keras.ops.convert_to_tensor(
                array[context.replica_id_in_sync_group :: number]
            )
        )
        for array in arrays
    ]


def test_on_batch(model, images, labels):
    """Loss and accuracy of one batch, which need not divide.

    Args:
        model: compiled, of `on_devices`.
        images, labels: the whole batch, on every process of a cluster.

    Returns:
        [loss, accuracy], floats.
    """
    _, number = cluster.share()
    parts = number * cluster.num_local_devices()
    if parts > 1 and len(images) % parts:
        # Where nothing divides, every device sees all: the means are equal.
        local = cluster.num_local_devices()
        images = np.concatenate([np.asarray(images)] * local)
        labels = np.concatenate([labels] * local)
    elif number > 1:
        images, labels = spread_batch(model, np.asarray(images), labels)
    targets = _targets(labels, model.output_shape[-1])
    return model.test_on_batch(images, targets)


def train_on_batch(model, images, labels):
    """One training step.

    Args:
        model: compiled, of `on_devices`.
        images, labels: a batch of `spread_batches`.

    Returns:
        (loss, accuracy) of the whole batch, floats.
    """
    num_classes = model.output_shape[-1]
    if not is_spread(model):
        targets = _targets(labels, num_classes)
        loss, accuracy = model.train_on_batch(images, targets)
        return float(loss), float(accuracy)
    targets = model.distribute_strategy.run(
        lambda part: keras.ops.one_hot(part, num_classes), args=(labels,)
    )
    # model.train_on_batch would give every device the whole batch.
    model.make_train_function()
    model.reset_metrics()
    logs = model.train_function(iter([(images, targets)]))
    return float(logs["loss"]), float(logs["accuracy"])


def _targets(labels, num_classes):
    targets = keras.ops.one_hot(labels, num_classes)
    if cluster.is_distributed():
        # An array of one device is none of the cluster's.
        targets = keras.ops.convert_to_numpy(targets)
    return targets
