"""Confusion matrices: what each class was taken for."""

import textwrap
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_fer.figures.canvas import new_figure
from keras_fer.figures.canvas import pale_blues


def confusion_matrix_figure(
    matrix: Sequence[Sequence[int]] | np.ndarray,
    class_names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """What each class was taken for, in per cent of the class and in faces.

    The colour is the share of the row, so that rare classes are as easy to
    read as common ones. The row of a class without a face stays empty.

    Args:
        matrix: counts `(num_classes, num_classes)`, true classes as rows.
        class_names: the classes, in the order of rows and columns.
        title: what stands above the matrix.

    Returns:
        A figure that `save_figure` writes.

    Raises:
        ValueError: if the matrix is not square in the number of names.
    """
    matrix = _checked(matrix, class_names)
    num_classes = len(class_names)
    # Room for the names, in inches, so that they do not squeeze the cells.
    names = 0.09 * max(len(name) for name in class_names)
    width = 1.2 + names + 0.75 * num_classes
    lines = textwrap.wrap(title or "", int(width / 0.12))
    height = 1.0 + 0.65 * names + 0.25 * len(lines) + 0.75 * num_classes
    figure = new_figure(width, height)
    figure.suptitle("\n".join(lines))
    _draw_matrix(figure.subplots(), matrix, class_names)
    return figure


def confusion_matrices_figure(
    panels: Mapping[str, Mapping[str, Sequence[Sequence[int]] | np.ndarray]],
    class_names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Confusion matrices of several networks on several sets: Figure 4.

    Args:
        panels: data set to network to counts `(num_classes, num_classes)`,
            true classes as rows, as a report's `confusion_matrix`. A set is
            a row of panels and a network a column, in the order in which
            they first appear. What was not measured is left out, and its
            place stays empty.
        class_names: the classes, in the order of rows and columns.
        title: what stands above all of it.

    Returns:
        A figure that `save_figure` writes.

    Raises:
        ValueError: if there is no panel, or a matrix is not square in the
            number of names.
    """
    networks = list(
        dict.fromkeys(name for row in panels.values() for name in row)
    )
    if not networks:
        raise ValueError(
            "`panels` needs at least one data set with one network. Received: "
            f"{dict(panels)}"
        )
    num_classes = len(class_names)
    names = 0.08 * max(len(name) for name in class_names)
    side = 0.6 * num_classes + names
    lines = textwrap.wrap(title or "", int(len(networks) * side / 0.12))
    figure = new_figure(
        len(networks) * (side + 0.9),
        len(panels) * (side + 0.7) + 0.3 * len(lines),
    )
    if lines:
        figure.suptitle("\n".join(lines))
    grid = figure.subplots(len(panels), len(networks), squeeze=False)
    for row, (data_set, matrices) in zip(grid, panels.items(), strict=True):
        for axes, network in zip(row, networks, strict=True):
            axes.set_title(f"{network}, {data_set}", fontsize=11)
            if network not in matrices:
                axes.set_axis_off()
                axes.text(0.5, 0.5, "not measured", ha="center", va="center")
                continue
            matrix = _checked(matrices[network], class_names)
            _draw_matrix(axes, matrix, class_names)
    return figure


def _checked(matrix, class_names: Sequence[str]) -> np.ndarray:
    matrix = np.asarray(matrix)
    num_classes = len(class_names)
    if matrix.shape != (num_classes, num_classes):
        raise ValueError(
            f"The confusion matrix must be {num_classes}x{num_classes}, as "
            f"there are {num_classes} class names. Received: {matrix.shape}"
        )
    return matrix


def _draw_matrix(
    axes: Axes, matrix: np.ndarray, class_names: Sequence[str]
) -> None:
    num_classes = len(class_names)
    support = matrix.sum(axis=1, keepdims=True)
    shares = 100 * matrix / np.maximum(support, 1)
    axes.imshow(shares, cmap=pale_blues(), vmin=0, vmax=100)
    for row, column in np.ndindex(matrix.shape):
        count = matrix[row, column]
        share = f"{shares[row, column]:.1f} %\n" if count else ""
        if support[row]:
            axes.text(
                column,
                row,
                f"{share}{count:,}",
                ha="center",
                va="center",
                fontsize=8.5,
                color="black" if count else "#6b6b6b",
            )
    axes.set_xticks(
        range(num_classes),
        class_names,
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )
    axes.set_yticks(
        range(num_classes),
        [
            f"{name} ({count:,})"
            for name, count in zip(class_names, support[:, 0], strict=True)
        ],
    )
    axes.set_xlabel("Predicted expression")
    axes.set_ylabel("True expression (faces = 100 %)", labelpad=8)
    axes.tick_params(length=0)
    # White lines between the cells, where the minor ticks are.
    edges = np.arange(num_classes + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
