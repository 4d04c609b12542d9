import numpy as np
import pytest

from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.figures import importance_figure
from keras_fer.figures import save_figure

NAMES = ["happiness", "fear", "anger"]
LABELS = [0, 2]
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.3, 0.5, 0.2]])


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return np.stack([np.asarray(draw_face(name, rng)) for name in NAMES[:2]])


@pytest.fixture
def maps(images):
    rng = np.random.default_rng(1)
    drawn = rng.random((2, 2, 100, 100)).astype("float32")
    return {"block1_pool": drawn[0], "all five": drawn[1]}


def test_every_map_lies_over_its_own_face(images, maps):
    figure = importance_figure(images, maps, LABELS, PROBABILITIES, NAMES)
    rows = np.reshape(figure.axes, (2, 3))
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(
            row[0].images[0].get_array(), images[number]
        )
        for axes, values in zip(row[1:], maps.values(), strict=True):
            grey, heat = axes.images
            expected = images[number] @ (0.299, 0.587, 0.114)
            np.testing.assert_allclose(grey.get_array(), expected)
            np.testing.assert_array_equal(heat.get_array(), values[number])
            assert heat.get_clim() == (0, values[number].max())
            # The more important, the more of the colour, never all of it.
            order = np.argsort(values[number], axis=None)
            opacity = heat.get_alpha().ravel()[order]
            assert (np.diff(opacity) >= 0).all()
            assert 0 < opacity[0] < opacity[-1] < 1


def test_rows_say_what_the_face_is_and_what_it_was_taken_for(images, maps):
    figure = importance_figure(images, maps, LABELS, PROBABILITIES, NAMES)
    rows = np.reshape(figure.axes, (2, 3))
    assert [row[0].get_ylabel() for row in rows] == [
        "happiness\n-> happiness\n80 %",
        "anger\n-> fear\n50 %",
    ]
    assert [axes.get_title() for axes in rows[0]] == ["the face", *maps]
    figure = importance_figure(images, maps, None, PROBABILITIES, NAMES)
    rows = np.reshape(figure.axes, (2, 3))
    found = [row[0].get_ylabel() for row in rows]
    assert found == ["happiness\n80 %", "fear\n50 %"]


def test_texts_do_not_overlap_pictures_or_each_other(images, maps, tmp_path):
    maps = {f"block{number}_pool": maps["all five"] for number in range(1, 7)}
    figure = importance_figure(images, maps, LABELS, PROBABILITIES, NAMES)
    save_figure(figure, tmp_path / "importance.png")
    renderer = figure.canvas.get_renderer()
    panels = [axes.get_tightbbox(renderer) for axes in figure.axes]
    for number, panel in enumerate(panels):
        assert not any(panel.overlaps(other) for other in panels[:number])


def test_a_map_of_zeros_is_drawn(images, maps):
    maps["all five"] = np.zeros_like(maps["all five"])
    figure = importance_figure(images, maps, LABELS, PROBABILITIES, NAMES)
    figure.canvas.draw()


def test_sizes_that_do_not_fit_are_refused(images, maps):
    arguments = LABELS, PROBABILITIES, NAMES
    with pytest.raises(ValueError, match=r"\(2, 50, 100\)"):
        importance_figure(images, {"a": maps["all five"][:, :50]}, *arguments)
    with pytest.raises(ValueError, match="a face and a map"):
        importance_figure(images, {}, *arguments)
    with pytest.raises(ValueError, match="1 labels"):
        importance_figure(images, maps, [0], PROBABILITIES, NAMES)
