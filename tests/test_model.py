"""The network: its parts, its sizes, its files."""

import keras
import numpy as np
import pytest

import keras_fer
from drawn import drawn_faces
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits

# Every choice of one meets every choice of the other two.
PARTS = [
    (pooling, ("conv", "dense")[(row + column) % 2], attention)
    for row, pooling in enumerate(("lip", "max", "avg", "soft"))
    for column, attention in enumerate(("eca", "se", None))
]


@pytest.mark.parametrize("pooling, head, attention", PARTS)
def test_every_pair_of_parts_gives_probabilities(pooling, head, attention):
    model = keras_fer.build_model(
        width=0.05, pooling=pooling, head=head, attention=attention
    )
    probabilities = np.array(model(drawn_faces(3)))
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (3, 7)
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, atol=1e-5)


def test_defaults_are_the_papers():
    model = keras_fer.build_model()
    assert model.input_shape == (None, 90, 90, 3)
    assert model.output_shape == (None, 7)
    convolutions = [
        layer.name
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
        and layer.name.startswith("block")
    ]
    vgg16 = keras.applications.VGG16(include_top=False, weights=None)
    assert convolutions == [
        layer.name
        for layer in vgg16.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    pools = [f"block{number}_pool" for number in range(1, 6)]
    assert all(
        isinstance(model.get_layer(name), LIPPooling2D) for name in pools
    )


def test_a_callable_gives_the_pools():
    def pooling(name):
        if name == "block5_pool":
            return LIPPooling2D(logits="bottleneck", name=name)
        return keras.layers.MaxPooling2D(name=name)

    model = keras_fer.build_model(width=0.05, pooling=pooling)
    kinds = [type(layer) for layer in model.layers]
    assert kinds.count(keras.layers.MaxPooling2D) == 4
    assert kinds.count(LIPPooling2D) == 1


def test_uint8_and_float32_images_agree():
    model = keras_fer.build_model(width=0.05)
    faces = drawn_faces(2)
    np.testing.assert_allclose(
        np.array(model(faces.astype("uint8"))), np.array(model(faces))
    )


def test_probabilities_are_float32_in_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = keras_fer.build_model(width=0.05)
    probabilities = np.array(model(drawn_faces(2)))
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, atol=1e-5)


def test_weights_trained_at_90_load_at_112(tmp_path):
    path = tmp_path / "trained.weights.h5"
    small = keras_fer.build_model(width=0.05)
    small.save_weights(path)
    large = keras_fer.build_model(path, width=0.05, input_shape=(112, 112, 3))
    for ours, theirs in zip(
        large.get_weights(), small.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_the_dense_head_fits_one_size_alone(tmp_path):
    path = tmp_path / "trained.weights.h5"
    keras_fer.build_model(width=0.05, head="dense").save_weights(path)
    with pytest.raises(ValueError, match="one image size"):
        keras_fer.build_model(
            path, width=0.05, head="dense", input_shape=(160, 160, 3)
        )


def test_a_saved_model_predicts_the_same(tmp_path):
    faces = drawn_faces(3)

    def pooling(name):
        logits = ProjectionLogits(3, normalization="instance", start="max")
        return LIPPooling2D(logits=logits, name=name)

    model = keras_fer.build_model(width=0.05, pooling=pooling)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras_fer.load_model(path)
    np.testing.assert_array_equal(
        loaded.predict(faces, verbose=0), model.predict(faces, verbose=0)
    )


def test_load_model_refuses_what_is_not_keras(tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="model.h5"):
        keras_fer.load_model(path)
    with pytest.raises(FileNotFoundError, match="missing.keras"):
        keras_fer.load_model(tmp_path / "missing.keras")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"weights": "imagenets"}, "weights='imagenets'"),
        ({"pooling": "LIP"}, "pooling='LIP'"),
        ({"head": "fc"}, "head='fc'"),
        ({"attention": "cbam"}, "attention='cbam'"),
        ({"width": 0}, "width=0"),
        ({"classes": 1}, "at least 2"),
        ({"input_shape": (90, 90, 1)}, "(90, 90, 1)"),
        ({"input_shape": (16, 90, 3)}, "(16, 90, 3)"),
        ({"head": "dense", "input_shape": (None, None, 3)}, "known size"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError) as error:
        keras_fer.build_model(**arguments)
    assert words in str(error.value)
