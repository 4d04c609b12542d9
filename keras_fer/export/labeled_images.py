"""The images that an export is calibrated on, and those that judge it."""

import dataclasses
import hashlib

import numpy as np

from keras_fer import input_pipeline
from keras_fer.errors import DataError

MIN_CALIBRATION = 32


@dataclasses.dataclass(frozen=True, eq=False)
class LabeledImages:
    """Decoded faces of one size with their classes.

    Attributes:
        images: uint8 `(num_images, side, side, 3)`, RGB 0..255.
        labels: int `(num_images,)`, indices into the model's classes.
        names: each picture's path inside its data set, or None.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...] | None = None

    def __post_init__(self):
        shape = np.shape(self.images)
        if (
            len(shape) != 4
            or shape[1] != shape[2]
            or shape[3] != 3
            or self.images.dtype != np.uint8
            or np.shape(self.labels) != shape[:1]
        ):
            raise ValueError(
                "Images are uint8 (num_images, side, side, 3), labels "
                f"(num_images,). Received: {getattr(self.images, 'dtype', '')} "
                f"{shape} and {np.shape(self.labels)}"
            )
        if self.names is not None and len(self.names) != shape[0]:
            raise ValueError(
                f"{len(self.names)} names for {shape[0]} images. Give one each."
            )

    def __len__(self):
        return len(self.images)

    def name(self, index):
        """What a message calls a picture."""
        return f"number {index}" if self.names is None else self.names[index]

    @property
    def side(self):
        """Height and width, in pixels."""
        return self.images.shape[1]

    def views(self, size):
        """The centre of every image, as a single-view test sees it.

        Args:
            size: side of the view, in pixels.

        Returns:
            uint8 `(num_images, size, size, 3)`.
        """
        if size > self.side:
            raise ValueError(
                f"The images have {self.side}x{self.side} pixels, less than "
                f"the model's view of {size}x{size}. Resize them first."
            )
        start = (self.side - size) // 2
        stop = start + size
        return self.images[:, start:stop, start:stop, :]

    def sha256(self):
        """SHA-256 of all pixels and labels, as hexadecimal digits."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        digest.update(np.ascontiguousarray(self.images).tobytes())
        digest.update(np.asarray(self.labels, "<i4").tobytes())
        return digest.hexdigest()


def decode(faces, image_size):
    """Decodes compressed faces.

    Args:
        faces: `datasets.labeled_faces.LabeledFaces`.
        image_size: side of the images, in pixels; others are resized.

    Returns:
        `LabeledImages`, in the order of the faces.
    """
    batches = input_pipeline.image_batches(
        faces, image_size=image_size, batch_size=64
    )
    images = [batch.numpy() for batch in batches]
    return LabeledImages(
        np.concatenate(images), np.asarray(faces.labels), faces.names
    )


def calibration_sample(faces, image_size, num_images=200, seed=0):
    """A fixed sample of the training part, all classes as equal as they come.

    Args:
        faces: `LabeledFaces`, of the training part and no other.
        image_size: side of the images, in pixels.
        num_images: how many, or all there are.
        seed: of the choice.

    Returns:
        `LabeledImages`.
    """
    order = np.random.default_rng([seed, len(faces)]).permutation(len(faces))
    labels = np.asarray(faces.labels)[order]
    turn = np.empty(len(order), int)  # first of its class, second ...
    for label in np.unique(labels):
        members = labels == label
        turn[members] = np.arange(members.sum())
    chosen = order[np.argsort(turn, kind="stable")][:num_images]
    return decode(faces.take(np.sort(chosen)), image_size)


def check_calibration(calibration, held_back=None):
    """Refuses images that ranges should not be taken from.

    Args:
        calibration: `LabeledImages`.
        held_back: `LabeledImages` that will judge the export, or None.

    Raises:
        DataError: if they are too few, of one class, or held back.
    """
    if len(calibration) < MIN_CALIBRATION:
        raise DataError(
            f"{len(calibration)} calibration images are too few for the "
            f"ranges of eight bits. Give at least {MIN_CALIBRATION} of the "
            "training part."
        )
    classes = np.unique(calibration.labels)
    if len(classes) < 2:
        raise DataError(
            f"All {len(calibration)} calibration images are of class "
            f"{classes[0]}. Give images of every class of the training part."
        )
    if held_back is None:
        return
    # Whole images and centres, since the two sets may differ in margin.
    side = min(calibration.side, held_back.side)
    known = {_pixels(image) for image in held_back.views(side)}
    shared = [
        index
        for index, image in enumerate(calibration.views(side))
        if _pixels(image) in known
    ]
    if shared:
        raise DataError(
            f"{len(shared)} of {len(calibration)} calibration images are "
            f"also in the test part (the first is number {shared[0]}). Take "
            "them from the training part alone."
        )


def _pixels(image):
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()
