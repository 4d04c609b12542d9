"""A model's probabilities on images, from one view of each or from ten.

`keras_fer.metrics` judges them and `keras_fer.report` writes the judgement.
"""

import warnings
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator

import keras
import numpy as np

from keras_fer import augment
from keras_fer.metrics import check_probabilities


def predict(
    model: keras.Model,
    images: np.ndarray | Iterable,
    *,
    batch_size: int = 32,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The model's probabilities on the centre crop of every image.

    Args:
        model: takes square views, RGB 0..255, and gives probabilities. Where
            its input size is unknown, the whole image is the view.
        images: an array `(num_images, height, width, 3)`, uint8 or float32,
            RGB 0..255, or an iterable of batches of that form, which may be
            NumPy arrays or tensors of any backend.
        batch_size: how many views the model gets at once. It changes speed
            and memory alone.
        progress: called after every batch with the number of images done.

    Returns:
        float32 array `(num_images, num_classes)`.

    Raises:
        ValueError: if the images are not of the form above, hold NaN or
            values outside 0..255, or are smaller than the model's view, and
            if the model's output is not probabilities.
    """
    return _predict_views(model, images, _centre_view, batch_size, progress)


def predict_ten_crop(
    model: keras.Model,
    images: np.ndarray | Iterable,
    *,
    batch_size: int = 32,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The model's probabilities, averaged over ten views of every image.

    The views are the four corners and the centre, and their mirror images.
    Arguments, result and errors are those of `predict`; this takes ten times
    as long.
    """
    return _predict_views(model, images, augment.ten_crop, batch_size, progress)


def _predict_views(model, images, make_views, batch_size, progress):
    """Averages the model's probabilities over the views of every image."""
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    results = []
    num_done = 0
    full_size = None
    highest = 0
    for batch in _rebatch(images, batch_size):
        highest = max(highest, _check_values(batch))
        count = len(batch)
        full_size = full_size or count
        if count < full_size:  # another shape would be compiled once more
            spare = ((0, full_size - count), (0, 0), (0, 0), (0, 0))
            batch = np.pad(batch, spare, mode="edge")
        views = make_views(batch, _view_size(model, batch))
        views = keras.ops.convert_to_numpy(views)
        # View by view, so that ten crops need no more memory than one.
        outputs = [
            np.asarray(model.predict_on_batch(views[:, index]), "float32")
            for index in range(views.shape[1])
        ]
        results.append(np.mean(outputs, axis=0)[:count])
        check_probabilities(results[-1], "The model's output")
        num_done += count
        if progress is not None:
            progress(num_done)
    if not results:
        raise ValueError(
            "There are no images to predict. If images is a generator, it "
            "may have been read to its end before: make it again."
        )
    if 0 < highest <= 1:
        warnings.warn(
            f"The largest value in these {num_done} images is {highest:g}: "
            "they look scaled to 0..1, and the model takes RGB 0..255. "
            "Multiply them by 255.",
            stacklevel=3,
        )
    return np.concatenate(results)


def _centre_view(images, size):
    return augment.eval_view(images, size)[:, None]


def _rebatch(images, batch_size: int) -> Iterator[np.ndarray]:
    """The images in batches of `batch_size`, of which the last may be less."""
    if hasattr(images, "shape"):
        images = [images]
    waiting = ()
    for batch in images:
        batch = _as_images(batch)
        if len(waiting):
            if waiting.shape[1:] != batch.shape[1:]:
                raise ValueError(
                    "All images must have one size. Received batches of "
                    f"{waiting.shape[1:3]} and {batch.shape[1:3]} pixels."
                )
            batch = np.concatenate([waiting, batch])
        end = len(batch) - len(batch) % batch_size
        for start in range(0, end, batch_size):
            yield batch[start : start + batch_size]
        waiting = batch[end:]
    if len(waiting):
        yield waiting


def _as_images(batch) -> np.ndarray:
    if isinstance(batch, (tuple, dict)):
        raise ValueError(
            f"Each batch must be one array of images; got a "
            f"{type(batch).__name__} of {len(batch)}. Leave the labels out: "
            "dataset.map(lambda images, labels: images)."
        )
    batch = keras.ops.convert_to_numpy(batch)
    if batch.ndim != 4 or batch.shape[-1] != 3:
        raise ValueError(
            "Images must have the shape (num_images, height, width, 3), "
            f"channels last. Received: {batch.shape}"
        )
    return batch


def _check_values(batch: np.ndarray) -> float:
    """The largest value, once all are found to lie in 0..255."""
    lowest, highest = float(batch.min()), float(batch.max())
    # Resampling may end a rounding error beyond the range; NaN fails both.
    if not (lowest >= -1e-3 and highest <= 255 + 1e-3):
        raise ValueError(
            "Images must hold RGB values in 0..255. Received "
            f"{batch.dtype} values from {lowest:g} to {highest:g}. The model "
            "normalises inside: pass images as they were decoded."
        )
    return highest


def _view_size(model, batch: np.ndarray) -> int:
    """The side of the model's square view; unknown: the image's own."""
    image_size = batch.shape[1:3]
    view_size = zip(model.input_shape[1:3], image_size, strict=True)
    height, width = (known or own for known, own in view_size)
    found = f"{image_size[0]}x{image_size[1]} pixels (height x width)"
    if image_size[0] < height or image_size[1] < width:
        raise ValueError(
            f"The images have {found}, less than the model's view of "
            f"{height}x{width}. Resize them to at least that."
        )
    if height != width:
        raise ValueError(
            f"Views are square, but this model would get {height}x{width} "
            f"from images of {found}. Crop the images to squares, or build "
            "the model with a square input_shape."
        )
    return height
