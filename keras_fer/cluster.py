"""Several machines that train one network, each on its part of every batch.

Keras's DataParallel on the JAX backend, over all devices of all processes.
Each process has the whole data set and draws the same epochs' tables; of each
batch it decodes its own part. Process 0 alone owns the run's folder.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
from pathlib import Path

from keras_fer import setting_checks
from keras_fer.errors import PeerLostError
from keras_fer.errors import UsageError

# A peer that says nothing for so long is gone, in seconds.
_SILENCE = 10
# How long the others may take to start, and to finish, in seconds.
_PATIENCE = 300
# What an error has in its class's name or in its message, if it is of an
# exchange between processes.
_EXCHANGES = ("JaxRuntimeError", "XlaRuntimeError", "Gloo", "NCCL")


def describe(config):
    """For example "process 1 of 2"."""
    if config.process_id is None:
        return "this process"
    return f"process {config.process_id} of {config.num_processes}"


def own_place(directory, process_id):
    """The folder in which a process writes.

    Args:
        directory: the run's folder.
        process_id: an int, or None outside a cluster.

    Returns:
        A `Path`: of process 0 the run's folder, of others one beside it.
    """
    directory = Path(directory)
    if not process_id:
        return directory
    directory = directory.resolve()
    return directory.with_name(f".{directory.name}.process-{process_id}")


@contextlib.contextmanager
def joined(config):
    """A member of the cluster that a recipe's settings name.

    Args:
        config: a recipe's Config; it alone without a `coordinator`.

    Yields:
        The Config, with the `num_processes` and `process_id` that hold.

    Raises:
        UsageError: if the environment names no cluster, or if the batch does
            not divide among all devices.
        PeerLostError: if another process does not come, or is gone later.
    """
    if os.environ.get("KERAS_BACKEND") == "jax":
        # TensorFlow only reads pictures here: the GPUs' memory is JAX's.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    address = getattr(config, "coordinator", None)
    if address is None:
        yield config
        return
    import jax
    from jax.experimental import multihost_utils

    # It would swallow the requests to end that training answers.
    jax.config.update("jax_enable_preemption_service", False)
    named = address != "auto"
    try:
        jax.distributed.initialize(
            address if named else None,
            config.num_processes,
            config.process_id,
            cluster_detection_method="deactivate" if named else None,
            initialization_timeout=_PATIENCE,
            heartbeat_timeout_seconds=_SILENCE,
            shutdown_timeout_seconds=_PATIENCE,
        )
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"--coordinator {address}: {error} Name HOST:PORT, "
            "--num-processes and --process-id."
        ) from error
    except RuntimeError as error:
        raise PeerLostError(
            f"No cluster at {address}: {_short(error)}. Is process 0 running, "
            "and can its port be reached from here?"
        ) from error
    with _loss_named():
        number = jax.device_count()
        with together(UsageError):
            setting_checks.check_batch(
                config.batch_size, number, f"{number} devices"
            )
        # The first exchange makes the connections, and waits 30 s for the
        # others; later ones wait for whoever has more data to check.
        multihost_utils.sync_global_devices("joined")
        yield dataclasses.replace(
            config,
            num_processes=jax.process_count(),
            process_id=jax.process_index(),
        )


def is_joined():
    """Whether this process is a member of a cluster."""
    if os.environ.get("KERAS_BACKEND") != "jax":
        return False
    import jax

    return jax.distributed.is_initialized()


def num_processes():
    """How many are in this process's cluster."""
    import jax

    return jax.process_count()


def leave():
    """Waits until all processes come here; each is alone from then on."""
    import jax

    jax.distributed.shutdown()


@contextlib.contextmanager
def together(*errors):
    """For a block in which all processes meet these errors, or none does.

    They leave the cluster before they go on: one that ended first would take
    the others with it, before they could say why.

    Args:
        errors: classes.
    """
    try:
        yield
    except errors:
        leave()
        raise


def data_parallel():
    """Keras's distribution over all devices of all processes."""
    import keras

    return keras.distribution.DataParallel(auto_shard_dataset=False)


def is_distributed():
    """Whether what is done now is done by all devices of the cluster.

    Raises:
        UsageError: for `keras.distribution` on another backend than JAX.
    """
    import keras

    if keras.distribution.distribution() is None:
        return False
    if keras.backend.backend() != "jax":
        raise UsageError(
            "keras.distribution trains on several devices under JAX alone; "
            f"under {keras.backend.backend()} it silently uses one. Set "
            "KERAS_BACKEND=jax, or use --devices."
        )
    return True


def share():
    """(index, number): this process's part of each batch."""
    if not is_distributed():
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def num_local_devices():
    """How many devices of this process train."""
    if not is_distributed():
        return 1
    import jax

    return jax.local_device_count()


def is_any(flag):
    """Whether any process says True; all of them get the same answer.

    Args:
        flag: bool.
    """
    if share()[1] == 1:
        return flag
    import numpy as np

    return bool(_gather(np.array(flag, "int32")).any())


def broadcast(arrays):
    """Process 0's arrays, on every process.

    Args:
        arrays: a list of NumPy arrays, of the same shapes on all.

    Returns:
        A list of NumPy arrays.
    """
    from jax.experimental import multihost_utils

    return multihost_utils.broadcast_one_to_all(list(arrays))


def broadcast_text(text):
    """Process 0's text, on every process."""
    import numpy as np

    encoded = np.frombuffer(text.encode(), "uint8")
    (length,) = broadcast([np.array(len(encoded))])
    padded = np.zeros(int(length), "uint8")
    padded[: len(encoded)] = encoded[: int(length)]
    (encoded,) = broadcast([padded])
    return bytes(encoded).decode()


def check_agreement(facts):
    """Makes sure that all processes train the same thing.

    Args:
        facts: name -> plain value; the same names everywhere.

    Raises:
        UsageError: on every process, naming what differs.
    """
    if not is_joined():
        return
    import numpy as np

    digests = [
        hashlib.sha256(
            json.dumps(value, sort_keys=True, default=str).encode()
        ).digest()
        for value in facts.values()
    ]
    rows = np.frombuffer(b"".join(digests), "uint8").reshape(len(facts), -1)
    everywhere = _gather(rows)
    equal = (everywhere == everywhere[:1]).all(axis=(0, 2))
    different = [
        name for name, same in zip(facts, equal, strict=True) if not same
    ]
    if different:
        leave()
        raise UsageError(
            "The processes of the cluster differ in: "
            f"{', '.join(different)}. Here: "
            + ", ".join(f"{name} {facts[name]}" for name in different)
            + ". Start all of them with the same settings, data and versions."
        )


def _gather(array):
    """`(num_processes, ...)`: the array of each process."""
    from jax.experimental import multihost_utils

    return multihost_utils.process_allgather(array)


@contextlib.contextmanager
def _loss_named():
    """Tells an exchange that failed from every other error of the block."""
    try:
        yield
    except Exception as error:
        # JAX raises ValueError too, for what it sends at once.
        names = f"{type(error).__name__} {error}"
        if not is_joined() or not any(name in names for name in _EXCHANGES):
            raise
        raise PeerLostError(
            "The exchange with the other processes failed: one of them has "
            f"ended or cannot be reached ({_short(error)})"
        ) from error


def _short(error):
    return " ".join(str(error).split())[:200]
