"""A damaged model file is an error message, never a crash."""

import numpy as np
import pytest
import tensorflow as tf

from keras_fer import model_file
from keras_fer.errors import ModelFileError
from keras_fer.litert import LiteRTModel


@pytest.fixture
def path(exported, tmp_path):
    copy = tmp_path / "model.tflite"
    copy.write_bytes(exported.read_bytes())
    return copy


def refuse(path, message):
    with pytest.raises(ModelFileError, match=message) as refusal:
        LiteRTModel(path)
    assert str(path) in str(refusal.value)
    assert refusal.value.exit_status == 3


def test_an_empty_file_is_refused(path):
    path.write_bytes(b"")
    refuse(path, "empty")


def test_eight_bytes_are_refused(path):
    path.write_bytes(path.read_bytes()[:8])
    refuse(path, "no usable .tflite file")


def test_half_a_graph_is_refused(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuse(path, "no usable .tflite file")


def test_a_flipped_byte_is_refused(path):
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    refuse(path, "damaged")


@pytest.mark.slow
def test_no_damage_to_a_file_of_unknown_hash_ends_the_process(contents, path):
    whole = contents["int8"]
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(20):
        damaged = bytearray(whole)
        # The front holds the tables, the rest mostly weights.
        for place in rng.integers(0, 4000, 5):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            LiteRTModel(path)
        except ModelFileError:
            refused += 1
    assert refused


def test_a_whole_file_of_unknown_hash_is_opened_all_the_same(contents, path):
    path.write_bytes(contents["int8"])
    model = LiteRTModel(path)
    assert model.contract is None
    assert (model.view_size, model.num_classes) == (48, 7)


def test_text_is_refused(path):
    path.write_text("no model\n" * 50)
    refuse(path, "no usable .tflite file")


def other_model(path, function, shape, dtype=tf.float32, flex=False):
    holder = tf.Module()
    holder.run = tf.function(
        function, input_signature=[tf.TensorSpec(shape, dtype, "image")]
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [holder.run.get_concrete_function()], holder
    )
    if flex:
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            tf.lite.OpsSet.SELECT_TF_OPS,
        ]
    path.write_bytes(converter.convert())


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((2, 32, 32, 3), (1, 2)), ((1, 32, 40, 3), (1, 2)), ((1, 32, 3), 1)],
)
def test_an_input_that_is_no_square_rgb_image_is_refused(shape, axes, path):
    other_model(path, lambda image: tf.reduce_mean(image, axes), shape)
    refuse(path, "one RGB")


def test_an_output_that_is_no_row_of_classes_is_refused(path):
    other_model(path, lambda image: image * 2.0, (1, 32, 32, 3))
    refuse(path, r"gives float32 \(1, 32, 32, 3\)")


def test_an_operation_that_litert_lacks_is_refused(path):
    def digamma(image):
        return tf.math.digamma(tf.reduce_mean(image, (1, 2)))

    other_model(path, digamma, (1, 32, 32, 3), flex=True)
    refuse(path, "operations that LiteRT has not")


@pytest.mark.parametrize(
    ("names", "image_size", "view_size"),
    [("ab", 48, 48), ("abcdefg", 48, 47), ("abcdefg", 40, 48)],
)
def test_a_description_of_another_graph_is_refused(
    names, image_size, view_size, contents, path
):
    path.write_bytes(contents["int8"])
    model_file.attach(
        path, model_file.Contract(tuple(names), image_size, view_size, "int8")
    )
    refuse(path, "Export it again")


@pytest.mark.parametrize("shape", [(1, 47, 48, 3), (1, 48, 48, 1), (48, 48, 3)])
def test_views_of_another_size_are_refused(shape, path):
    with pytest.raises(ValueError, match="takes views"):
        LiteRTModel(path).predict(np.zeros(shape, "uint8"))


def test_threads_are_counted_from_one(path):
    with pytest.raises(ValueError, match="at least 1"):
        LiteRTModel(path, num_threads=0)
