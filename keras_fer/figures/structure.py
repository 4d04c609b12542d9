"""The structure of networks side by side, as it stands in the models."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patches import Rectangle

from keras_fer.figures.canvas import new_figure

# Kind of row to its colour; black text stands out on each of them.
COLORS = {
    "image": "#e8e8e8",
    "convolution": "#c6dbef",
    "LIP pooling": "#fdae6b",
    "SoftPool": "#fdd0a2",
    "max pooling": "#fc9a9a",
    "average pooling": "#f7d4e4",
    "head": "#c7e9c0",
    "channel attention": "#dadaeb",
    "other": "#f5f5dc",
}
_COLUMN_WIDTH = 3.6  # inches: two columns stay readable at 1000 pixels
_ROW_HEIGHT = 0.27  # inches


def structure_figure(models: Mapping) -> Figure:
    """Networks side by side, from the image down to the classes.

    Every row is read from the model: what the layers are, their channels and
    the size of what they give. Equal convolutions that follow each other are
    one row, with the normalisation and the activation that come after each.
    What stands behind the last pool is the head.

    Args:
        models: title to `keras.Model`, a chain of layers, as those of
            `build_model`.

    Returns:
        A figure that `save_figure` writes.

    Raises:
        ValueError: if there is no model.
    """
    if not models:
        raise ValueError(
            "`models` needs at least one title and model. Received: {}"
        )
    columns = {title: _rows(model) for title, model in models.items()}
    longest = max(map(len, columns.values()))
    figure = new_figure(
        _COLUMN_WIDTH * len(columns), _ROW_HEIGHT * (longest + 4)
    )
    grid = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, (title, rows) in zip(grid, columns.items(), strict=True):
        parameters = models[title].count_params()
        axes.set_title(f"{title}\n{parameters:,} parameters", fontsize=10)
        _draw_column(axes, rows, longest)
    kinds = {kind for rows in columns.values() for kind, _, _ in rows}
    figure.legend(
        handles=[
            Patch(facecolor=color, edgecolor="#555555", label=kind)
            for kind, color in COLORS.items()
            if kind in kinds
        ],
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=9,
    )
    return figure


def _draw_column(axes: Axes, rows: list, longest: int) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(longest, 0)
    for number, (kind, text, size) in enumerate(rows):
        axes.add_patch(
            Rectangle(
                (0, number + 0.06),
                1,
                0.88,
                facecolor=COLORS[kind],
                edgecolor="#555555",
                linewidth=0.6,
                clip_on=False,
            )
        )
        middle = number + 0.5
        axes.text(0.02, middle, text, va="center", fontsize=8.5)
        axes.text(0.98, middle, size, va="center", ha="right", fontsize=8.5)


def _rows(model) -> list[tuple[str, str, str]]:
    """(kind, text, size of the output) for each row of a model."""
    steps = []  # [kind, first text, what follows it, size]
    for layer in model.layers:
        kind, text = _described(layer)
        size = _size(layer.output.shape)
        if kind == "follows":
            if steps:
                steps[-1][2].append(text)
                steps[-1][3] = size
        else:
            steps.append([kind, text, [], size])
    pools = [number for number, step in enumerate(steps) if _is_pool(step[0])]
    for step in steps[pools[-1] + 1 if pools else len(steps) :]:
        if step[0] in ("convolution", "other"):
            step[0] = "head"

    rows, repeats = [], []
    for kind, text, following, size in steps:
        row = (kind, ", ".join([text, *following]), size)
        if kind in ("convolution", "head") and rows and rows[-1] == row:
            repeats[-1] += 1
        else:
            rows.append(row)
            repeats.append(1)
    return [
        (kind, f"{times} x {text}" if times > 1 else text, size)
        for (kind, text, size), times in zip(rows, repeats, strict=True)
    ]


def _is_pool(kind: str) -> bool:
    return kind.endswith("pooling") or kind == "SoftPool"


def _described(layer) -> tuple[str, str]:
    """What a layer is, and in words; "follows" belongs to the one before."""
    # Here, so that other figures need no Keras.
    import keras

    from keras_fer.layers import ChannelAttention
    from keras_fer.layers import ImageNormalization
    from keras_fer.layers import LIPPooling2D

    layers = keras.layers
    if isinstance(layer, layers.InputLayer):
        return "image", "image, RGB"
    if isinstance(layer, ImageNormalization):
        return "follows", "normalised"
    if isinstance(layer, layers.Conv2D):
        text = f"{_pair(layer.kernel_size)} conv, {layer.filters:,}"
        return "convolution", text + _activation(layer)
    if isinstance(layer, layers.BatchNormalization):
        return "follows", "BN"
    if isinstance(layer, layers.ReLU):
        return "follows", "ReLU"
    if isinstance(layer, LIPPooling2D):
        return _described_lip(layer)
    if isinstance(layer, layers.MaxPooling2D):
        return "max pooling", f"{_pair(layer.pool_size)} max pooling"
    if isinstance(layer, layers.AveragePooling2D):
        return "average pooling", f"{_pair(layer.pool_size)} average pooling"
    if isinstance(layer, ChannelAttention):
        return "channel attention", f"channel attention, {layer.method.upper()}"
    if isinstance(layer, layers.GlobalAveragePooling2D):
        return "head", "global average"
    if isinstance(layer, layers.Dense):
        return "head", f"dense, {layer.units:,}{_activation(layer)}"
    if isinstance(layer, layers.Dropout):
        return "follows", f"dropout {layer.rate:g}"
    if isinstance(layer, layers.Flatten):
        return "head", "flatten"
    return "other", type(layer).__name__


def _described_lip(layer) -> tuple[str, str]:
    from keras_fer.layers import BottleneckLogits
    from keras_fer.layers import ProjectionLogits

    window, logits = _pair(layer.pool_size), layer.logits
    if isinstance(logits, ProjectionLogits):
        side = logits.kernel_size
        return "LIP pooling", f"{window} LIP, {_pair((side, side))} projection"
    if isinstance(logits, BottleneckLogits):
        return "LIP pooling", f"{window} LIP, bottleneck {logits.channels}"
    # build_model's pooling="soft": the activations are the logits.
    if getattr(logits, "activation", None) is not None:
        if logits.activation.__name__ == "linear":
            return "SoftPool", f"{window} SoftPool"
    return "LIP pooling", f"{window} LIP, {type(logits).__name__}"


def _activation(layer) -> str:
    names = {"linear": "", "relu": ", ReLU", None: ""}
    name = getattr(layer.activation, "__name__", None)
    return names.get(name, f", {name}")


def _pair(sides) -> str:
    return "x".join(map(str, sides))


def _size(shape) -> str:
    return " x ".join(
        "?" if side is None else f"{side:,}" for side in shape[1:]
    )
