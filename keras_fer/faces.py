"""Faces in a photo: found, and moved to where the network expects them.

Points are (x, y) in pixels from the picture's upper left corner, so that the
middle of the first pixel is (0.5, 0.5); left and right are the viewer's.
"""

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image

from keras_fer.face_detectors import Face
from keras_fer.face_detectors import SkippedFace
from keras_fer.face_detectors import mtcnn_detector
from keras_fer.face_image import read_face

# Where `face_detectors.LANDMARKS` lie in an aligned face of 100x100 pixels:
# the median of mesh landmarks on 2,307 aligned faces from photographs.
TEMPLATE = np.array(
    [(32.4, 40.1), (67.6, 40.1), (50.0, 63.0), (34.6, 78.3), (65.4, 78.3)]
)
TEMPLATE.setflags(write=False)
TEMPLATE_SIDE = 100
# Photos are shrunk to this before faces are looked for. mtcnn finds faces
# from 20 pixels on: a fiftieth of the photo's longer side.
MAX_SIDE = 1024
# Times the template's spread; nearer points than that are no face.
_SMALLEST_SPREAD = 1e-3


def find_faces(photo, detector=None, *, max_side=MAX_SIDE, skipped=None):
    """The faces in a photo, from left to right.

    Args:
        photo: upright RGB `PIL.Image.Image`, or uint8 array
            `(height, width, 3)`.
        detector: function from a uint8 array `(height, width, 3)` to a list
            of `Face`. None: `mtcnn_detector()`.
        max_side: longer photos are shrunk to this many pixels, antialiased,
            before the detector sees them. Smaller is faster, and loses
            small faces.
        skipped: list that takes a `SkippedFace` for each face with an
            impossible box, landmarks or score. None: the first raises.

    Returns:
        A list of `Face`, in the pixels of `photo`.

    Raises:
        UsageError: if mtcnn is needed and not installed.
        TypeError, ValueError: for what is no photo, or no list of faces.
    """
    photo = as_picture(photo)
    detector = detector or mtcnn_detector()
    factor = max(photo.size) / max_side
    searched = photo
    if factor > 1:
        shape = [max(1, round(side / factor)) for side in photo.size]
        searched = photo.resize(
            shape, Image.Resampling.BILINEAR, reducing_gap=3.0
        )
    scale = np.divide(photo.size, searched.size)
    answer = detector(np.asarray(searched).copy())
    if not isinstance(answer, Iterable):
        raise TypeError(
            "A detector returns a list of keras_fer.face_detectors.Face. "
            f"Received: {type(answer).__name__}"
        )
    found = []
    for face in answer:
        try:
            found.append(_scaled(face, scale))
        except ValueError as error:
            if skipped is None:
                raise
            skipped.append(SkippedFace(_possible_box(face, scale), str(error)))
    return sorted(found, key=lambda face: face.box)


def align(photo, landmarks, size=TEMPLATE_SIDE, template=TEMPLATE):
    """Turns, scales and shifts a face so that its landmarks fit a template.

    A face larger than the result is shrunk first, with a triangle filter as
    wide as the scale asks for (antialiased); the rest is bicubic. What lies
    outside the photo continues its edge.

    Args:
        photo: upright RGB `PIL.Image.Image`, or uint8 array
            `(height, width, 3)`.
        landmarks: five points (x, y), or four: eyes, nose, middle of the
            mouth. See
            `face_detectors.LANDMARKS`.
        size: side of the result, in pixels.
        template: five or four points, where the landmarks belong in a
            picture of 100x100. Where one of the two has four points and the
            other five, the corners of the mouth count by their middle.

    Returns:
        uint8 array `(size, size, 3)`.

    Raises:
        ValueError: for points that are no face's, or none of which lies
            near the photo.
    """
    photo = as_picture(photo)
    points, goals = np.array(landmarks, float), np.array(template, float)
    if len(points) != len(goals):
        points, goals = middle_of_mouth(points), middle_of_mouth(goals)
    goals = goals * (size / TEMPLATE_SIDE)
    matrix = np.vstack([similarity(points, goals), (0, 0, 1)])
    to_photo = np.linalg.inv(matrix)
    scale = math.hypot(*matrix[0, :2])
    corners = np.array([(0, 0, 1), (size, 0, 1), (0, size, 1), (size, size, 1)])
    reach = corners @ to_photo.T
    margin = 2 + 2 / scale  # the filters' own
    low = np.floor(reach.min(axis=0) - margin)[:2].clip(0, photo.size)
    high = np.ceil(reach.max(axis=0) + margin)[:2].clip(0, photo.size)
    if (high <= low).any():
        raise ValueError(f"The face lies outside the photo: {points.tolist()}")
    if ((high - low) * scale < 1).any():
        raise ValueError(
            f"The face is far larger than the photo: {points.tolist()}"
        )
    box = (*low, *high)
    shape = np.rint((high - low) * min(scale, 1)).astype(int)
    part = photo.resize(
        shape.tolist(), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0
    )
    # From the result to the part, whose pixels are larger than the photo's.
    steps = shape / (high - low)
    to_part = (to_photo[:2] - [[0, 0, low[0]], [0, 0, low[1]]]) * steps[:, None]
    reach = corners @ to_part.T
    before = np.maximum(np.ceil(2 - reach.min(axis=0)), 0).astype(int)
    after = np.maximum(np.ceil(reach.max(axis=0) - shape + 2), 0).astype(int)
    (left, top), (right, bottom) = before, after
    padded = np.pad(
        np.asarray(part), ((top, bottom), (left, right), (0, 0)), mode="edge"
    )
    to_part[:, 2] += before
    aligned = Image.fromarray(padded).transform(
        (size, size),
        Image.Transform.AFFINE,
        to_part.ravel().tolist(),
        Image.Resampling.BICUBIC,
    )
    return np.asarray(aligned)


def cut_out(photo, face, size=TEMPLATE_SIDE, template=TEMPLATE):
    """A face as the network takes it.

    Args:
        photo: upright RGB `PIL.Image.Image`, or uint8 array
            `(height, width, 3)`.
        face: `Face`, in the photo's pixels. With landmarks it is aligned;
            without, its box is cut out and resized as `face_image.read_face`
            does with a picture of a face.
        size: side of the result, in pixels.
        template: see `align`.

    Returns:
        uint8 array `(size, size, 3)`.

    Raises:
        DataError: for a box that no face crop can have.
        ValueError: see `align`.
    """
    if face.landmarks is not None:
        return align(photo, face.landmarks, size, template)
    photo = as_picture(photo)
    box = np.rint(face.box).clip(0, [*photo.size, *photo.size]).astype(int)
    return read_face(photo.crop(box.tolist()), size)


def similarity(points, goals):
    """The turn, scale and shift that brings points nearest to goals.

    Least squares over all points (Umeyama 1991), without mirroring.

    Args:
        points, goals: `(n, 2)`, n at least 2.

    Returns:
        float64 `(2, 3)`: `matrix @ (x, y, 1)` is where (x, y) comes to lie.

    Raises:
        ValueError: if the points lie all in one place or are not finite.
    """
    points, goals = np.array(points, float), np.array(goals, float)
    if points.shape != goals.shape or points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            "Landmarks are five points (x, y), or four with the middle of "
            f"the mouth. Received: {points.shape}, for {goals.shape}"
        )
    # Complex numbers: one factor turns and scales.
    sources, targets = points @ (1, 1j), goals @ (1, 1j)
    centre, goal = sources.mean(), targets.mean()
    sources, targets = sources - centre, targets - goal
    spread = np.sum(np.abs(sources) ** 2)
    if not spread > _SMALLEST_SPREAD**2 * np.sum(np.abs(targets) ** 2):
        raise ValueError(f"No face has its landmarks at {points.tolist()}")
    factor = np.sum(sources.conj() * targets) / spread
    if not np.isfinite(factor) or not factor:
        raise ValueError(f"No face has its landmarks at {points.tolist()}")
    shift = goal - factor * centre
    return np.array(
        [
            (factor.real, -factor.imag, shift.real),
            (factor.imag, factor.real, shift.imag),
        ]
    )


def middle_of_mouth(points):
    """Four points from five: the eyes, the nose and the mouth's middle.

    Args:
        points: `(5, 2)`; `(4, 2)` stays as it is.

    Returns:
        float64 `(4, 2)`.
    """
    points = np.array(points, float)
    if points.shape != (5, 2):
        return points
    return np.vstack([points[:3], points[3:].mean(axis=0)])


def as_picture(photo):
    """A `PIL.Image.Image` of mode "RGB" from it or a uint8 array."""
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
            raise ValueError(
                "A photo as an array is uint8 (height, width, 3), RGB. "
                f"Received: {photo.dtype} {photo.shape}"
            )
        return Image.fromarray(photo)
    if not isinstance(photo, Image.Image) or photo.mode != "RGB":
        found = getattr(photo, "mode", type(photo).__name__)
        raise TypeError(
            "A photo is a PIL image of mode RGB (face_image.to_rgb makes "
            f"one) or a uint8 array. Received: {found}"
        )
    return photo


def _scaled(face, scale):
    """A face in the pixels of the photo, from those that were searched."""
    if not isinstance(face, Face):
        raise TypeError(
            "A detector returns a list of keras_fer.face_detectors.Face. "
            f"Received in it: {type(face).__name__}"
        )
    box = _scaled_box(face, scale)
    landmarks = face.landmarks
    if landmarks is not None:
        points = np.reshape(np.array(landmarks, float), (-1, 2)) * scale
        landmarks = tuple(map(tuple, points.tolist()))
    numbers = [*box, face.score, *np.ravel(landmarks or 0)]
    if not np.isfinite(numbers).all() or box[0] >= box[2] or box[1] >= box[3]:
        raise ValueError(f"A detector found no possible face: {face}")
    return Face(box, landmarks, float(face.score))


def _scaled_box(face, scale):
    return tuple((np.reshape(face.box, (2, 2)) * scale).ravel().tolist())


def _possible_box(face, scale):
    """The box of a face that was refused; None if it is no four numbers."""
    try:
        box = _scaled_box(face, scale)
    except ValueError:
        return None
    return box if np.isfinite(box).all() else None
