import keras
import numpy as np
import pytest

from keras_fer import build_model
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.importance import combined_map
from keras_fer.importance import importance_maps
from keras_fer.importance import pooled_by_kind
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import lip_pool

BLOCKS = [f"block{number}_pool" for number in range(1, 6)]


def narrow(**arguments):
    return build_model(width=0.125, **arguments)


def pools_alone(*layers, size=(32, 32)):
    """A chain of pools on the picture itself."""
    image = keras.Input((*size, 3))
    x = image
    for layer in layers:
        x = layer(x)
    return keras.Model(image, x)


def identity_pool(**arguments):
    return LIPPooling2D(
        logits="identity", data_format="channels_last", **arguments
    )


@pytest.mark.parametrize("size", [(90, 90), (97, 64), (33, 32)])
@pytest.mark.parametrize("measure", ["passed", "weight", "activation"])
def test_every_lip_layer_gives_shares_of_the_picture(size, measure):
    model = narrow(input_shape=(*size, 3))
    images = np.random.default_rng(0).uniform(0, 255, (3, *size, 3))
    maps = importance_maps(model, images, measure=measure, batch_size=2)
    assert list(maps) == BLOCKS
    for values in [*maps.values(), combined_map(maps)]:
        assert values.shape == (3, *size)
        assert values.dtype == "float32"
        assert (values >= 0).all()
        np.testing.assert_allclose(values.sum((1, 2)), 1, rtol=1e-4)


@pytest.mark.parametrize("place", [(5, 20), (17, 8), (26, 29)])
def test_a_bright_spot_gets_the_weight_where_it_is(place):
    image = np.full((1, 32, 32, 3), 1.0, "float32")
    image[0, place[0], place[1]] = 9.0
    model = pools_alone(identity_pool(), identity_pool(), identity_pool())
    maps = importance_maps(model, image)
    for steps, values in zip((1, 2, 4), maps.values(), strict=True):
        peak = np.unravel_index(values[0].argmax(), values[0].shape)
        # A position of this layer is a square of so many pixels.
        assert np.abs(np.subtract(peak, place)).max() <= steps // 2
    both = combined_map(maps)[0]
    assert np.unravel_index(both.argmax(), both.shape) == place


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_every_position_lies_where_its_window_was(padding):
    # The centre of mass of what passed stays, whatever the windows do.
    rows = np.arange(45)[:, None]
    blob = np.exp(-((rows - 20) ** 2 + (rows.T - 26) ** 2) / 30)
    image = np.repeat(blob[None, :, :, None], 3, axis=-1).astype("float32")
    model = pools_alone(
        identity_pool(pool_size=3, strides=2, padding=padding),
        keras.layers.AveragePooling2D(2),
        identity_pool(padding=padding),
        size=(45, 45),
    )
    maps = importance_maps(model, image, measure="activation")
    for values in maps.values():
        found = np.sum(values[0] * rows), np.sum(values[0] * rows.T)
        np.testing.assert_allclose(found, (20, 26), atol=0.6)


def test_weights_of_constant_logits_are_flat():
    model = narrow()  # starts with logits of zero
    face = np.asarray(draw_face("anger", np.random.default_rng(0)))
    face = face[None, 5:95, 5:95]
    maps = importance_maps(model, face, measure="weight")
    for values in maps.values():
        np.testing.assert_allclose(values, 1 / 90**2, rtol=1e-4)
    passed = importance_maps(model, face)
    activation = importance_maps(model, face, measure="activation")
    for name in BLOCKS:
        np.testing.assert_allclose(
            passed[name], activation[name], rtol=1e-3, atol=1e-7
        )


def test_a_layer_that_passes_nothing_prefers_no_place():
    model = pools_alone(identity_pool())
    (values,) = importance_maps(model, np.zeros((1, 32, 32, 3))).values()
    np.testing.assert_allclose(values, 1 / 32**2, rtol=1e-6)


def test_a_combined_map_is_the_geometric_mean():
    rng = np.random.default_rng(0)
    maps = {name: rng.random((2, 6, 5)).astype("float32") for name in "abc"}
    expected = np.prod(list(maps.values()), axis=0) ** (1 / 3)
    expected /= expected.sum((1, 2), keepdims=True)
    np.testing.assert_allclose(combined_map(maps), expected, rtol=1e-4)


def test_other_pools_may_stand_between():
    def pooling(name):
        if name in ("block1_pool", "block3_pool"):
            return keras.layers.MaxPooling2D(name=name)
        return LIPPooling2D(name=name)

    images = np.zeros((1, 90, 90, 3), "uint8")
    assert list(importance_maps(narrow(pooling=pooling), images)) == [
        "block2_pool",
        "block4_pool",
        "block5_pool",
    ]


def test_a_model_without_lip_is_refused_by_what_it_has():
    model = narrow(pooling="max")
    images = np.zeros((1, 90, 90, 3))
    expected = r"has none.*block1_pool \(MaxPooling2D\), block2_pool"
    with pytest.raises(ValueError, match=expected):
        importance_maps(model, images)
    with pytest.raises(ValueError, match=expected):
        pooled_by_kind(model, images, "block1_pool")


def test_unknown_measures_and_layers_are_refused():
    model = narrow()
    images = np.zeros((1, 90, 90, 3))
    with pytest.raises(ValueError, match="'gradient'"):
        importance_maps(model, images, measure="gradient")
    with pytest.raises(ValueError, match=r"block1_pool.*'block6_pool'"):
        pooled_by_kind(model, images, "block6_pool")


def test_each_pooling_keeps_what_it_keeps():
    model = narrow()
    layer = model.get_layer("block2_pool")
    kernel = layer.logits.convolution.kernel
    kernel.assign(np.random.default_rng(0).normal(size=kernel.shape))
    images = np.random.default_rng(1).uniform(0, 255, (2, 90, 90, 3))
    kept = pooled_by_kind(model, images, "block2_pool")
    assert kept["before"].shape == (2, 45, 45, 16)
    windows = kept["before"][:, :44, :44].reshape(2, 22, 2, 22, 2, 16)
    np.testing.assert_allclose(kept["max"], windows.max((2, 4)))
    np.testing.assert_allclose(kept["average"], windows.mean((2, 4)), atol=1e-5)
    logits = layer.logits(kept["before"])
    expected = keras.ops.convert_to_numpy(lip_pool(kept["before"], logits))
    np.testing.assert_allclose(kept["lip"], expected, rtol=1e-4, atol=1e-6)
    assert np.abs(kept["lip"] - kept["average"]).max() > 0.01
