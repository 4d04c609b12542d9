"""ImageNet's knowledge, kept under other layers; files that are none."""

import h5py
import keras
import numpy as np
import pytest

import keras_fer
from drawn import drawn_faces
from keras_fer.imagenet_weights import VGG16_FILE


@pytest.fixture(scope="module")
def vgg16():
    keras.utils.set_random_seed(3)
    model = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(90, 90, 3)
    )
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            spread = np.sqrt(2 / np.prod(kernel.shape[:3]))
            layer.set_weights(
                [
                    rng.normal(0, spread, kernel.shape),
                    rng.normal(0, 0.1, bias.shape),
                ]
            )
    return model


@pytest.fixture(scope="module")
def vgg16_file(vgg16, tmp_path_factory):
    """Random weights, in the format of the official file."""
    path = tmp_path_factory.mktemp("weights") / "vgg16_notop.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [
            layer.name.encode() for layer in vgg16.layers
        ]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.0.0"
        for layer in vgg16.layers:
            group = file.create_group(layer.name)
            values = layer.get_weights()
            names = [
                f"{layer.name}_{part}_1:0".encode()
                for part in ("W", "b")[: len(values)]
            ]
            group.attrs["weight_names"] = names
            for name, value in zip(names, values, strict=True):
                group.create_dataset(name.decode(), data=value)
    return path


def block5(model):
    return keras.Model(model.input, model.get_layer("block5_pool").output)


@pytest.fixture(scope="module")
def known(vgg16):
    """Faces, and what VGG16 makes of them."""
    faces = drawn_faces(32)
    inputs = keras.applications.vgg16.preprocess_input(faces.copy())
    return faces, vgg16.predict(inputs, verbose=0)


@pytest.mark.parametrize(
    "pooling, cosine, error",
    [
        ("lip", 0.98, 0.2),
        ("max", 0.98, 1e-3),
    ],
)
def test_vgg16s_knowledge_survives(known, vgg16_file, pooling, cosine, error):
    faces, answers = known
    calibration, others = slice(16), slice(16, None)
    model = keras_fer.build_model(vgg16_file, pooling=pooling)
    keras_fer.calibrate_batch_norm(model, faces[calibration])
    # Training mode takes each batch's statistics: it agrees where they do.
    for some, training in (
        (others, False),
        (calibration, False),
        (calibration, True),
    ):
        outputs = np.array(block5(model)(faces[some], training=training))
        expected = answers[some]
        norms = np.linalg.norm(outputs) * np.linalg.norm(expected)
        assert np.vdot(outputs, expected) / norms >= cosine
        distance = np.linalg.norm(outputs - expected)
        assert distance <= error * np.linalg.norm(expected)


def test_without_batch_norm_vgg16_is_copied_exactly(known, vgg16_file):
    faces, expected = (values[:4] for values in known)
    model = keras_fer.build_model(vgg16_file, pooling="max", batch_norm=False)
    outputs = np.array(block5(model)(faces))
    np.testing.assert_allclose(
        outputs, expected, atol=1e-4 * np.abs(expected).max()
    )


def test_calibration_changes_no_prediction_of_a_trunk_with_max_pooling():
    faces = drawn_faces(8)
    model = keras_fer.build_model(width=0.125, pooling="max")
    trunk = block5(model)
    before = np.array(trunk(faces))
    keras_fer.calibrate_batch_norm(model, faces)
    np.testing.assert_allclose(
        np.array(trunk(faces)), before, atol=1e-4 * np.abs(before).max()
    )
    np.testing.assert_allclose(
        np.array(trunk(faces, training=True)),
        before,
        atol=1e-3 * np.abs(before).max(),
    )
    norm = model.get_layer("head_conv1_bn")
    assert np.ptp(np.array(norm.moving_mean.value)) > 0
    np.testing.assert_array_equal(np.array(norm.gamma.value), 1.0)


def test_imagenet_offline_says_what_to_put_where(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(
        "keras_fer.imagenet_weights.VGG16_URL", "http://127.0.0.1:9/"
    )
    with pytest.raises(FileNotFoundError) as error:
        keras_fer.build_model("imagenet")
    for words in (
        VGG16_FILE,
        "6d6bbae143d832006294945121d1f1fc",
        str(tmp_path),
    ):
        assert words in str(error.value)


def test_imagenet_weights_need_full_width(vgg16_file):
    with pytest.raises(ValueError, match="width=0.5"):
        keras_fer.build_model(vgg16_file, width=0.5)


def test_a_file_with_other_layers_is_refused(vgg16_file, tmp_path):
    path = tmp_path / "other.h5"
    path.write_bytes(vgg16_file.read_bytes())
    with h5py.File(path, "a") as file:
        file.attrs["layer_names"] = [b"block1_conv1"]
    with pytest.raises(ValueError, match="thirteen"):
        keras_fer.build_model(path)


def test_a_text_file_is_no_weight_file(tmp_path):
    path = tmp_path / "weights.h5"
    path.write_text("not weights")
    with pytest.raises(ValueError, match="no weight file"):
        keras_fer.build_model(path)
