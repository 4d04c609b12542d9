import numpy as np
import pytest
from matplotlib.colors import to_hex

from keras_fer import build_model
from keras_fer.figures import save_figure
from keras_fer.figures import structure_figure
from keras_fer.figures.structure import COLORS
from keras_fer.layers import BottleneckLogits
from keras_fer.layers import LIPPooling2D

SETTINGS = {"width": 0.125, "input_shape": (90, 90, 3)}


def column(axes):
    """(text, size of the output, kind) of every row."""
    kinds = {color: kind for kind, color in COLORS.items()}
    texts = [text.get_text() for text in axes.texts]
    boxes = [kinds[to_hex(box.get_facecolor())] for box in axes.patches]
    return list(zip(texts[::2], texts[1::2], boxes, strict=True))


def test_the_two_structures_are_read_from_the_models():
    baseline = build_model(
        pooling="max", head="dense", attention=None, **SETTINGS
    )
    ours = build_model(**SETTINGS)
    figure = structure_figure({"VGG16": baseline, "ours": ours})
    left, right = map(column, figure.axes)
    assert left == [
        ("image, RGB, normalised", "90 x 90 x 3", "image"),
        ("2 x 3x3 conv, 8, BN, ReLU", "90 x 90 x 8", "convolution"),
        ("2x2 max pooling", "45 x 45 x 8", "max pooling"),
        ("2 x 3x3 conv, 16, BN, ReLU", "45 x 45 x 16", "convolution"),
        ("2x2 max pooling", "22 x 22 x 16", "max pooling"),
        ("3 x 3x3 conv, 32, BN, ReLU", "22 x 22 x 32", "convolution"),
        ("2x2 max pooling", "11 x 11 x 32", "max pooling"),
        ("3 x 3x3 conv, 64, BN, ReLU", "11 x 11 x 64", "convolution"),
        ("2x2 max pooling", "5 x 5 x 64", "max pooling"),
        ("3 x 3x3 conv, 64, BN, ReLU", "5 x 5 x 64", "convolution"),
        ("2x2 max pooling", "2 x 2 x 64", "max pooling"),
        ("flatten", "256", "head"),
        ("2 x dense, 512, ReLU, dropout 0.5", "512", "head"),
        ("dense, 7, softmax", "7", "head"),
    ]
    pools = [row for row in right if row[2] == "LIP pooling"]
    assert [row[1] for row in pools] == [row[1] for row in left[2:11:2]]
    assert {row[0] for row in pools} == {"2x2 LIP, 1x1 projection"}
    assert right[-4:] == [
        ("2 x 3x3 conv, 64, BN, ReLU", "2 x 2 x 64", "head"),
        ("channel attention, ECA", "2 x 2 x 64", "channel attention"),
        ("global average, dropout 0.5", "64", "head"),
        ("dense, 7, softmax", "7", "head"),
    ]
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [
        f"VGG16\n{baseline.count_params():,} parameters",
        f"ours\n{ours.count_params():,} parameters",
    ]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "image",
        "convolution",
        "LIP pooling",
        "max pooling",
        "head",
        "channel attention",
    ]


def test_every_choice_of_build_model_shows():
    def bottleneck(name):
        return LIPPooling2D(logits=BottleneckLogits(channels=5), name=name)

    models = {
        "soft": build_model(pooling="soft", attention="se", **SETTINGS),
        "avg": build_model(pooling="avg", batch_norm=False, **SETTINGS),
        "bottleneck": build_model(
            pooling=bottleneck, **SETTINGS | {"input_shape": (None, None, 3)}
        ),
    }
    panels = structure_figure(models).axes
    soft, average, narrow = map(column, panels)
    assert ("2x2 SoftPool", "45 x 45 x 8", "SoftPool") in soft
    assert ("channel attention, SE", "2 x 2 x 64", "channel attention") in soft
    assert ("2 x 3x3 conv, 8, ReLU", "90 x 90 x 8", "convolution") in average
    assert (
        "2x2 average pooling",
        "45 x 45 x 8",
        "average pooling",
    ) in average
    assert ("2x2 LIP, bottleneck 5", "? x ? x 8", "LIP pooling") in narrow


def test_texts_lie_in_their_boxes_and_can_be_read(tmp_path):
    figure = structure_figure(
        {
            "VGG16 (baseline)": build_model(
                pooling="max", head="dense", attention=None, **SETTINGS
            ),
            "ours": build_model(**SETTINGS | {"input_shape": (1112, 1112, 3)}),
        }
    )
    save_figure(figure, tmp_path / "structure.png")
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        pairs = np.reshape(axes.texts, (-1, 2))
        for (text, size), box in zip(pairs, axes.patches, strict=True):
            text = text.get_window_extent(renderer)
            size = size.get_window_extent(renderer)
            box = box.get_window_extent(renderer)
            assert box.x0 < text.x0 < text.x1 < size.x0 < size.x1 < box.x1
            assert box.y0 <= text.y0 < text.y1 <= box.y1
    # Shown 1000 pixels wide, the smallest letters are 12 pixels high or more.
    inches = figure.get_tightbbox(renderer).width
    smallest = min(t.get_fontsize() for a in figure.axes for t in a.texts)
    assert smallest / 72 * 1000 / inches > 12


def test_no_model_is_refused():
    with pytest.raises(ValueError, match="at least one title and model"):
        structure_figure({})
