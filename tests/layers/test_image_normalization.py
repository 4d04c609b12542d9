"""The layer that knows the mean colour, so that nobody else must."""

import keras
import numpy as np

from keras_fer.layers import ImageNormalization


def test_is_vgg16s_preprocessing_in_rgb_and_divided():
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3))
    theirs = keras.applications.vgg16.preprocess_input(images.astype("float32"))
    ours = np.array(ImageNormalization()(images.astype("float32")))
    np.testing.assert_allclose(ours[..., ::-1] * 64.0, theirs, atol=1e-4)


def test_uint8_and_float32_agree():
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3), "uint8")
    layer = ImageNormalization()
    np.testing.assert_array_equal(
        np.array(layer(images)), np.array(layer(images.astype("float32")))
    )


def test_half_precision_policy_does_not_round_pixels():
    keras.config.set_dtype_policy("mixed_bfloat16")
    images = keras.Input((4, 4, 3))
    model = keras.Model(images, ImageNormalization()(images))
    pixels = np.full((1, 4, 4, 3), 200.625, "float32")  # not a bfloat16
    outputs = model.predict(pixels, verbose=0)
    assert outputs.dtype == np.float32
    expected = (200.625 - np.array(ImageNormalization.MEAN)) / 64.0
    np.testing.assert_allclose(outputs[0, 0, 0], expected, atol=1e-6)
