"""Photos with drawn faces, and a detector that finds them by their marks.

The faces are tiles with a red border, so that a few lines of NumPy know where
every face lies, whatever the photo went through. The module is importable by
name, as a user's own detector is: `photographed:find_marked`.
"""

import numpy as np
from PIL import Image

import keras_fer
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.face_detectors import Face
from keras_fer.faces import TEMPLATE

BACKGROUND = (60, 120, 60)
_MARK = 0.06  # of the face's side


def marked_face(expression, side=100, seed=0):
    """A drawn face, `(side, side)`, whose border is pure red."""
    rng = np.random.default_rng(seed)
    face = draw_face(expression, rng).convert("RGB")
    face = np.array(face.resize((side, side), Image.Resampling.BICUBIC))
    face[..., 0] = np.minimum(face[..., 0], 200)  # no red but the border
    width = max(2, round(_MARK * side))
    for edge in (
        np.s_[:width],
        np.s_[-width:],
        np.s_[:, :width],
        np.s_[:, -width:],
    ):
        face[edge] = (255, 0, 0)
    return Image.fromarray(face)


def photo_of(*places, size=(640, 480), seed=0):
    """A photo with a marked face at each (left, top, side)."""
    photo = Image.new("RGB", size, BACKGROUND)
    for index, (left, top, side) in enumerate(places):
        expression = keras_fer.CLASSES[(index + seed) % 7]
        photo.paste(marked_face(expression, side, seed + index), (left, top))
    return photo


def find_marked(photo):
    """A detector: upright squares with a red border that share no column."""
    red = (photo[..., 0] > 180) & (photo[..., 1] < 90) & (photo[..., 2] < 90)
    columns = np.flatnonzero(red.any(axis=0))
    found = []
    for part in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
        if len(part) < 8:
            continue
        left, right = part[0], part[-1] + 1
        rows = np.flatnonzero(red[:, left:right].any(axis=1))
        top, bottom = rows[0], rows[-1] + 1
        corner, side = (
            np.array((left, top)),
            np.array((right - left, bottom - top)),
        )
        points = corner + TEMPLATE / 100 * side
        box = (float(left), float(top), float(right), float(bottom))
        found.append(Face(box, tuple(map(tuple, points.tolist())), 0.9))
    return found
