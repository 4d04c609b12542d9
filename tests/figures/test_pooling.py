import numpy as np
import pytest

from keras_fer import build_model
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.figures import pooling_figure
from keras_fer.importance import pooled_by_kind

KINDS = ("before", "max", "average", "lip")


@pytest.fixture(scope="module")
def face():
    drawn = draw_face("happiness", np.random.default_rng(0))
    return np.asarray(drawn)[5:95, 5:95]


@pytest.fixture(scope="module")
def pooled(face):
    model = build_model(width=0.125, pooling="soft")
    found = pooled_by_kind(model, face[None], "block1_pool")
    return {kind: values[0] for kind, values in found.items()}


def test_panels_show_the_channels_as_each_pooling_keeps_them(face, pooled):
    figure = pooling_figure(face, pooled, channels=(3, 0), title="block 1")
    panels = [axes for axes in figure.axes if axes.images]
    np.testing.assert_array_equal(panels[0].images[0].get_array(), face)
    rows = panels[1:6], panels[6:11]
    for row, channel in zip(rows, (3, 0), strict=True):
        assert row[0].get_ylabel() == f"channel {channel}"
        largest = pooled["before"][..., channel].max()
        for axes, kind in zip(row[:4], KINDS, strict=True):
            (picture,) = axes.images
            np.testing.assert_array_equal(
                picture.get_array(), pooled[kind][..., channel]
            )
            assert picture.get_clim() == (0, largest)
        (picture,) = row[4].images
        difference = (pooled["lip"] - pooled["average"])[..., channel]
        np.testing.assert_array_equal(picture.get_array(), difference)
        assert picture.get_clim()[0] == -picture.get_clim()[1]
    titles = [axes.get_title() for axes in panels[:6]]
    assert titles == [
        "the face",
        "before pooling\n90 x 90",
        "max pooling\n45 x 45",
        "average pooling\n45 x 45",
        "LIP\n45 x 45",
        "LIP minus\naverage",
    ]
    assert figure.get_suptitle() == "block 1"


def test_by_itself_it_shows_where_lip_differs_most_from_the_average(face):
    before = np.ones((4, 4, 6), "float32")
    average = np.ones((2, 2, 6), "float32")
    lip = average * (1, 1.3, 1.1, 1, 0.6, 1.2)
    figure = pooling_figure(
        face, {"before": before, "max": lip, "average": average, "lip": lip}
    )
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert [label for label in labels if label.startswith("channel")] == [
        "channel 4",
        "channel 1",
        "channel 5",
        "channel 2",
    ]


def test_a_dead_channel_is_drawn(face, pooled):
    empty = {kind: np.zeros_like(values) for kind, values in pooled.items()}
    pooling_figure(face, empty, channels=[0]).canvas.draw()


@pytest.mark.parametrize("channels", [[], [8], [-1]])
def test_channels_that_are_not_there_are_refused(face, pooled, channels):
    with pytest.raises(ValueError, match="some of 0 to 7"):
        pooling_figure(face, pooled, channels=channels)


def test_maps_that_do_not_fit_are_refused(face, pooled):
    with pytest.raises(ValueError, match=r"Missing: \['lip'\]"):
        pooling_figure(
            face, {kind: pooled[kind] for kind in KINDS if kind != "lip"}
        )
    with pytest.raises(ValueError, match="of one face"):
        pooling_figure(face, pooled | {"lip": pooled["before"]})
    with pytest.raises(ValueError, match="of one face"):
        pooling_figure(
            face, {kind: values[None] for kind, values in pooled.items()}
        )
