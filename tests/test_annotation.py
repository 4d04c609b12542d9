"""What annotated photos show, and that it can be read."""

import numpy as np
import pytest
from PIL import Image

import keras_fer
from keras_fer import annotation
from keras_fer.annotation import annotate
from keras_fer.photos import PhotoFace

SHARES = (0.5, 0.0, 0.25, 0.125, 0.0625, 0.03125, 0.03125)


def face_at(*box, shares=SHARES):
    probabilities = dict(zip(keras_fer.CLASSES, shares, strict=True))
    label = max(probabilities, key=probabilities.get)
    return PhotoFace(tuple(map(float, box)), None, 1.0, label, probabilities)


def changed(photo, face):
    """The annotated photo, and where it differs from the photo."""
    drawn = np.asarray(annotate(photo, [face])).astype(int)
    return drawn, np.abs(drawn - np.asarray(photo)).max(axis=2) > 8


@pytest.mark.parametrize("color", ["black", "white", "gray", "red"])
def test_the_box_stands_out_on_any_photo(color):
    photo = Image.new("RGB", (1000, 800), color)
    drawn = np.asarray(annotate(photo, [face_at(300, 200, 500, 450)]))
    for line in (drawn[300, 290:312], drawn[190:212, 400]):
        assert (line == 255).all(axis=1).any()
        assert (line == 0).all(axis=1).any()
    assert (drawn[250:400, 320:480] == drawn[0, 0]).all()  # the face is free


def test_bars_are_as_long_as_the_shares():
    photo = Image.new("RGB", (1000, 800), "white")
    drawn, _ = changed(photo, face_at(300, 200, 500, 450))
    bars = {longest_run(drawn, annotation._BAR)}
    bars |= {longest_run(row[None], annotation._BAR) for row in drawn}
    whole = longest_run(drawn, annotation._BEST) / SHARES[0]
    for share in SHARES[2:]:
        assert min(abs(share * whole - bar) for bar in bars) <= 1.5


def longest_run(rows, color):
    """The most pixels of a colour that stand side by side."""
    text = "\n".join(
        "".join("#" if is_it else " " for is_it in row)
        for row in (rows == color).all(axis=-1)
    )
    return max(map(len, text.split()), default=0)


def test_panels_cover_no_face_where_there_is_room():
    photo = Image.new("RGB", (1600, 1200), "white")
    boxes = [
        (100 + 500 * column, 100 + 400 * row)
        for column in range(3)
        for row in range(2)
    ]
    found = [face_at(x, y, x + 150, y + 180) for x, y in boxes]
    drawn = np.asarray(annotate(photo, found))
    for x, y in boxes:
        assert (drawn[y + 10 : y + 170, x + 10 : x + 140] == 255).all()


def test_panels_cover_neither_faces_nor_each_other_in_a_small_photo():
    photo = Image.new("RGB", (640, 480), "white")
    found = [face_at(40, 60, 200, 220), face_at(300, 100, 520, 320)]
    drawn = np.asarray(annotate(photo, found))
    for face in found:
        left, top, right, bottom = np.multiply(face.box, 720 / 640).astype(int)
        inner = drawn[top + 8 : bottom - 8, left + 8 : right - 8]
        assert (inner == 255).all()
    # Both panels' titles are whole: two runs of the best bar's length.
    best = (drawn == annotation._BEST).all(axis=2)
    assert sum(row.sum() >= 30 for row in best) >= 2


def test_a_face_that_fills_the_photo_is_not_covered():
    photo = Image.new("RGB", (100, 100), "white")
    drawn = annotate(photo, [face_at(0, 0, 100, 100)])
    assert drawn.height == 720 and drawn.width > 720
    assert (np.asarray(drawn)[20:700, 20:700] == 255).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 48), (720, 540)),
        ((1000, 500), (1000, 500)),
        ((5472, 3648), (1920, 1280)),
    ],
)
def test_small_photos_are_enlarged_and_large_ones_shrunk(size, expected):
    photo = Image.new("RGB", size, "gray")
    assert annotate(photo, []).size == expected


def test_boxes_may_reach_out_of_the_photo():
    photo = Image.new("RGB", (800, 600), "gray")
    annotate(photo, [face_at(-50, -80, 200, 170), face_at(700, 500, 990, 800)])


def test_the_photo_itself_stays_as_it_was():
    photo = Image.new("RGB", (800, 600), "gray")
    before = photo.tobytes()
    annotate(photo, [face_at(100, 100, 200, 230)])
    assert photo.tobytes() == before
