"""What finds faces: a function from an RGB array to a list of `Face`."""

import dataclasses
import functools
import importlib
from importlib import resources

import numpy as np

from keras_fer.errors import UsageError

# Left and right as the viewer sees them.
LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
NO_MTCNN = (
    "Finding faces needs the package mtcnn. Install it: pip install "
    "'keras-fer[faces]'. Pictures that are faces already, cut out: "
    "--detector none (in Python: detector=face_detectors.whole_picture)."
)
_EXPECTED = (
    "Expected: mtcnn, none, or MODULE:FUNCTION. An installed command does not "
    "look for modules in the working directory; for one that lies there: "
    "PYTHONPATH=. keras-fer predict ..."
)


@dataclasses.dataclass(frozen=True)
class Face:
    """A face that a detector found.

    Attributes:
        box: (left, top, right, bottom), in pixels; it may reach out of the
            picture.
        landmarks: five points (x, y) in the order of `LANDMARKS`, or four:
            the eyes, the nose and the middle of the mouth. None where the
            box itself is the aligned face.
        score: how sure the detector is, 0 to 1.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...] | None = None
    score: float = 1.0


@dataclasses.dataclass(frozen=True)
class SkippedFace:
    """A face that a detector found and that cannot be cut out.

    Attributes:
        box: (left, top, right, bottom), in pixels of the upright photo; None
            where the detector gave no possible box.
        reason: what is wrong with it.
    """

    box: tuple[float, float, float, float] | None
    reason: str


def whole_picture(picture):
    """The detector for pictures that are aligned faces: one face, all of it.

    Args:
        picture: array `(height, width, 3)`.

    Returns:
        A list of one `Face`, without landmarks.
    """
    height, width = picture.shape[:2]
    return [Face((0.0, 0.0, float(width), float(height)))]


@functools.cache
def mtcnn_detector():
    """The detector of the package mtcnn (Zhang et al. 2016).

    Loads TensorFlow, 0.8 to 1.2 GB a process, and runs on the CPU; loaded
    once a process.

    Returns:
        A function from a uint8 array `(height, width, 3)` to a list of
        `Face`.

    Raises:
        UsageError: if mtcnn is not installed.
    """
    try:
        import mtcnn
        from mtcnn import stages
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("mtcnn", "joblib", "lz4"):
            raise UsageError(NO_MTCNN) from error
        raise
    # By name alone it would unpickle such a file in the working directory,
    # which may be a folder of somebody else's photos.
    weights = resources.files("mtcnn") / "assets" / "weights"
    network = mtcnn.MTCNN(
        [
            _compiled(stages.StagePNet(weights=str(weights / "pnet.lz4"))),
            _compiled(stages.StageRNet(weights=str(weights / "rnet.lz4")), 24),
            _compiled(stages.StageONet(weights=str(weights / "onet.lz4")), 48),
        ]
    )

    def detect(photo):
        # min_face_size stays at 20: with another, versions up to 1.0.0 miss
        # large faces, since the pyramid ends below the network's input.
        rows = network.detect_faces(
            photo, box_format="xyxy", output_type="numpy"
        )
        return [
            Face(
                tuple(row[1:5].tolist()),
                tuple(
                    zip(row[6:11].tolist(), row[11:16].tolist(), strict=True)
                ),
                float(row[5]),
            )
            for row in np.asarray(rows, float)
        ]

    return detect


def _compiled(stage, side=None):
    """A stage whose network runs as one graph for pictures of any number.

    The package runs it operation by operation, a dozen times a photo: the
    same answers take 2.3 times as long.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return stage
    import tensorflow as tf

    pictures = tf.TensorSpec((None, side, side, 3), tf.float32)
    network = stage.model
    network.call = tf.function(network.call, input_signature=[pictures])
    return stage


def named_detector(name):
    """The detector that a command line means.

    Args:
        name: "mtcnn"; "none" for `whole_picture`; or MODULE:FUNCTION, a
            detector of the user's own.

    Returns:
        A function from a uint8 array `(height, width, 3)` to a list of
        `Face`.

    Raises:
        UsageError: if there is none of this name, it is no function, or its
            module needs another that is missing.
    """
    if name == "mtcnn":
        return mtcnn_detector()
    if name == "none":
        return whole_picture
    module, _, function = name.partition(":")
    if not function or not all(map(str.isidentifier, module.split("."))):
        raise UsageError(f"There is no detector {name!r}. {_EXPECTED}")
    try:
        detector = getattr(importlib.import_module(module), function, None)
    except ImportError as error:
        # A package is looked for before the module in it.
        if f"{module}.".startswith(f"{error.name}."):
            raise UsageError(
                f"There is no detector {name!r}: Python finds no module "
                f"{error.name}. {_EXPECTED}"
            ) from error
        raise UsageError(
            f"The detector {name!r} cannot be imported: it needs "
            f"{error.name or 'what is missing'} ({error}). Install that where "
            "keras-fer is installed."
        ) from error
    if not callable(detector):
        found = "no such name" if detector is None else type(detector).__name__
        raise UsageError(
            f"There is no detector {name!r}: the module holds {found} where "
            f"a function is expected. {_EXPECTED}"
        )
    return detector
