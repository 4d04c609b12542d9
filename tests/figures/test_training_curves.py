import numpy as np
import pytest

from keras_fer.figures import read_history
from keras_fer.figures import save_figure
from keras_fer.figures import training_curves_figure


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
