import numpy as np
import pytest
from matplotlib.colors import to_rgb

from keras_fer import CLASSES
from keras_fer.figures import confusion_matrices_figure
from keras_fer.figures import confusion_matrix_figure
from keras_fer.figures import save_figure

MATRIX = [[30, 10, 0], [1, 0, 2], [0, 0, 0]]
NAMES = ["happiness", "fear", "anger"]


def cells(figure, panel=0):
    """(row, column) to the text that stands there."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text
        for text in figure.axes[panel].texts
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


OURS = [[40, 0, 0], [0, 3, 0], [0, 0, 0]]


def test_a_panel_of_several_is_what_stands_alone():
    figure = confusion_matrices_figure(
        {"wild faces": {"VGG16": MATRIX, "ours": OURS}}, NAMES, "Figure 4"
    )
    for panel, matrix in enumerate((MATRIX, OURS)):
        alone = confusion_matrix_figure(matrix, NAMES)
        found = {p: t.get_text() for p, t in cells(figure, panel).items()}
        assert found == {p: t.get_text() for p, t in cells(alone).items()}
        np.testing.assert_array_equal(
            figure.axes[panel].images[0].get_array(),
            alone.axes[0].images[0].get_array(),
        )
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["VGG16, wild faces", "ours, wild faces"]
    assert figure.get_suptitle() == "Figure 4"


def test_what_was_not_measured_stays_empty_in_its_place():
    figure = confusion_matrices_figure(
        {"RAF-DB": {"VGG16": MATRIX, "ours": OURS}, "SFEW": {"ours": MATRIX}},
        NAMES,
    )
    shown = {axes.get_title(): axes for axes in figure.axes}
    assert list(shown) == [
        "VGG16, RAF-DB",
        "ours, RAF-DB",
        "VGG16, SFEW",
        "ours, SFEW",
    ]
    empty = shown["VGG16, SFEW"]
    assert [text.get_text() for text in empty.texts] == ["not measured"]
    assert not empty.images
    assert len(shown["ours, SFEW"].images) == 1


def test_texts_of_four_panels_lie_within_cells_and_apart(tmp_path):
    names = [f"disgustedly {i}" for i in range(7)]
    matrix = np.full((7, 7), 1234) + np.diag([9999] * 7)
    row = {"VGG16": matrix, "ours": matrix}
    figure = confusion_matrices_figure({"one": row, "two": row}, names)
    save_figure(figure, tmp_path / "confusion.png")
    renderer = figure.canvas.get_renderer()
    panels = [axes.get_tightbbox(renderer) for axes in figure.axes]
    for number, axes in enumerate(figure.axes):
        cell = axes.get_window_extent(renderer).width / 7
        for text in axes.texts:
            assert text.get_window_extent(renderer).width < cell
        for other in panels[:number]:
            assert not panels[number].overlaps(other)
        longest = max(
            label.get_window_extent(renderer).width
            for label in axes.get_yticklabels()
        )
        label = axes.yaxis.label.get_window_extent(renderer)
        left = axes.get_window_extent(renderer).x0
        assert label.x1 < left - longest


@pytest.mark.parametrize("panels", [{}, {"RAF-DB": {}}])
def test_no_panel_at_all_is_refused(panels):
    with pytest.raises(ValueError, match="at least one data set"):
        confusion_matrices_figure(panels, NAMES)


def test_a_panel_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"3x3.*\(2, 2\)"):
        confusion_matrices_figure({"RAF-DB": {"ours": np.eye(2)}}, NAMES)
