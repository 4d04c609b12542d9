"""What each pooling keeps of the same feature map: the idea of Figure 2."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_fer.figures.canvas import new_figure

_KINDS = {
    "before": "before pooling",
    "max": "max pooling",
    "average": "average pooling",
    "lip": "LIP",
}
_SIDE = 1.35  # inches of a panel


def pooling_figure(
    image: np.ndarray,
    pooled: Mapping[str, np.ndarray],
    *,
    channels: Sequence[int] | None = None,
    title: str | None = None,
) -> Figure:
    """A few channels of a feature map, and what each pooling keeps of them.

    A row is a channel, in one scale of grey from zero to the largest value
    before pooling. The last column is LIP minus average pooling: red where
    the learned importance raised the average, blue where it lowered it.

    Args:
        image: the face, `(height, width, 3)`, RGB, values 0..255.
        pooled: "before", "max", "average" and "lip" of that face, each
            `(height, width, channels)`, as `importance.pooled_by_kind` gives
            them for a batch.
        channels: which to show. Defaults to the four in which LIP and
            average pooling differ most, relative to the largest value.
        title: what stands above, such as the name of the layer.

    Returns:
        A figure that `save_figure` writes.

    Raises:
        ValueError: if a map is missing, or sizes or channels do not fit.
    """
    maps = _checked(pooled)
    if channels is None:
        channels = _most_different(maps)
    num_channels = maps["before"].shape[-1]
    if not channels or not all(0 <= one < num_channels for one in channels):
        raise ValueError(
            f"`channels` must name some of 0 to {num_channels - 1}. Received: "
            f"channels={list(channels)}"
        )
    figure = new_figure(
        _SIDE * (len(_KINDS) + 2.2), _SIDE * (len(channels) + 0.35)
    )
    if title:
        figure.suptitle(title, fontsize=11)
    grid = figure.subplots(len(channels), len(_KINDS) + 2, squeeze=False)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_anchor("N")
    for axes in grid[:, 0]:
        axes.set_axis_off()
    grid[0, 0].set_title("the face", fontsize=9)
    grid[0, 0].imshow(np.clip(image, 0, 255).astype("uint8"))
    for row, channel in zip(grid, channels, strict=True):
        largest = maps["before"][..., channel].max() or 1.0
        for axes, kind in zip(row[1:], _KINDS, strict=False):
            axes.imshow(
                maps[kind][..., channel], cmap="gray", vmin=0, vmax=largest
            )
        row[1].set_ylabel(f"channel {channel}", fontsize=9)
        difference = maps["lip"] - maps["average"]
        difference = difference[..., channel]
        bound = np.abs(difference).max() or 1.0
        drawn = row[-1].imshow(
            difference, cmap="RdBu_r", vmin=-bound, vmax=bound
        )
        bar = figure.colorbar(drawn, ax=row[-1], fraction=0.05, pad=0.03)
        bar.ax.tick_params(labelsize=7.5)
    for axes, (kind, label) in zip(grid[0, 1:], _KINDS.items(), strict=False):
        height, width = maps[kind].shape[:2]
        axes.set_title(f"{label}\n{height} x {width}", fontsize=9)
    grid[0, -1].set_title("LIP minus\naverage", fontsize=9)
    return figure


def _checked(pooled: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    missing = [kind for kind in _KINDS if kind not in pooled]
    if missing:
        raise ValueError(
            f"`pooled` needs the maps {list(_KINDS)}. Missing: {missing}"
        )
    maps = {kind: np.asarray(pooled[kind]) for kind in _KINDS}
    shapes = {kind: values.shape for kind, values in maps.items()}
    equal = shapes["max"] == shapes["average"] == shapes["lip"]
    if not equal or any(
        len(shape) != 3 or shape[-1] != shapes["before"][-1]
        for shape in shapes.values()
    ):
        raise ValueError(
            "The maps must be (height, width, channels) of one face, all "
            "with the same channels and the pooled ones of one size. "
            f"Received: {shapes}"
        )
    return maps


def _most_different(maps: Mapping[str, np.ndarray]) -> list[int]:
    difference = np.abs(maps["lip"] - maps["average"]).mean(axis=(0, 1))
    largest = np.maximum(np.abs(maps["before"]).max(axis=(0, 1)), 1e-6)
    order = np.argsort(-difference / largest, kind="stable")
    return [int(channel) for channel in order[:4]]
