"""What the machine offers: precision, memory allocator, name of the device.

Recipes call these; nothing here happens on import.
"""

import ctypes
import dataclasses
import gc
import os
import platform
import sys
from pathlib import Path

from keras_fer import cluster
from keras_fer.errors import UsageError

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


def set_up(seed, precision="auto", deterministic=False, devices="1"):
    """Sets what is global in Keras: random seed, precision, determinism.

    Args:
        seed: of Python, NumPy and the backend.
        precision: see `choose_precision`.
        deterministic: whether the same steps give the same bits; slower.
        devices: see `list_devices`.

    Returns:
        {"seed", "precision", "device", "devices", a list, where more than
        one is trained on, "backend" where it is not TensorFlow, and
        "processes", how many, in a cluster} as a report names them.
    """
    import keras

    keras.utils.set_random_seed(seed)
    if deterministic:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    precision = choose_precision(precision)
    keras.config.set_dtype_policy(precision)
    facts = {
        "seed": seed,
        "precision": precision,
        "device": describe_device(),
    }
    if devices != "1":
        facts["devices"] = list_devices(devices)
    if keras.backend.backend() != "tensorflow":
        facts["backend"] = keras.backend.backend()
    if cluster.is_joined():
        facts["processes"] = cluster.num_processes()
    return facts


def tune_allocator():
    """Keeps large freed buffers in the process instead of returning them.

    glibc gives large blocks back to the system after every training step and
    faults them in again at the next. To be called before TensorFlow is
    loaded; does nothing where the allocator is not glibc's.

    Returns:
        Whether the allocator took the settings.
    """
    library = _glibc()
    trim_threshold, mmap_threshold, largest = -1, -3, 2**31 - 1
    return library is not None and all(
        library.mallopt(option, largest) == 1
        for option in (mmap_threshold, trim_threshold)
    )


def release_memory():
    """Returns to the system what the allocator keeps of freed memory.

    For between large steps: a conversion to TFLite leaves two gigabytes. Does
    nothing where the allocator is not glibc's.

    Returns:
        Whether anything was returned.
    """
    gc.collect()
    library = _glibc()
    return library is not None and library.malloc_trim(0) == 1


def _glibc():
    """The C library, where it is glibc's; else None."""
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(None)


def choose_precision(requested="auto"):
    """The Keras dtype policy to train with.

    Args:
        requested: a policy of `PRECISIONS`. "auto" takes bfloat16 where the
            hardware multiplies it (NVIDIA capability 8 and above, CPUs with
            AMX or AVX-512 BF16), float16 on NVIDIA capability 7, float32
            elsewhere.

    Returns:
        The policy's name.

    Raises:
        ValueError: for an unknown policy.
    """
    if requested not in PRECISIONS:
        raise ValueError(
            f"`precision` must be one of {PRECISIONS}. Received: {requested!r}"
        )
    if requested != "auto":
        return requested
    gpus = _gpus()
    if gpus:
        _, capability = gpus[0]
        if capability >= 8:
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= 7 else "float32"
    fast = {"amx_bf16", "avx512_bf16"} & _cpu_flags()
    return "mixed_bfloat16" if fast else "float32"


def list_devices(devices):
    """The names of the devices to train on.

    Args:
        devices: "all", a number, or their indices from 0 with commas,
            such as "0,2", with a comma at the end for one: "1,". Of the
            GPUs; where there are none, of the logical CPUs.

    Returns:
        A list of strings.

    Raises:
        UsageError: if there are not so many, or it is none of these.
    """
    import tensorflow as tf

    names = [
        device.name.removeprefix("/device:")
        for kind in ("CPU", "GPU")
        for device in tf.config.list_logical_devices(kind)
    ]
    gpus = [name for name in names if name.startswith("GPU")]
    names = gpus or names
    try:
        if devices == "all":
            return names
        if "," not in devices:
            indices = range(int(devices))
        else:
            indices = [int(word) for word in devices.split(",") if word]
        if len(set(indices)) != len(indices) or not indices:
            raise ValueError("a device twice, or none")
    except ValueError as error:
        raise UsageError(
            f"--devices {devices}: expected all, a number, or indices with "
            "commas, such as 0,2."
        ) from error
    if max(indices) >= len(names) or min(indices) < 0:
        raise UsageError(
            f"--devices {devices}: there are {len(names)} here "
            f"({', '.join(names)}), counted from 0."
        )
    return [names[index] for index in indices]


def scale_to_devices(config):
    """A recipe's settings for the devices that it names.

    After Goyal et al., "Accurate, large minibatch SGD", 2017: with N devices
    a step sees N times as many images, at N times the learning rate.

    Args:
        config: a recipe's Config, for one device.

    Returns:
        A Config; `config` itself for one device.

    Raises:
        UsageError: see `list_devices`.
    """
    if config.devices == "1":
        return config
    number = len(list_devices(config.devices))
    return dataclasses.replace(
        config,
        batch_size=number * config.batch_size,
        learning_rate=number * config.learning_rate,
    )


def has_gpu():
    """Whether Keras's backend sees a GPU."""
    return bool(_gpus())


def describe_device():
    """The device's name for a report, for example "2 cores of AMD EPYC"."""
    gpus = _gpus()
    if gpus:
        return f"{len(gpus)} x {gpus[0][0]}"
    return describe_processor()


def describe_processor():
    """The CPU's name, without TensorFlow; see `describe_device`."""
    names = _cpu_info("model name")
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores of {name}"


def _gpus():
    """(name, generation or 0) of each GPU of this process."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return [
            (gpu.device_kind, _generation(gpu.compute_capability))
            for gpu in jax.local_devices()
            if gpu.platform == "gpu"
        ]
    import tensorflow as tf

    details = map(
        tf.config.experimental.get_device_details,
        tf.config.list_physical_devices("GPU"),
    )
    return [
        (
            found.get("device_name", "GPU"),
            found.get("compute_capability", (0,))[0],
        )
        for found in details
    ]


def _generation(capability):
    """8 of "8.6"; 0 of what another maker writes there."""
    number = str(capability).partition(".")[0]
    return int(number) if number.isdigit() else 0


def _cpu_flags():
    lines = _cpu_info("flags")
    return set(lines[0].split()) if lines else set()


def _cpu_info(key):
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return []
    pairs = (line.partition(":") for line in text.splitlines())
    return [value.strip() for name, _, value in pairs if name.strip() == key]
