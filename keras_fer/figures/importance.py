"""Importance maps laid over the faces that they belong to."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_fer.figures.canvas import new_figure

_SIDE = 1.2  # inches of a panel
_COLORS = "inferno"
# What the brightest and the darkest place of a map leave of the picture.
_MOST_OPAQUE, _LEAST_OPAQUE = 0.75, 0.15


def importance_figure(
    images: np.ndarray,
    maps: Mapping[str, np.ndarray],
    labels: Sequence[int] | np.ndarray | None,
    probabilities: np.ndarray,
    class_names: Sequence[str],
) -> Figure:
    """Where each layer looked, over each face.

    A row is a face: the picture with its true class and what the network
    took it for, then a column for each map, over the picture in grey. A map's
    colours go from zero to its own largest value.

    Args:
        images: `(num_images, height, width, 3)`, RGB, values 0..255.
        maps: name to `(num_images, height, width)`, as
            `importance.importance_maps` gives them; a combined map may be
            added under a name of its own.
        labels: the true classes `(num_images,)`, indices into `class_names`.
            None where nobody knows.
        probabilities: the model's, `(num_images, num_classes)`.
        class_names: the classes, in the order of the columns.

    Returns:
        A figure that `save_figure` writes.

    Raises:
        ValueError: if there is no face or no map, or sizes do not fit.
    """
    images = np.asarray(images)
    probabilities = np.asarray(probabilities)
    maps = {name: np.asarray(values) for name, values in maps.items()}
    _check_sizes(images, maps, labels, probabilities, class_names)
    figure = new_figure(_SIDE * (len(maps) + 2.2), _SIDE * len(images) + 0.3)
    grid = figure.subplots(len(images), len(maps) + 1, squeeze=False)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
    truths = [""] * len(images)
    if labels is not None:
        truths = [f"{class_names[label]}\n-> " for label in labels]
    for row, image, truth, shares in zip(
        grid, images, truths, probabilities, strict=True
    ):
        image = np.clip(image, 0, 255).astype("uint8")
        row[0].imshow(image)
        found = int(shares.argmax())
        row[0].set_ylabel(
            f"{truth}{class_names[found]}\n{100 * shares[found]:.0f} %",
            fontsize=8.5,
            rotation=0,
            ha="right",
            va="center",
        )
        for axes in row[1:]:
            # Rec. 601, as Pillow turns RGB to grey.
            axes.imshow(
                image @ (0.299, 0.587, 0.114), cmap="gray", vmin=0, vmax=255
            )
    grid[0, 0].set_title("the face", fontsize=9)
    for column, (name, values) in zip(grid[:, 1:].T, maps.items(), strict=True):
        column[0].set_title(name, fontsize=9)
        for axes, map_of_face in zip(column, values, strict=True):
            largest = map_of_face.max() or 1.0
            shown = map_of_face / largest
            axes.imshow(
                map_of_face,
                cmap=_COLORS,
                vmin=0,
                vmax=largest,
                alpha=_LEAST_OPAQUE + (_MOST_OPAQUE - _LEAST_OPAQUE) * shown,
            )
    return figure


def _check_sizes(images, maps, labels, probabilities, class_names) -> None:
    num_images = len(images)
    shapes = {name: values.shape for name, values in maps.items()}
    if (
        images.ndim != 4
        or not num_images
        or not maps
        or set(shapes.values()) != {images.shape[:3]}
    ):
        raise ValueError(
            "Every map must have the size of the pictures, and there must be "
            "a face and a map. Received: images of "
            f"{images.shape}, maps of {shapes}"
        )
    expected = num_images, len(class_names)
    labels = probabilities if labels is None else labels
    if len(labels) != num_images or probabilities.shape != expected:
        raise ValueError(
            f"{num_images} faces of {len(class_names)} classes need as many "
            f"labels and probabilities {expected}. Received: {len(labels)} "
            f"labels, probabilities {probabilities.shape}"
        )
