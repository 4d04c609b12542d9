import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_fer
from keras_fer.evaluation import predict
from keras_fer.evaluation import predict_ten_crop

IMAGE_SIZE = 40
VIEW_SIZE = 32


@pytest.fixture(scope="module")
def images():
    """Eleven uint8 images whose every pixel matters."""
    shape = (11, IMAGE_SIZE, IMAGE_SIZE, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")


@pytest.fixture(scope="module")
def linear_model():
    """Softmax of one linear map: tells the views apart, and has an oracle."""
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((VIEW_SIZE, VIEW_SIZE, 3)),
            keras.layers.Rescaling(1 / 255, offset=-0.5),
            keras.layers.Flatten(),
            keras.layers.Dense(5, "softmax"),
        ]
    )


@pytest.fixture(scope="module")
def network():
    return keras_fer.build_model(
        width=0.125, input_shape=(VIEW_SIZE, VIEW_SIZE, 3)
    )


def pooled_model(shape=(VIEW_SIZE, VIEW_SIZE, 3), activation="softmax"):
    """The smallest model: for checks that need no network."""
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation),
        ]
    )


def weights_of(model):
    # A sum is a plain tensor: NumPy 2.4 warns of Keras's own variables.
    return [keras.ops.convert_to_numpy(one + 0) for one in model.weights]


def linear_oracle(model, view):
    """What `linear_model` says of one view, in float64."""
    kernel, bias = (weights.astype("float64") for weights in weights_of(model))
    logits = (view.astype("float64") / 255 - 0.5).ravel() @ kernel + bias
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def cut(image, top, left):
    return image[top : top + VIEW_SIZE, left : left + VIEW_SIZE]


def test_single_view_is_the_centre_crop(linear_model, images):
    margin = (IMAGE_SIZE - VIEW_SIZE) // 2
    expected = [
        linear_oracle(linear_model, cut(image, margin, margin))
        for image in images
    ]
    found = predict(linear_model, images)
    assert found.dtype == "float32" and found.shape == (11, 5)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_ten_crop_averages_corners_centre_and_mirrors(linear_model, images):
    end = IMAGE_SIZE - VIEW_SIZE
    corners = [(0, 0), (0, end), (end, 0), (end, end), (end // 2, end // 2)]
    expected = []
    for image in images:
        views = [cut(image, *corner) for corner in corners]
        views += [view[:, ::-1] for view in views]
        shares = [linear_oracle(linear_model, view) for view in views]
        expected.append(np.mean(shares, axis=0))
    found = predict_ten_crop(linear_model, images)
    assert found.dtype == "float32" and found.shape == (11, 5)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_ten_crop_of_a_mirrored_image_is_the_same(network, images):
    np.testing.assert_allclose(
        predict_ten_crop(network, images[:, :, ::-1]),
        predict_ten_crop(network, images),
        atol=1e-5,
    )


@pytest.mark.parametrize("function", [predict, predict_ten_crop])
def test_the_batch_size_changes_nothing(function, network, images):
    one_by_one = function(network, images, batch_size=1)
    # A divisor of none, the whole, and more than there are.
    for batch_size in (4, 11, 32):
        np.testing.assert_allclose(
            function(network, images, batch_size=batch_size),
            one_by_one,
            atol=1e-5,
            err_msg=f"batch size {batch_size}",
        )


@pytest.mark.parametrize("function", [predict, predict_ten_crop])
@pytest.mark.parametrize("sizes", [(11,), (4, 4, 3), (1, 7, 0, 3), (2, 9)])
def test_batches_of_any_sizes_are_the_array(function, sizes, linear_model):
    generator = np.random.default_rng(2)
    array = generator.uniform(0, 255, (11, IMAGE_SIZE, IMAGE_SIZE, 3))
    array = array.astype("float32")
    batches = np.split(array, np.cumsum(sizes)[:-1])
    np.testing.assert_allclose(
        function(linear_model, iter(batches), batch_size=4),
        function(linear_model, array, batch_size=4),
        atol=1e-6,
    )


def test_tensors_of_any_backend_are_arrays(linear_model, images):
    tensorflow = pytest.importorskip("tensorflow")
    expected = predict(linear_model, images)
    dataset = tensorflow.data.Dataset.from_tensor_slices(images).batch(4)
    for given in (
        keras.ops.convert_to_tensor(images),
        tensorflow.constant(images),
        dataset,
        [images.astype("float32")],
    ):
        np.testing.assert_allclose(
            predict(linear_model, given), expected, atol=1e-6
        )


def test_the_last_batch_is_not_compiled_again(images):
    shapes = []

    class RecordShape(keras.layers.Layer):
        def call(self, inputs):
            shapes.append(inputs.shape)
            return inputs

    model = keras.Sequential([RecordShape(), *pooled_model().layers])
    model.build((None, VIEW_SIZE, VIEW_SIZE, 3))
    shapes.clear()
    predict(model, images, batch_size=4)
    predict_ten_crop(model, images, batch_size=4)
    assert {shape[0] for shape in shapes} == {4}


def test_a_model_of_unknown_size_sees_the_whole_image(images):
    model = pooled_model((None, None, 3))
    np.testing.assert_allclose(
        predict(model, images), model.predict_on_batch(images), atol=1e-5
    )


def test_progress_counts_the_images(linear_model, images):
    done = []
    predict(linear_model, images, batch_size=4, progress=done.append)
    assert done == [4, 8, 11]


def test_the_image_is_not_changed(linear_model, images):
    before = images.copy()
    predict_ten_crop(linear_model, images, batch_size=4)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("function", [predict, predict_ten_crop])
def test_an_image_smaller_than_the_view_is_refused(function, linear_model):
    small = np.zeros((2, 30, 36, 3), "uint8")
    with pytest.raises(ValueError, match="30x36 pixels.*32x32"):
        function(linear_model, small)
    exact = np.zeros((2, VIEW_SIZE, VIEW_SIZE, 3), "uint8")
    assert function(linear_model, exact).shape == (2, 5)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "nan"),
        (np.inf, "to inf"),
        (-1.0, "from -1 "),
        (256.0, "to 256"),
    ],
)
@pytest.mark.parametrize("function", [predict, predict_ten_crop])
def test_values_outside_the_range_are_refused(
    function, value, message, linear_model, images
):
    spoilt = images.astype("float32")
    spoilt[10, 3, 3, 1] = value  # in the last, partial batch
    with pytest.raises(ValueError, match=rf"0\.\.255.*{message}"):
        function(linear_model, spoilt, batch_size=4)


@pytest.mark.parametrize("function", [predict, predict_ten_crop])
def test_images_scaled_to_one_are_warned_of_once(
    function, linear_model, images
):
    with pytest.warns(UserWarning, match=r"0\.\.1") as caught:
        function(linear_model, images / np.float32(255), batch_size=2)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    # One bright face among dark ones is no such mistake, nor is black.
    dark = images / np.float32(255)
    dark[10] = 200
    function(linear_model, dark, batch_size=2)
    function(linear_model, np.zeros_like(images))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((IMAGE_SIZE, IMAGE_SIZE, 3), r"\(40, 40, 3\)"),
        ((2, 3, IMAGE_SIZE, IMAGE_SIZE), "channels last"),
        ((2, IMAGE_SIZE, IMAGE_SIZE, 1), r"\(2, 40, 40, 1\)"),
    ],
)
def test_other_shapes_are_refused(shape, message, linear_model):
    with pytest.raises(ValueError, match=message):
        predict(linear_model, np.zeros(shape, "uint8"))


def test_labelled_batches_are_refused_with_the_way_on(linear_model, images):
    with pytest.raises(ValueError, match="Leave the labels out"):
        predict(linear_model, [(images, np.zeros(11))])


def test_batches_of_different_image_sizes_are_refused(linear_model, images):
    with pytest.raises(ValueError, match=r"\(40, 40\) and \(36, 36\)"):
        predict(linear_model, [images, images[:, :36, :36]])


def test_nothing_to_predict_is_refused(linear_model, images):
    batches = iter([images])
    predict(linear_model, batches)
    with pytest.raises(ValueError, match="read to its end"):
        predict(linear_model, batches)
    with pytest.raises(ValueError, match="batch_size"):
        predict(linear_model, images, batch_size=0)


def test_logits_are_refused(images):
    model = pooled_model(activation=None)
    with pytest.raises(ValueError, match="The model's output.*softmax"):
        predict(model, images)


def test_a_view_that_is_not_square_is_refused(images):
    model = pooled_model((40, 32, 3))
    with pytest.raises(ValueError, match="square.*40x32"):
        predict(model, images)


def test_another_backend_gives_the_same(tmp_path, linear_model, images):
    backend = keras.backend.backend()
    other = "jax" if backend == "tensorflow" else "tensorflow"
    (tmp_path / "model.json").write_text(linear_model.to_json())
    np.savez(tmp_path / "weights.npz", *weights_of(linear_model))
    np.save(tmp_path / "images.npy", images)
    script = """
import keras, numpy
from keras_fer.evaluation import predict, predict_ten_crop
model = keras.models.model_from_json(open("model.json").read())
model.set_weights(list(numpy.load("weights.npz").values()))
images = numpy.load("images.npy")
numpy.save("found.npy", [
    predict(model, images, batch_size=4),
    predict_ten_crop(model, images, batch_size=4)])
"""
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"KERAS_BACKEND": other},
        check=True,
    )
    single_view, ten_crop = np.load(tmp_path / "found.npy")
    np.testing.assert_allclose(
        single_view, predict(linear_model, images), atol=1e-5
    )
    np.testing.assert_allclose(
        ten_crop, predict_ten_crop(linear_model, images), atol=1e-5
    )
