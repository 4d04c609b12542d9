"""Pictures of a run: the confusion matrix and the training curves.

They are drawn on `Figure` objects directly, so no display is needed and the
caller's pyplot state and backend stay as they are.
"""

import csv
import textwrap
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_fer import files


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
    matrix = np.asarray(matrix)
    num_classes = len(class_names)
    if matrix.shape != (num_classes, num_classes):
        raise ValueError(
            f"The confusion matrix must be {num_classes}x{num_classes}, as "
            f"there are {num_classes} class names. Received: {matrix.shape}"
        )
    support = matrix.sum(axis=1, keepdims=True)
    shares = 100 * matrix / np.maximum(support, 1)

    # Room for the names, in inches, so that they do not squeeze the cells.
    names = 0.09 * max(len(name) for name in class_names)
    width = 1.2 + names + 0.75 * num_classes
    lines = textwrap.wrap(title or "", int(width / 0.12))
    height = 1.0 + 0.65 * names + 0.25 * len(lines) + 0.75 * num_classes
    figure = _new_figure(width, height)
    figure.suptitle("\n".join(lines))
    axes = figure.subplots()
    axes.imshow(shares, cmap=_pale_blues(), vmin=0, vmax=100)
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
    axes.set_ylabel("True expression (faces = 100 %)")
    axes.tick_params(length=0)
    # White lines between the cells, where the minor ticks are.
    edges = np.arange(num_classes + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    return figure


def training_curves_figure(
    history: Mapping[str, Sequence[float | None]],
    *,
    best_epoch: int | None = None,
) -> Figure:
    """Loss, accuracy and learning rate over the epochs of a run.

    Args:
        history: column to one value an epoch, as in history.csv: `loss`,
            `accuracy`, `validation_loss`, `validation_accuracy`,
            `learning_rate`, and `epoch`, counted from 1 where it is missing.
            Other columns are passed by; None and NaN leave a gap.
        best_epoch: the epoch to mark, whose weights were kept. Defaults to
            the highest validation accuracy, or the lowest validation loss
            where there is none; of equals the last.

    Returns:
        A figure that `save_figure` writes.

    Raises:
        ValueError: if there is nothing to draw, or columns differ in length.
    """
    columns = {
        name: np.asarray(values, "float64") for name, values in history.items()
    }
    panels = [
        ("Loss", ("loss", "validation_loss")),
        ("Accuracy", ("accuracy", "validation_accuracy")),
        ("Learning rate", ("learning_rate",)),
    ]
    panels = [
        (title, [name for name in names if name in columns])
        for title, names in panels
    ]
    panels = [panel for panel in panels if panel[1]]
    lengths = {len(values) for values in columns.values()}
    if not panels or len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            "The history needs a column loss, accuracy or learning_rate, and "
            "all columns the same length of at least one epoch. Received: "
            f"{ {name: len(values) for name, values in columns.items()} }"
        )
    epochs = columns.get("epoch", np.arange(1, 1 + lengths.pop()))
    if best_epoch is None:
        best_epoch = _best_epoch(columns, epochs)

    figure = _new_figure(4.2 * len(panels), 3.4)
    for axes, (title, names) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        for name in names:
            _draw_curve(axes, epochs, columns[name], name)
        if best_epoch is not None:
            axes.axvline(
                best_epoch,
                color="#888888",
                linewidth=1,
                linestyle="--",
                label=f"best epoch ({best_epoch})",
                zorder=1,
            )
        axes.set_title(title, fontsize=11)
        axes.set_xlabel("Epoch")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(color="#dddddd", linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize=8.5)
    return figure


def read_history(path: str | Path) -> dict[str, list[float | None]]:
    """Reads a run's history.csv, for `training_curves_figure`.

    Args:
        path: the file: a line of column names, then one line an epoch.

    Returns:
        Column to one value an epoch, None where the file has none.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        names = next(rows)
        columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return {
        name: [float(value) if value else None for value in values]
        for name, values in zip(names, columns, strict=True)
    }


def save_figure(figure: Figure, path: str | Path) -> None:
    """Replaces `path` by the figure at 150 dpi, all of it or nothing.

    Args:
        figure: what to write.
        path: the picture; its suffix chooses the format, such as .png.
    """
    with files.atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, bbox_inches="tight")


def _draw_curve(axes, epochs, values, name: str) -> None:
    if name == "learning_rate":
        color, label = "#2a7f4f", None
        highest = np.nanmax(values, initial=0)
        if highest > 0:
            axes.set_ylim(0, 1.05 * highest)
        axes.ticklabel_format(axis="y", scilimits=(-2, 3))
    elif name.startswith("validation_"):
        color, label = "#d95f02", "validation"
    else:
        color, label = "#1f77b4", "train"
    # Dots show a run of one epoch, which has no line.
    axes.plot(
        epochs, values, color=color, label=label, marker="o", markersize=3
    )


def _best_epoch(columns: Mapping, epochs: np.ndarray) -> int | None:
    for name, better in (("validation_accuracy", 1), ("validation_loss", -1)):
        values = better * columns.get(name, np.array([]))
        if np.isfinite(values).any():
            return int(epochs[np.flatnonzero(values == np.nanmax(values))[-1]])
    return None


def _new_figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="compressed")
    FigureCanvasAgg(figure)
    return figure


def _pale_blues() -> ListedColormap:
    """From white to a blue on which black text still stands out well."""
    return ListedColormap(matplotlib.colormaps["Blues"](np.linspace(0, 0.6)))
