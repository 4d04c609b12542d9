import os
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from keras_fer import CLASSES
from keras_fer.figures import confusion_matrix_figure
from keras_fer.figures import read_history
from keras_fer.figures import save_figure
from keras_fer.figures import training_curves_figure

MATRIX = [[30, 10, 0], [1, 0, 2], [0, 0, 0]]
NAMES = ["happiness", "fear", "anger"]


def history(num_epochs=6):
    epochs = np.arange(num_epochs)
    return {
        "epoch": list(epochs + 1),
        "loss": list(1.5 - 0.1 * epochs),
        "validation_loss": list(1.6 - 0.05 * epochs),
        "accuracy": list(0.5 + 0.05 * epochs),
        "validation_accuracy": [0.4, 0.5, 0.7, 0.6, 0.7, 0.65][:num_epochs],
        "learning_rate": list(0.02 - 0.003 * epochs),
        "seconds": [10.0] * num_epochs,
    }


def cells(figure):
    """(row, column) to the text that stands there."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text
        for text in figure.axes[0].texts
    }


def contrast(one, other):
    """WCAG contrast ratio of two colours."""
    luminances = []
    for color in (one, other):
        channels = np.array(to_rgb(color))
        linear = np.where(
            channels <= 0.04045,
            channels / 12.92,
            ((channels + 0.055) / 1.055) ** 2.4,
        )
        luminances.append(linear @ (0.2126, 0.7152, 0.0722) + 0.05)
    return max(luminances) / min(luminances)


def test_cells_hold_shares_of_the_row_and_counts():
    texts = {
        place: text.get_text()
        for place, text in cells(confusion_matrix_figure(MATRIX, NAMES)).items()
    }
    assert texts == {
        (0, 0): "75.0 %\n30",
        (0, 1): "25.0 %\n10",
        (0, 2): "0",
        (1, 0): "33.3 %\n1",
        (1, 1): "0",
        (1, 2): "66.7 %\n2",
    }


def test_colours_are_shares_of_the_row():
    figure = confusion_matrix_figure(MATRIX, NAMES)
    (picture,) = figure.axes[0].images
    np.testing.assert_allclose(
        picture.get_array(),
        [[75, 25, 0], [100 / 3, 0, 200 / 3], [0, 0, 0]],
    )
    assert picture.get_clim() == (0, 100)


def test_axes_name_true_and_predicted_classes():
    axes = confusion_matrix_figure(MATRIX, NAMES).axes[0]
    columns = [label.get_text() for label in axes.get_xticklabels()]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert columns == NAMES
    assert rows == ["happiness (40)", "fear (3)", "anger (0)"]
    assert "Predicted" in axes.get_xlabel()
    assert "True" in axes.get_ylabel()


def test_every_cell_can_be_read():
    # One row for each share from 0 to 100 %.
    shares = np.arange(0, 101, 10)
    matrix = np.diag(shares) + np.roll(np.diag(100 - shares), 1, axis=1)
    figure = confusion_matrix_figure(matrix, [f"c{i}" for i in range(11)])
    (picture,) = figure.axes[0].images
    backgrounds = picture.to_rgba(picture.get_array())
    for place, text in cells(figure).items():
        assert contrast(text.get_color(), backgrounds[place]) >= 4.5, place


@pytest.mark.parametrize("num_classes", [2, 7, 11])
def test_texts_lie_within_cells_and_figure(num_classes, tmp_path):
    names = [f"disgustedly surprised {i}" for i in range(num_classes)]
    matrix = np.full((num_classes, num_classes), 1234)
    figure = confusion_matrix_figure(matrix, names, "A title " * 20)
    save_figure(figure, tmp_path / "confusion.png")
    renderer = figure.canvas.get_renderer()
    axes = figure.axes[0]
    cell_width = axes.get_window_extent(renderer).width / num_classes
    for text in axes.texts:
        assert text.get_window_extent(renderer).width < cell_width
    # bbox_inches="tight" keeps what stands outside; nothing may overlap.
    title = figure.texts[0].get_window_extent(renderer)
    assert title.y0 > axes.get_window_extent(renderer).y1


def test_a_matrix_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"7x7.*\(3, 3\)"):
        confusion_matrix_figure(MATRIX, CLASSES)


def test_curves_draw_every_column_where_it_belongs():
    columns = history()
    figure = training_curves_figure(columns)
    panels = {axes.get_title(): axes for axes in figure.axes}
    assert list(panels) == ["Loss", "Accuracy", "Learning rate"]
    for title, names in {
        "Loss": ("loss", "validation_loss"),
        "Accuracy": ("accuracy", "validation_accuracy"),
        "Learning rate": ("learning_rate",),
    }.items():
        lines = panels[title].lines[: len(names)]
        for name, line in zip(names, lines, strict=True):
            np.testing.assert_allclose(line.get_ydata(), columns[name])
            np.testing.assert_allclose(line.get_xdata(), columns["epoch"])
        assert panels[title].get_xlabel() == "Epoch"
    legend = panels["Loss"].get_legend().get_texts()
    assert [text.get_text() for text in legend] == [
        "train",
        "validation",
        "best epoch (5)",
    ]


def best_epoch(figure):
    positions = {axes.lines[-1].get_xdata()[0] for axes in figure.axes}
    (position,) = positions
    return position


def test_the_last_of_the_best_validation_accuracies_is_marked():
    assert best_epoch(training_curves_figure(history())) == 5


def test_without_accuracy_the_lowest_validation_loss_is_marked():
    columns = history()
    del columns["validation_accuracy"]
    assert best_epoch(training_curves_figure(columns)) == 6


def test_the_epoch_whose_weights_were_kept_can_be_given():
    assert best_epoch(training_curves_figure(history(), best_epoch=2)) == 2


def test_history_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,validation_loss\n1,2.5,\n2,1e-3,nan\n")
    found = read_history(path)
    assert found["epoch"] == [1, 2]
    assert found["loss"] == [2.5, 0.001]
    assert found["validation_loss"][0] is None
    assert np.isnan(found["validation_loss"][1])
    training_curves_figure(found)
    path.write_text("epoch,loss\n")
    assert read_history(path) == {"epoch": [], "loss": []}


def test_gaps_and_missing_columns_are_survived():
    columns = {"loss": [2.0, None, 1.0], "validation_accuracy": [None] * 3}
    figure = training_curves_figure(columns)
    (line,) = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(line.get_ydata(), [2.0, np.nan, 1.0])


@pytest.mark.parametrize("value", [None, 0.0])
def test_a_learning_rate_of_nothing_is_survived(value, tmp_path):
    figure = training_curves_figure({"learning_rate": [value, value]})
    save_figure(figure, tmp_path / "curves.png")


@pytest.mark.parametrize(
    "columns",
    [{}, {"seconds": [1.0]}, {"loss": []}, {"loss": [1.0], "epoch": [1, 2]}],
)
def test_a_history_without_curves_is_refused(columns):
    with pytest.raises(ValueError, match="history needs a column"):
        training_curves_figure(columns)


def test_a_saved_figure_is_a_picture_with_150_dots_an_inch(tmp_path):
    path = tmp_path / "new folder" / "curves.png"
    save_figure(training_curves_figure(history(1)), path)
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)


def test_a_failed_save_leaves_the_old_picture(tmp_path):
    path = tmp_path / "curves.png"
    path.write_bytes(b"old")
    figure = training_curves_figure(history())
    figure.savefig = lambda *_, **__: (_ for _ in ()).throw(OSError("full"))
    with pytest.raises(OSError, match="full"):
        save_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_users_backend_and_pyplot_stay_untouched(tmp_path):
    script = """
import matplotlib
matplotlib.rcParams["backend"] = "svg"
from keras_fer.figures import confusion_matrix_figure, save_figure
save_figure(confusion_matrix_figure([[1]], ["a"]), "confusion.png")
import sys
print(matplotlib.rcParams["backend"], "matplotlib.pyplot" in sys.modules)
"""
    environment = {
        name: value for name, value in os.environ.items() if name != "DISPLAY"
    }
    child = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert child.stdout == "svg False\n", child.stderr
    assert (tmp_path / "confusion.png").exists()
