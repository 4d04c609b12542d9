"""Face crops to expressions with an exported model, without TensorFlow.

Needs ai-edge-litert, NumPy and Pillow, and nothing else.
"""

import dataclasses
import os

import numpy as np
from PIL import Image

from keras_fer.errors import ModelFileError
from keras_fer.exported_model import find_tflite
from keras_fer.face_image import read_face
from keras_fer.litert import LiteRTModel


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What the model says of one face.

    Attributes:
        label: the most probable class.
        probabilities: class name -> probability, in the model's order.
    """

    label: str
    probabilities: dict[str, float]


class Classifier:
    """Tells the expression of cropped faces.

    Args:
        model: a .tflite file of `keras_fer.export.export_model`, the folder
            of an exported run, or the name or folder of a preset
            (`keras_fer.list_presets()`); of a folder the int8 file is taken
            if there is one. None: the preset "fer2013".
        num_threads: threads that the interpreter may use. Defaults to 1.
        class_names: names for the outputs of a file that another program
            wrote; whole pictures are then resized to its input. None for
            this package's own files, which carry their names.

    Raises:
        ModelFileError: if the file is damaged or no such model.
        UsageError: if there is no such file, run or preset.
        PresetError: if a preset was altered.

    Example:

        classifier = Classifier("runs/rafdb/export/model.int8.tflite")
        classifier.predict("face.jpg").label
    """

    def __init__(self, model=None, *, num_threads=1, class_names=None):
        path = find_tflite(model)
        self._model = LiteRTModel(path, num_threads)
        contract = self._model.contract
        if contract is not None:
            if class_names is not None:
                raise ValueError(
                    f"{path} carries its class names "
                    f"{contract.class_names}: leave class_names out."
                )
            class_names = contract.class_names
        elif class_names is None:
            raise ModelFileError(
                f"{path} carries no class names: keras_fer did not write it, "
                "or its end was cut off. Copy or export it again, or give "
                "class_names."
            )
        elif len(class_names) != self._model.num_classes:
            raise ModelFileError(
                f"{path} gives {self._model.num_classes} probabilities. "
                f"Received {len(class_names)} class names: {class_names}"
            )
        self.class_names = tuple(class_names)
        self.view_size = self._model.view_size
        self.image_size = contract.image_size if contract else self.view_size

    def predict(self, images, *, ten_crop=False):
        """The expression of one face, or of each in a list.

        Args:
            images: a path, a PIL image, or an array `(height, width, 3)` or
                `(height, width)`, uint8 or float, RGB 0..255; or a list of
                these, or an array `(num_images, height, width, 3)`.
                `keras_fer.face_image.read_face` says how pictures are
                converted and resized.
            ten_crop: whether to average over the four corners, the centre
                and their mirror images instead of the centre alone; ten
                times the work.

        Returns:
            A `Prediction`; a list of them for a list or a 4-D array.

        Raises:
            DataError, ValueError, TypeError: for what is no picture of a
                face; a list is read in full before the first answer.
        """
        single = isinstance(images, (str, os.PathLike, Image.Image)) or (
            isinstance(images, np.ndarray) and images.ndim < 4
        )
        faces = [
            read_face(image, self.image_size)
            for image in ([images] if single else images)
        ]
        predictions = [self._predict(face, ten_crop) for face in faces]
        return predictions[0] if single else predictions

    def _predict(self, face, ten_crop):
        views = ten_views(face, self.view_size)
        views = views if ten_crop else views[4:5]
        probabilities = self._model.predict(np.stack(views)).mean(axis=0)
        return Prediction(
            label=self.class_names[int(probabilities.argmax())],
            probabilities={
                name: float(value)
                for name, value in zip(
                    self.class_names, probabilities, strict=True
                )
            },
        )


def ten_views(image, size):
    """The views of `keras_fer.augment.ten_crop`, in its order, in NumPy.

    Args:
        image: `(height, width, 3)`.
        size: side of the views, in pixels, at most height and width.

    Returns:
        Ten arrays `(size, size, 3)`; the fifth is the centre.
    """
    bottom, right = image.shape[0] - size, image.shape[1] - size
    places = ((0, 0), (0, right), (bottom, 0), (bottom, right))
    places += ((bottom // 2, right // 2),)
    views = [
        image[top : top + size, left : left + size] for top, left in places
    ]
    return views + [view[:, ::-1] for view in views]
