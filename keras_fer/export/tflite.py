"""A trained model as .tflite files: one function, five formats."""

import re
import warnings

import numpy as np
import tensorflow as tf

from keras_fer.errors import ExportError
from keras_fer.export import operators
from keras_fer.export.float_copy import float_copy
from keras_fer.export.integer_pooling import IntegerLIPPooling2D
from keras_fer.layers import LIPPooling2D

FORMATS = ("float32", "float16", "dynamic", "int8", "full_int8")
CALIBRATED = ("int8", "full_int8")
# What the hybrid format computes in eight bits, beside moving values about.
_INTEGER = {*operators.WEIGHTED, "MAX_POOL_2D", "RESHAPE"}


def convert(model, model_format, calibration=None):
    """Converts a model to one .tflite format.

    Static batch of one; signature `serving_default`: `image`,
    `(1, height, width, 3)`, RGB 0..255 -> `probabilities`, float32
    `(1, classes)`. Built-in operations alone.

    Args:
        model: a model of `keras_fer.build_model` of known, square input
            size, on the TensorFlow backend, trained in any precision.
        model_format: "float32"; "float16" (weights in half precision);
            "dynamic" (weights in eight bits); "int8" (convolutions and dense
            layers in eight bits, everything between them in floats);
            "full_int8" (eight bits throughout, uint8 image in).
        calibration: float32 or uint8 `(num_images, height, width, 3)`, the
            views that the integer formats take their ranges from.

    Returns:
        The file's content, `bytes`.

    Raises:
        ExportError: if TensorFlow Lite's built-in operations cannot express
            the network in this format.
        ValueError: for an unknown format, calibration views that are missing
            or misshapen, or an input size that is not known.
    """
    if model_format not in FORMATS:
        raise ValueError(
            f"The format must be one of {FORMATS}. Received: {model_format!r}"
        )
    shape = tuple(model.input_shape[1:])
    if None in shape or shape[0] != shape[1]:
        raise ValueError(
            "A .tflite file has one square input size. Received: a model of "
            f"input_shape={shape}. Build it with input_shape=(90, 90, 3), or "
            "whichever it was trained on, and load the weights."
        )
    if model_format in CALIBRATED:
        found = getattr(calibration, "shape", None)
        if found is None or found[1:] != shape or not found[0]:
            raise ValueError(
                f"{model_format} needs calibration views of {shape}. "
                f"Received: {found}"
            )
    integer_only = model_format == "full_int8"
    copy = float_copy(
        model, {LIPPooling2D: IntegerLIPPooling2D} if integer_only else None
    )
    converter = _converter(copy)
    if model_format in CALIBRATED:
        # One image at a time, as the file will see them.
        converter.representative_dataset = lambda: (
            {"image": view[None].astype(np.float32)} for view in calibration
        )
    with warnings.catch_warnings():
        # TensorFlow's own converter calls the interpreter that TensorFlow
        # announces to remove.
        warnings.filterwarnings(
            "ignore", ".*Interpreter is deprecated", UserWarning
        )
        try:
            content = _FORMS[model_format](converter)
        except Exception as error:  # the converter raises many kinds
            raise ExportError(
                f"{model_format}: the network cannot be converted to "
                f"built-in operations. {_reason(error)}"
            ) from error
    operators.check_operators(content, model_format)
    return content


def _converter(copy):
    """A converter of the network with its weights as constants.

    TensorFlow Lite would write Keras's variables as operations of their own,
    and files without weights.
    """
    trained = [variable.numpy() for variable in copy.trainable_variables]
    others = [variable.numpy() for variable in copy.non_trainable_variables]

    @tf.function(
        input_signature=[
            tf.TensorSpec((1, *copy.input_shape[1:]), tf.float32, "image")
        ]
    )
    def serve(image):
        outputs, _ = copy.stateless_call(
            [tf.constant(value) for value in trained],
            [tf.constant(value) for value in others],
            image,
            training=False,
        )
        return {"probabilities": outputs}

    holder = tf.Module()
    holder.serve = serve
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [serve.get_concrete_function()], holder
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter


def _float32(converter):
    return converter.convert()


def _float16(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def _dynamic(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def _int8(converter):
    # Everything but convolutions stays in floats: few conversions between
    # the two, and one partition of the delegate.
    names = {
        step.name for step in operators.read_operators(converter.convert())
    }
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
    ]
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter,
        debug_dataset=converter.representative_dataset,
        debug_options=tf.lite.experimental.QuantizationDebugOptions(
            denylisted_ops=sorted(names - _INTEGER)
        ),
    )
    return debugger.get_nondebug_quantized_model()


def _full_int8(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    return converter.convert()


_FORMS = {
    "float32": _float32,
    "float16": _float16,
    "dynamic": _dynamic,
    "int8": _int8,
    "full_int8": _full_int8,
}


def _reason(error):
    """The converter's message, of which most is a trace of its passes."""
    text = str(error)
    flex = re.search(r"(?:Flex|TF Select) ops: ([\w, ]+)", text)
    if flex:
        return f"Not built in: {flex[1].strip()}."
    return " ".join(text.split())[:300]
