"""Row 19: .tflite files that are none, are damaged, or of another kind.

Random damage to files of unknown hash, other inputs and outputs:
tests/export/test_litert.py.
"""

import shutil

import pytest

from keras_fer import model_file
from keras_fer.classifier import Classifier
from keras_fer.errors import ModelFileError

DAMAGE = {
    "empty": (lambda content: b"", "is empty"),
    "8 bytes": (lambda content: content[:8], "no usable .tflite file"),
    "text": (lambda content: b"no model\n" * 99, "no usable .tflite file"),
    "half": (lambda content: content[: len(content) // 2], "no usable .tflite"),
    "a flipped byte": (
        lambda content: content[:900] + b"\x7f" + content[901:],
        "is damaged",
    ),
}


@pytest.fixture
def face(data):
    return data / "basic/Image/aligned/test_00001_aligned.jpg"


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_line_and_no_crash(
    damage, face, model_files, tmp_path, commands
):
    change, words = DAMAGE[damage]
    path = tmp_path / "model.tflite"
    path.write_bytes(change((model_files / "model.tflite").read_bytes()))
    status, out, message = commands.keras_fer("classify", face, "--model", path)
    assert (status, out) == (3, "")
    assert str(path) in message and words in message
    assert len(message.splitlines()) == 1


def test_the_whole_file_answers(face, model_files, commands):
    path = model_files / "model.tflite"
    assert commands.keras_fer("classify", face, "--model", path)[0] == 0


def test_a_file_of_another_program_needs_its_class_names(
    face, model_files, commands
):
    path = model_files / "bare.tflite"
    status, _, message = commands.keras_fer("classify", face, "--model", path)
    assert status == 3 and "carries no class names" in message
    assert Classifier(path, class_names=tuple("abcdefg")).predict(face).label
    with pytest.raises(ModelFileError, match="7 probabilities. Received 2"):
        Classifier(path, class_names=("a", "b"))


def test_labels_that_do_not_fit_the_graph_are_refused(
    face, model_files, tmp_path, commands
):
    path = tmp_path / "model.tflite"
    shutil.copy(model_files / "bare.tflite", path)
    contract = model_file.Contract(("a", "b"), 40, 32, "float32")
    model_file.attach(path, contract)
    status, _, message = commands.keras_fer("classify", face, "--model", path)
    assert status == 3
    assert "describes 2 classes" in message and "has 7" in message


def test_operations_that_phones_lack_are_named(face, tmp_path, commands):
    import tensorflow as tf

    holder = tf.Module()
    holder.run = tf.function(
        lambda image: tf.math.cumulative_logsumexp(
            tf.reduce_mean(image, (1, 2))
        ),
        input_signature=[tf.TensorSpec((1, 32, 32, 3), tf.float32, "image")],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [holder.run.get_concrete_function()], holder
    )
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())
    status, _, message = commands.keras_fer("classify", face, "--model", path)
    assert status == 3
    assert "FlexCumulativeLogsumexp" in message
    assert "operations that LiteRT has not" in message
