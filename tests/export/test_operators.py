"""What a file computes is read from the file."""

import pytest
import tensorflow as tf

from keras_fer.errors import ExportError
from keras_fer.export import operators


def content(function, *, flex=False):
    holder = tf.Module()
    holder.run = tf.function(
        lambda image: {"probabilities": function(image)},
        input_signature=[tf.TensorSpec((1, 4), tf.float32, "image")],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [holder.run.get_concrete_function()], holder
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if flex:
        converter.target_spec.supported_ops += [tf.lite.OpsSet.SELECT_TF_OPS]
    return converter.convert()


def test_operations_come_in_their_order_with_types():
    found = operators.read_operators(content(lambda x: tf.exp(tf.tanh(x))))
    assert [step.name for step in found] == ["TANH", "EXP"]
    assert found[0] == operators.Operator("TANH", ("FLOAT32",), ("FLOAT32",))


def test_an_operand_that_is_left_out_has_no_type():
    (dense,) = operators.read_operators(
        content(lambda x: tf.matmul(x, tf.eye(4) * 0.5))
    )
    assert dense.name == "FULLY_CONNECTED"
    assert dense.inputs == ("FLOAT32", "FLOAT32")


def test_flex_operations_are_refused_by_name():
    flex = content(tf.math.digamma, flex=True)
    for name in ("float32", "int8"):
        with pytest.raises(ExportError, match="FlexDigamma"):
            operators.check_operators(flex, name)


def test_a_format_must_be_what_its_name_says():
    floats = content(lambda x: tf.matmul(tf.tanh(x), tf.eye(4) * 0.5))
    operators.check_operators(floats, "float32")
    with pytest.raises(ExportError, match=r"int8: 1 .*FULLY_CONNECTED"):
        operators.check_operators(floats, "int8")
    with pytest.raises(ExportError, match=r"full_int8: 1 .*TANH"):
        operators.check_operators(floats, "full_int8")


def test_the_exports_own_formats_pass(contents):
    for name in ("float32", "dynamic", "int8", "full_int8"):
        operators.check_operators(contents[name], name)
