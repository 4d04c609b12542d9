"""Where faces are found, and that alignment puts them where they belong."""

import numpy as np
import pytest
from PIL import Image

from keras_fer import faces
from keras_fer.errors import DataError
from keras_fer.face_detectors import Face
from keras_fer.face_detectors import whole_picture
from keras_fer.face_image import read_face
from photographed import find_marked
from photographed import photo_of

TURNS = np.deg2rad([0, 25, -70, 180])


def umeyama(points, goals):
    """The published form: singular values of the covariance (eq. 34-43)."""
    mean_points, mean_goals = points.mean(axis=0), goals.mean(axis=0)
    points, goals = points - mean_points, goals - mean_goals
    left, values, right = np.linalg.svd(goals.T @ points / len(points))
    signs = np.array([1, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    turn = left @ np.diag(signs) @ right
    scale = (values * signs).sum() / (points**2).sum(axis=1).mean()
    shift = mean_goals - scale * turn @ mean_points
    return np.column_stack([scale * turn, shift])


def moved(points, scale, turn, shift):
    """Points after a similarity transform, by complex arithmetic."""
    moved = points @ (1, 1j) * scale * np.exp(1j * turn) + complex(*shift)
    return np.stack([moved.real, moved.imag], axis=1)


def blobs(points, deviation, size):
    """A picture `(size, size)` with a bright spot at each point."""
    places = np.arange(size) + 0.5
    picture = np.zeros((size, size))
    for x, y in points:
        across = np.exp(-0.5 * ((places - x) / deviation) ** 2)
        down = np.exp(-0.5 * ((places - y) / deviation) ** 2)
        picture = np.maximum(picture, down[:, None] * across)
    return np.stack([np.rint(255 * picture).astype(np.uint8)] * 3, axis=-1)


def peaks(picture, near):
    """The centre of the brightness around each of the points."""
    grey = picture[..., 0].astype(float)
    places = np.arange(len(grey)) + 0.5
    found = []
    for x, y in near:
        across, down = (np.abs(places - value) < 8 for value in (x, y))
        part = grey * down[:, None] * across
        centre = (part.sum(axis=0) @ places, part.sum(axis=1) @ places)
        found.append(np.divide(centre, part.sum()))
    return np.array(found)


@pytest.mark.parametrize("count", [2, 4, 5])
def test_similarity_equals_umeyamas(count):
    rng = np.random.default_rng(0)
    for _ in range(20):
        points, goals = rng.normal(size=(2, count, 2)) * 100
        ours = faces.similarity(points, goals)
        # Without its mirror case, which no face asks for.
        expected = umeyama(points, goals)
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


def test_a_similar_copy_is_mapped_back_exactly():
    for turn in TURNS:
        points = moved(faces.TEMPLATE, 3.5, turn, (800, -20))
        matrix = faces.similarity(points, faces.TEMPLATE)
        back = np.column_stack([points, np.ones(5)]) @ matrix.T
        np.testing.assert_allclose(back, faces.TEMPLATE, atol=1e-9)


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.3, 9.0])
@pytest.mark.parametrize("turn", TURNS)
def test_landmarks_come_to_lie_on_the_template(scale, turn):
    size = 1200
    centred = faces.TEMPLATE - (50, 50)
    points = moved(centred, scale, turn, (600.3, 599.6))
    photo = blobs(points, 2.5 * scale, size)
    aligned = faces.align(photo, points)
    assert aligned.shape == (100, 100, 3) and aligned.dtype == np.uint8
    found = peaks(aligned, faces.TEMPLATE)
    assert np.abs(found - faces.TEMPLATE).max() < 0.35
    larger = faces.align(photo, points, 200)
    found = peaks(larger, 2 * faces.TEMPLATE)
    assert np.abs(found - 2 * faces.TEMPLATE).max() < 0.7


def test_four_points_and_five_meet_in_the_middle_of_the_mouth():
    points = moved(faces.TEMPLATE, 2.0, 0.3, (90, 70))
    photo = blobs(points, 5.0, 400)
    template = faces.middle_of_mouth(faces.TEMPLATE)
    np.testing.assert_allclose(template[3], (50, 78.3))
    expected = faces.align(photo, faces.middle_of_mouth(points), 100, template)
    for landmarks, goals in (
        (faces.middle_of_mouth(points), faces.TEMPLATE),
        (points, template),
    ):
        found = faces.align(photo, landmarks, 100, goals)
        np.testing.assert_array_equal(found, expected)
    five = faces.align(photo, points).astype(int)
    assert np.abs(five - expected).max() <= 1  # exact points agree on all


def test_an_aligned_face_stays_as_it_is():
    face = np.array(photo_of((0, 0, 100), size=(100, 100)))
    found = faces.align(face, faces.TEMPLATE).astype(int)
    assert np.abs(found - face).max() <= 1  # Pillow's rounding


def test_shrinking_is_antialiased():
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 200
    for turn in TURNS:
        points = moved(faces.TEMPLATE - (50, 50), 6.0, turn, (450, 450))
        inner = faces.align(stripes, points)[4:-4, 4:-4]
        assert np.abs(inner.astype(int) - 100).max() < 12


def test_beyond_the_photo_its_edge_goes_on():
    photo = np.full((60, 60, 3), 40, np.uint8)
    photo[:, 30:] = 220
    points = faces.TEMPLATE * 2 - 70  # 200 pixels wide, the photo has 60
    found = faces.align(photo, points)
    assert (found[:, :48] == 40).all() and (found[:, 52:] == 220).all()


def test_a_template_is_a_parameter():
    points = faces.TEMPLATE * 3
    photo = blobs(points, 6.0, 300)
    template = (faces.TEMPLATE - 50) * 0.8 + 50
    found = peaks(faces.align(photo, points, 100, template), template)
    assert np.abs(found - template).max() < 0.35


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(5, 5)] * 5, "No face"),
        ([(np.nan, 1)] * 5, "No face"),
        ([(0, 0), (1, 1)], r"\(2, 2\)"),
        (faces.TEMPLATE + 10_000, "outside"),
        (faces.TEMPLATE * 1e7 - 5e8, "larger"),
    ],
)
def test_points_of_no_face_are_refused(points, message):
    photo = np.zeros((80, 80, 3), np.uint8)
    with pytest.raises(ValueError, match=message):
        faces.align(photo, points)


def test_faces_are_found_in_the_shrunk_photo_and_told_in_its_own_pixels():
    places = ((1900, 300, 700), (100, 1000, 400))
    photo = photo_of(*places, size=(3000, 2000))
    seen = []

    def detector(searched):
        seen.append(searched.shape)
        return find_marked(searched)

    found = faces.find_faces(photo, detector, max_side=600)
    assert seen == [(400, 600, 3)]
    assert len(found) == 2
    for face, (left, top, side) in zip(found, reversed(places), strict=True):
        expected = (left, top, left + side, top + side)
        assert np.abs(np.subtract(face.box, expected)).max() <= 5
        goals = (left, top) + faces.TEMPLATE / 100 * side
        assert np.abs(np.subtract(face.landmarks, goals)).max() <= 5


def test_no_faces_is_an_empty_list():
    assert faces.find_faces(photo_of(), find_marked) == []


def test_a_detector_may_write_into_what_it_gets():
    photo = photo_of((10, 10, 50), size=(80, 80))
    before = photo.tobytes()

    def scribble(searched):
        searched[:] = 0
        return []

    faces.find_faces(photo, scribble)
    assert photo.tobytes() == before


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (None, TypeError),
        ([(1, 2, 3, 4)], TypeError),
        ([Face((5, 5, 5, 9))], ValueError),
        ([Face((0, 0, np.inf, 9))], ValueError),
        ([Face((0, 0, 9, 9), ((np.nan, 0),) * 5)], ValueError),
    ],
)
def test_a_detectors_nonsense_is_refused(found, error):
    with pytest.raises(error, match="detector"):
        faces.find_faces(photo_of(), lambda searched: found)


def test_one_impossible_face_costs_the_others_nothing_where_it_is_listed():
    photo = photo_of((10, 10, 50), (300, 40, 90))
    (*good,) = faces.find_faces(photo, find_marked)
    bad = [
        Face((5.0, 5.0, 5.0, 9.0)),
        Face((0.0, 0.0, np.inf, 9.0)),
        Face((1.0, 2.0, 9.0, 9.0), ((np.nan, 0.0),) * 5),
        Face((1.0, 2.0, 3.0)),
    ]
    skipped = []
    found = faces.find_faces(
        photo,
        lambda searched: bad[:2] + find_marked(searched) + bad[2:],
        skipped=skipped,
    )
    assert found == good and len(good) == 2
    assert [face.box for face in skipped] == [
        *((5.0, 5.0, 5.0, 9.0), None, (1.0, 2.0, 9.0, 9.0), None)
    ]
    assert all("no possible face" in face.reason for face in skipped[:3])


def test_a_face_without_landmarks_is_its_box_resized():
    photo = photo_of((30, 20, 80), size=(200, 200))
    face = Face((30.0, 20.0, 110.0, 100.0))
    expected = read_face(photo.crop((30, 20, 110, 100)), 48)
    np.testing.assert_array_equal(faces.cut_out(photo, face, 48), expected)
    (whole,) = whole_picture(np.asarray(photo))
    np.testing.assert_array_equal(
        faces.cut_out(photo, whole, 48), read_face(photo, 48)
    )
    with pytest.raises(DataError, match="10x80"):
        faces.cut_out(photo, Face((0.0, 0.0, 10.0, 80.0)))


@pytest.mark.parametrize(
    "photo",
    [np.zeros((4, 4), "uint8"), np.zeros((4, 4, 3)), Image.new("L", (4, 4))],
)
def test_what_is_no_rgb_photo_is_refused(photo):
    with pytest.raises((TypeError, ValueError), match="photo"):
        faces.find_faces(photo, find_marked)
