"""Where the network looked, on each face of a photo: `--explain`."""

from pathlib import Path

import numpy as np

from keras_fer import presets
from keras_fer.classifier import ten_views
from keras_fer.errors import UsageError
from keras_fer.exported_model import NO_MODEL
from keras_fer.finished_run import is_run


def find_keras_model(model):
    """What the maps of a model are taken from.

    Args:
        model: what `--model` names; None: the preset that the package ships.

    Returns:
        The path of a run's or a preset's folder.

    Raises:
        UsageError: if it is neither.
    """
    name = model or presets.DEFAULT
    if presets.is_name(name):
        return presets.SHIPPED / name
    if model is None:
        raise UsageError(NO_MODEL)
    model = Path(model)
    if is_run(model) or (model / presets.WEIGHTS).is_file():
        return model
    raise UsageError(
        "--explain needs the Keras network, whose pooling layers tell where "
        "they looked; a .tflite file does not. Name the run or the preset: "
        "--model RUN."
    )


class Explainer:
    """Draws importance maps; loads TensorFlow.

    Args:
        model: as `find_keras_model` gives it.

    Raises:
        UsageError: if the network has no LIP layer.
        ModelFileError: if it cannot be loaded.
    """

    def __init__(self, model):
        from keras_fer import importance
        from keras_fer.commands import trained_model

        if is_run(model):
            self._network = trained_model.load(trained_model.describe(model))
        else:
            from keras_fer.model import build_model

            self._network = build_model(model)
        try:
            importance.importance_maps(
                self._network, np.zeros((1, *self._network.input_shape[1:]))
            )
        except ValueError as error:
            raise UsageError(f"--explain: {error}") from error

    def __call__(self, faces, crops):
        """A figure of all faces in a photo.

        Args:
            faces: `photos.PhotoFace`s.
            crops: uint8 `(num_faces, size, size, 3)`, their aligned faces.

        Returns:
            A figure that `figures.save_figure` writes.
        """
        from keras_fer import importance
        from keras_fer.figures import importance_figure

        side = self._network.input_shape[1]
        views = np.stack([ten_views(crop, side)[4] for crop in crops])
        maps = importance.importance_maps(self._network, views)
        maps["all of them"] = importance.combined_map(maps)
        shares = [list(face.probabilities.values()) for face in faces]
        names = list(faces[0].probabilities)
        return importance_figure(views, maps, None, np.array(shares), names)
