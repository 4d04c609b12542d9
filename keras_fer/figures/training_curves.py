"""The curves of a run: loss, accuracy and learning rate over its epochs."""

import csv
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_fer.figures.canvas import new_figure


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

    figure = new_figure(4.2 * len(panels), 3.4)
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
