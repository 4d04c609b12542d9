"""Photos in, expressions out: every face found, aligned and classified."""

import dataclasses
import os

import numpy as np
from PIL import Image

from keras_fer import faces
from keras_fer.classifier import Classifier
from keras_fer.datasets.picture_checks import MIN_SIDE
from keras_fer.errors import DataError
from keras_fer.face_detectors import SkippedFace
from keras_fer.face_detectors import mtcnn_detector
from keras_fer.face_detectors import whole_picture
from keras_fer.face_image import read_picture
from keras_fer.face_image import to_rgb


@dataclasses.dataclass(frozen=True)
class PhotoFace:
    """A face in a photo, and what the model says of it.

    Attributes:
        box: (left, top, right, bottom), in pixels of the upright photo; it
            may reach out of it.
        landmarks: points (x, y), in the order of
            `face_detectors.LANDMARKS`, or None.
        score: how sure the detector is that this is a face, 0 to 1.
        label: the most probable class.
        probabilities: class name -> probability, in the model's order.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...] | None
    score: float
    label: str
    probabilities: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Photo:
    """What was found in one photo.

    Attributes:
        width, height: in pixels, upright.
        faces: a tuple of `PhotoFace`, from left to right; empty where no
            face was found.
        skipped: a tuple of `face_detectors.SkippedFace`: faces that were
            found and cannot be cut out. They have no answer.
    """

    width: int
    height: int
    faces: tuple[PhotoFace, ...]
    skipped: tuple[SkippedFace, ...] = ()


@dataclasses.dataclass(frozen=True)
class PhotoReader:
    """All that turns a photo into expressions, loaded once.

    Attributes:
        classifier: `Classifier`.
        detector: function from a uint8 array `(height, width, 3)` to a list
            of `face_detectors.Face`.
        ten_crop: whether to average over ten views of each face.
        max_side: photos are shrunk to this many pixels before faces are
            looked for.
        template: where landmarks belong; see `faces.align`.
    """

    classifier: Classifier
    detector: object
    ten_crop: bool = False
    max_side: int = faces.MAX_SIDE
    template: np.ndarray = dataclasses.field(
        default_factory=lambda: faces.TEMPLATE
    )

    def __post_init__(self):
        # Else it would be blamed on every face.
        points = np.array(self.template, float)
        if points.shape not in ((5, 2), (4, 2)) or not np.ptp(points) > 0:
            raise ValueError(
                "A template has five points (x, y), or four with the middle "
                f"of the mouth. Received: {points.tolist()}"
            )

    def read(self, picture):
        """The faces in an opened photo.

        Args:
            picture: `PIL.Image.Image`, as `open_photo` gives it.

        Returns:
            (`Photo`, a uint8 array `(num_faces, size, size, 3)` of the
            aligned faces, where size is the classifier's `image_size`).

        Raises:
            DataError: if the picture itself is to be the face (the detector
                is `whole_picture`) and cannot be one.
        """
        skipped = []
        found = faces.find_faces(
            picture, self.detector, max_side=self.max_side, skipped=skipped
        )
        found, crops = self._cut_out(picture, found, skipped)
        answers = self.classifier.predict(crops, ten_crop=self.ten_crop)
        photo = Photo(
            *picture.size,
            tuple(
                PhotoFace(
                    face.box,
                    face.landmarks,
                    face.score,
                    answer.label,
                    answer.probabilities,
                )
                for face, answer in zip(found, answers, strict=True)
            ),
            tuple(skipped),
        )
        return photo, crops

    def _cut_out(self, picture, found, skipped):
        """Those of the faces that can be, and their crops."""
        size = self.classifier.image_size
        kept, crops = [], []
        for face in found:
            try:
                crops.append(faces.cut_out(picture, face, size, self.template))
                kept.append(face)
            except (DataError, ValueError) as error:
                if self.detector is whole_picture:
                    raise
                skipped.append(SkippedFace(face.box, str(error)))
        return kept, np.array(crops, np.uint8).reshape(-1, size, size, 3)


def predict(
    photos,
    model=None,
    *,
    detector=None,
    ten_crop=False,
    max_side=faces.MAX_SIDE,
    template=faces.TEMPLATE,
):
    """The expressions of all faces in one photo, or in each of a list.

    Args:
        photos: a path (JPEG, PNG, WebP), a `PIL.Image.Image` or a uint8
            array `(height, width, 3)` or `(height, width)`; or a list of
            these. They are opened one after another.
        model: a `Classifier`; or the path of a .tflite file, of an exported
            run's folder or of a preset's. None: the preset that the package
            ships.
        detector: function from a uint8 array `(height, width, 3)` to a list
            of `face_detectors.Face`. None: mtcnn, which the extra `faces`
            installs; it loads TensorFlow. `face_detectors.whole_picture`
            takes each picture for one face, cut out already.
        ten_crop: whether to average over ten views of each face instead of
            the centre alone; ten times the work.
        max_side: longer photos are shrunk to this many pixels before faces
            are looked for; faces are cut out of the photo as it was.
        template: where the landmarks belong in an aligned face of 100x100
            pixels; see `faces.align`.

    Returns:
        A `Photo`; a list of them for a list.

    Raises:
        UsageError: if there is no model, or no detector.
        ModelFileError: if the model is damaged.
        DataError: for a photo that cannot be read.
        ValueError: for a template of no face.

    Example:

        photo = keras_fer.predict("group.jpg", "runs/rafdb")
        [face.label for face in photo.faces]
    """
    single = isinstance(photos, (str, os.PathLike, Image.Image, np.ndarray))
    reader = PhotoReader(
        model if isinstance(model, Classifier) else Classifier(model),
        detector or mtcnn_detector(),
        ten_crop,
        max_side,
        template,
    )
    results = [
        reader.read(open_photo(photo))[0]
        for photo in ([photos] if single else photos)
    ]
    return results[0] if single else results


def open_photo(photo):
    """A photo, upright and in RGB.

    Args:
        photo: path of a JPEG, PNG or WebP file, `PIL.Image.Image`, or uint8
            array `(height, width, 3)` or `(height, width)`.

    Returns:
        `PIL.Image.Image` of mode "RGB".

    Raises:
        DataError: for a file that cannot be decoded, or a picture too small
            to hold a face.
        ValueError, TypeError: for what is no photo.
    """
    name = "The photo"
    if isinstance(photo, (str, os.PathLike)):
        name = os.fspath(photo)
        picture = read_picture(name)
    elif isinstance(photo, Image.Image):
        picture = to_rgb(photo)
    elif isinstance(photo, np.ndarray) and photo.ndim == 2:
        picture = faces.as_picture(np.stack([photo] * 3, axis=-1))
    else:
        picture = faces.as_picture(photo)
    if min(picture.size) < MIN_SIDE:
        raise DataError(
            f"{name} is {picture.width}x{picture.height} pixels. A photo with "
            f"a face has at least {MIN_SIDE} a side."
        )
    return picture
