"""What can this machine do at most? Its matrix and memory rates.

    python -m benchmarks.machine

Multiplies large square matrices in float32 and in bfloat16, and adds large
arrays, by TensorFlow as the network does, in turn in one run. Training steps
and their profile are timed beside the same limits and say how near they come.
"""

import dataclasses

import numpy as np
import tyro

from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing

MATRIX_SIZE, MEGABYTES = 3072, 256


@dataclasses.dataclass(frozen=True)
class Config:
    """Measures the machine's limits."""

    matrix_size: int = MATRIX_SIZE
    """Rows and columns of the matrices."""
    megabytes: int = MEGABYTES
    """Size of each array that is added; well above the caches."""
    rounds: int = 15


def main(config):
    runtime.tune_allocator()
    products = {
        dtype: matrix_product(dtype, config.matrix_size)
        for dtype in ("float32", "bfloat16")
    }
    add, num_bytes = addition(config.megabytes)
    seconds = timing.in_turn(products | {"memory": add}, config.rounds)
    work = dict.fromkeys(products, matrix_work(config.matrix_size))
    work["memory"] = num_bytes
    titles = {
        "float32": "matrix product, float32, GFLOP/s",
        "bfloat16": "matrix product, bfloat16, GFLOP/s",
        "memory": "adding arrays, read and written, GB/s",
    }
    rows = []
    for name, title in titles.items():
        rates = work[name] / seconds[name] / 1e9
        low, median, high = np.percentile(rates, (25, 50, 75))
        rows.append([title, f"{median:,.0f}", f"{low:,.0f}-{high:,.0f}"])
    print(markdown.table(["limit", "median", "middle half"], rows))
    ratio, spread = timing.ratio_cells(seconds["float32"], seconds["bfloat16"])
    print(
        f"\nbfloat16 multiplies {ratio} times as fast as float32 ({spread}). "
        f"Matrices of {config.matrix_size:,} rows, arrays of "
        f"{config.megabytes} MB. Two operations a multiply-add. "
        f"{runtime.describe_device()}."
    )


def matrix_product(dtype, size=MATRIX_SIZE):
    """A product of two square matrices, for `timing.in_turn`."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    left, right = (
        tf.cast(rng.standard_normal((size, size), "float32"), dtype)
        for _ in range(2)
    )
    # Reading a cell waits for a GPU.
    return lambda: float(tf.matmul(left, right)[0, 0])


def matrix_work(size=MATRIX_SIZE):
    """Floating-point operations of `matrix_product`."""
    return 2 * size**3


def addition(megabytes=MEGABYTES):
    """A sum of two float32 arrays, and the bytes that it reads and writes."""
    import tensorflow as tf

    size = megabytes * 250_000
    left, right = tf.ones(size), tf.ones(size)
    return (lambda: float(tf.add(left, right)[0])), 3 * 4 * size


if __name__ == "__main__":
    main(tyro.cli(Config))
