"""Colour is answered as its luminance, and grey as before."""

import keras
import numpy as np
import pytest

import keras_fer
from drawn import encoded_faces
from keras_fer import input_pipeline
from keras_fer import luminance


@pytest.fixture(scope="module")
def colour():
    (images,) = input_pipeline.image_batches(
        encoded_faces(8, 32), image_size=32, batch_size=8
    )
    # Tinted, so that luminance is not the mean of the channels.
    return np.asarray(images, "float32") * np.array([1, 0.7, 0.3], "float32")


@pytest.fixture(scope="module")
def grey(colour):
    shares = np.reshape(luminance.WEIGHTS, (3, 1)).astype("float32")
    return np.repeat(colour @ shares, 3, axis=-1)


def network(batch_norm):
    keras.utils.set_random_seed(0)
    return keras_fer.build_model(
        width=0.05, input_shape=(32, 32, 3), batch_norm=batch_norm
    )


@pytest.mark.parametrize("batch_norm", [True, False])
def test_colour_is_answered_as_its_grey_version(colour, grey, batch_norm):
    model = network(batch_norm)
    differences = model.predict_on_batch(colour) - model.predict_on_batch(grey)
    apart = np.abs(differences).max()
    luminance.take_luminance(model)
    np.testing.assert_allclose(
        model.predict_on_batch(colour),
        model.predict_on_batch(grey),
        atol=1e-3 * apart,
    )


@pytest.mark.parametrize("batch_norm", [True, False])
def test_grey_is_seen_as_before_within_the_border(grey, batch_norm):
    model = network(batch_norm)
    name = "block1_conv1_bn" if batch_norm else "block1_conv1"
    first = keras.Model(model.inputs, model.get_layer(name).output)
    before = first.predict_on_batch(grey)
    luminance.take_luminance(model)
    after = first.predict_on_batch(grey)
    inside = np.s_[:, 1:-1, 1:-1]
    scale = np.abs(before).max()
    np.testing.assert_allclose(after[inside], before[inside], atol=1e-5 * scale)
    assert np.abs(after - before).max() < 0.2 * scale


def test_one_tinted_pixel_is_not_grey(grey):
    assert luminance.are_grey(grey)
    grey = grey.copy()
    grey[0, 0, 0, 2] += 1
    assert not luminance.are_grey(grey)
