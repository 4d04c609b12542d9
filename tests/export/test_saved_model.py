"""The SavedModel says what the model says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_fer
from keras_fer import optimization
from keras_fer.export import export_saved_model


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (3, 90, 90, 3)).astype("float32")


def serve(directory, images):
    signature = tf.saved_model.load(str(directory)).signatures
    return signature["serving_default"](image=images)["probabilities"].numpy()


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_reloaded_signature_predicts_the_same(policy, images, tmp_path):
    keras.config.set_dtype_policy(policy)
    model = keras_fer.build_model(width=0.05)
    export_saved_model(model, tmp_path / "saved")
    assert keras.config.dtype_policy().name == policy
    outputs = serve(tmp_path / "saved", images)
    assert outputs.dtype == np.float32
    keras.config.set_dtype_policy("float32")
    exact = keras_fer.build_model(width=0.05)
    exact.set_weights(model.get_weights())
    np.testing.assert_allclose(
        outputs, exact.predict(images, verbose=0), atol=1e-5
    )
    np.testing.assert_allclose(
        serve(tmp_path / "saved", images[:1]), outputs[:1], atol=1e-5
    )


def test_a_second_export_replaces_the_first(images, tmp_path):
    for _ in range(2):
        model = keras_fer.build_model(width=0.05)
        export_saved_model(model, tmp_path / "saved")
    np.testing.assert_allclose(
        serve(tmp_path / "saved", images),
        model.predict(images, verbose=0),
        atol=1e-5,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_what_training_kept_beside_the_weights_is_not_exported(tmp_path):
    model = keras_fer.build_model(width=0.05, input_shape=(32, 32, 3))
    optimization.compile_model(model, steps=10, average_momentum=0.9)
    export_saved_model(model, tmp_path / "saved")
    kept = tf.train.load_checkpoint(tmp_path / "saved/variables/variables")
    names = list(kept.get_variable_to_shape_map())
    assert names and not [name for name in names if "optimizer" in name]
