"""The network: its parts, its weights, ImageNet's knowledge kept."""

import h5py
import keras
import numpy as np
import pytest

import keras_fer
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.imagenet_weights import VGG16_FILE
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits


def drawn_faces(number, size=90):
    rng = np.random.default_rng(0)
    pictures = []
    for index in range(number):
        expression = keras_fer.CLASSES[index % 7]
        picture = draw_face(expression, rng).convert("RGB")
        pictures.append(np.asarray(picture.resize((size, size))))
    return np.stack(pictures).astype("float32")


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
