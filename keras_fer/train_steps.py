"""Training steps that ask for more than a small loss.

`training.fit` trains whatever `train_on_batch` does; a variant is the same
network, on the same variables, with another step.
"""

import keras

from keras_fer import devices
from keras_fer.errors import UsageError

_SMALLEST = 1e-7  # a probability's logarithm stays finite


def variant(model, *, sam=0.0, flip_consistency=0.0):
    """The network with another training step; to be compiled and fitted.

    What it learns, `model` has learned: they share all variables.

    Args:
        model: a `keras.Model` with softmax outputs.
        sam: radius of sharpness-aware minimisation: the gradient is taken
            where the loss is highest within so large a step, at twice the
            time. 0 for none; 0.05 is usual.
        flip_consistency: weight of the Jensen-Shannon divergence (0 to
            ln 2) between the probabilities of an image and of its mirror
            image; both are learned from, at twice the time. 0 for none. (Zhang
            et al. compare attention maps instead, which ties the step to one
            head; probabilities are what any head has.)

    Returns:
        A `keras.Model`; `model` itself if both are 0.

    Raises:
        ValueError: on another backend than TensorFlow.
        UsageError: for a model on several devices.

    References:
        Foret et al., "Sharpness-aware minimization for efficiently improving
        generalization", 2021. Zhang et al., "Learn from all: erasing
        attention consistency for noisy label facial expression recognition",
        2022.
    """
    if not sam and not flip_consistency:
        return model
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "sam and flip_consistency need the TensorFlow backend. Received: "
            f"{keras.backend.backend()}"
        )
    if devices.is_spread(model):
        raise UsageError(
            "--sam and --flip-consistency train on one device. Leave "
            "--devices out."
        )
    trained = _Variant(model.inputs, model.outputs, name=model.name)
    trained.sam = sam
    trained.flip_consistency = flip_consistency
    return trained


class _Variant(keras.Model):
    """A functional model whose step `sam` and `flip_consistency` change."""

    def train_step(self, data):
        images, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        state = _values(self.non_trainable_variables)
        loss, outputs, gradients = self._gradients(images, targets, variables)
        if self.sam:
            # The second pass drops what the first one dropped, and moving
            # averages see one of them.
            _assign(self.non_trainable_variables, state)
            gradients = self._sharp_gradients(
                images, targets, variables, gradients
            )
        self.optimizer.apply(gradients, variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(targets, outputs)
        return {metric.name: metric.result() for metric in self.metrics}

    def _gradients(self, images, targets, variables):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss, outputs = self._forward(images, targets)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(
            scaled,
            [variable.value for variable in variables],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return loss, outputs, gradients

    def _forward(self, images, targets):
        """The loss, and the outputs on the images as they are."""
        if self.flip_consistency:
            mirrored = keras.ops.flip(images, axis=2)
            images = keras.ops.concatenate([images, mirrored])
            targets = keras.ops.concatenate([targets, targets])
        outputs = self(images, training=True)
        loss = self.compute_loss(
            x=images, y=targets, y_pred=outputs, training=True
        )
        if self.flip_consistency:
            outputs, mirrored = keras.ops.split(outputs, 2)
            divergence = jensen_shannon(outputs, mirrored)
            loss += self.flip_consistency * keras.ops.mean(divergence)
        return loss, outputs

    def _sharp_gradients(self, images, targets, variables, gradients):
        """Those at the top of the ball; the variables are as before then."""
        import tensorflow as tf

        before = _values(variables)
        # Whatever the loss was scaled by for float16 cancels here.
        norm = tf.linalg.global_norm(gradients)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.value.assign_add(self.sam * gradient / (norm + 1e-12))
        _, _, sharp = self._gradients(images, targets, variables)
        _assign(variables, before)
        return sharp


def _values(variables):
    import tensorflow as tf

    return [tf.identity(variable.value) for variable in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.value.assign(value)


def jensen_shannon(first, second):
    """Jensen-Shannon divergence of each pair of rows: 0 to ln 2.

    Args:
        first, second: probabilities `(batch, classes)`.

    Returns:
        `(batch,)`.
    """
    middle = (first + second) / 2
    return _entropy(middle) - (_entropy(first) + _entropy(second)) / 2


def _entropy(probabilities):
    logarithms = keras.ops.log(keras.ops.maximum(probabilities, _SMALLEST))
    return -keras.ops.sum(probabilities * logarithms, axis=-1)
