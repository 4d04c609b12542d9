"""What every figure is drawn on, and how it becomes a file.

Figures are `Figure` objects without pyplot, so no display is needed and the
caller's pyplot state and backend stay as they are.
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from keras_fer import files


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches whose parts do not overlap.

    Args:
        width, height: in inches, before what stands outside is added.
    """
    figure = Figure(figsize=(width, height), layout="compressed")
    FigureCanvasAgg(figure)
    return figure


def pale_blues() -> ListedColormap:
    """From white to a blue on which black text still stands out well."""
    return ListedColormap(matplotlib.colormaps["Blues"](np.linspace(0, 0.6)))


def save_figure(figure: Figure, path: str | Path) -> None:
    """Replaces `path` by the figure at 150 dpi, all of it or nothing.

    Args:
        figure: what to write.
        path: the picture; its suffix chooses the format, such as .png.
    """
    with files.atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, bbox_inches="tight")
