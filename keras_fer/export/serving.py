"""A SavedModel, loaded back to answer as a Keras model does."""

import numpy as np
import tensorflow as tf


class ServedModel:
    """A SavedModel of `export_saved_model`.

    Args:
        directory: its folder.

    Attributes:
        input_shape: `(None, height, width, 3)`.
        output_shape: `(None, classes)`.

    Raises:
        ValueError: if it has no signature of image -> probabilities.
    """

    def __init__(self, directory):
        self._model = tf.saved_model.load(str(directory))
        self._serve = self._model.signatures.get("serving_default")
        inputs, outputs = {}, {}
        if self._serve is not None:
            inputs = self._serve.structured_input_signature[1]
            outputs = self._serve.structured_outputs
        if set(inputs) != {"image"} or set(outputs) != {"probabilities"}:
            raise ValueError(
                "Its signature serving_default must take `image` and give "
                f"`probabilities`. Received: {sorted(inputs)} and "
                f"{sorted(outputs)}."
            )
        self.input_shape = tuple(inputs["image"].shape)
        self.output_shape = tuple(outputs["probabilities"].shape)

    def predict_on_batch(self, views):
        """The probabilities of every view.

        Args:
            views: `(num_views, height, width, 3)`, RGB 0..255.

        Returns:
            float32 `(num_views, classes)`.
        """
        image = tf.constant(np.asarray(views, np.float32))
        return self._serve(image=image)["probabilities"].numpy()
