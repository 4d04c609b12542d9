"""The drawn sets that `--demo` trains on, kept with the prepared data."""

from keras_fer.datasets import drawn_faces
from keras_fer.datasets import prepared
from keras_fer.errors import DataError

# With these seeds no face of one set resembles a test face of the other.
_SETS = {
    "raf_db": {"num_train": 1400, "num_test": 350, "seed": 0},
    "sfew": {"num_train": 560, "num_test": 350, "seed": 3},
}


def demo_directory(layout, cache_dir=None):
    """Draws a demo's faces, unless they lie there already.

    Args:
        layout: "raf_db" or "sfew".
        cache_dir: see `prepared.cache_directory`.

    Returns:
        The folder, a `Path`.

    Raises:
        DataError: if they cannot be kept there.
    """
    name = "drawn-faces" if layout == "raf_db" else f"drawn-faces-{layout}"
    directory = prepared.cache_directory(cache_dir) / name
    try:
        return drawn_faces.write_drawn_faces(
            directory, layout=layout, **_SETS[layout]
        )
    except (OSError, ValueError) as error:
        raise DataError(
            f"{directory}: {error} Move it away, or give another --cache-dir."
        ) from error
