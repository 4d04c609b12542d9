"""Training steps against the same step by hand."""

import keras
import numpy as np
import pytest

from keras_fer import train_steps

RATE = 0.1


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(6, 4, 4, 3)).astype("float32")
    return images, np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]


def make_model():
    keras.utils.set_random_seed(1)
    images = keras.Input((4, 4, 3))
    x = keras.layers.Flatten()(images)
    x = keras.layers.Dense(3, activation="softmax", dtype="float32")(x)
    return keras.Model(images, x)


def step(model, batch, **variant):
    """One step of a variant; the loss, and the model's weights after it."""
    trained = train_steps.variant(model, **variant)
    trained.compile(
        keras.optimizers.SGD(RATE),
        keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=False,
    )
    loss, accuracy = trained.train_on_batch(*batch)
    assert 0 <= accuracy <= 1
    return float(loss), [np.array(w) for w in model.get_weights()]


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def gradients(kernel, bias, images, targets):
    flat = images.reshape(len(images), -1)
    error = (softmax(flat @ kernel + bias) - targets) / len(images)
    return flat.T @ error, error.sum(axis=0)


def test_without_a_variant_the_model_is_left_alone():
    model = make_model()
    assert train_steps.variant(model) is model


def test_sam_takes_the_gradient_at_the_top_of_its_ball(batch):
    model = make_model()
    before = model.get_weights()
    _, after = step(model, batch, sam=0.5)
    up = gradients(*before, *batch)
    norm = np.sqrt(sum(np.square(g).sum() for g in up))
    top = [w + 0.5 * g / norm for w, g in zip(before, up, strict=True)]
    down = gradients(*top, *batch)
    for old, new, gradient in zip(before, after, down, strict=True):
        np.testing.assert_allclose(new, old - RATE * gradient, atol=1e-6)
        assert np.abs(gradient - up[0 if gradient.ndim > 1 else 1]).max() > 1e-3


def test_both_passes_of_sam_drop_the_same_and_count_once(batch):
    def make():
        keras.utils.set_random_seed(1)
        images = keras.Input((4, 4, 3))
        x = keras.layers.Dropout(0.5)(images)
        x = keras.layers.BatchNormalization(momentum=0.5)(x)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(3, activation="softmax")(x)
        return keras.Model(images, x)

    plain, sharp = make(), make()
    step(plain, batch)
    step(sharp, batch, sam=1e-6)
    for ours, theirs in zip(plain.variables, sharp.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-5)


def test_a_tiny_ball_is_a_plain_step(batch):
    _, plain = step(make_model(), batch)
    _, sharp = step(make_model(), batch, sam=1e-6)
    for ours, theirs in zip(sharp, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_consistency_adds_the_divergence_of_mirrored_views(batch):
    images, targets = batch
    model = make_model()
    ours, theirs = (
        model.predict(views, verbose=0)
        for views in (images, images[:, :, ::-1])
    )
    entropy = [
        -np.log((p * targets).sum(axis=1)).mean() for p in (ours, theirs)
    ]
    middle = (ours + theirs) / 2
    divergence = sum(  # the two divergences from their middle
        (p * np.log(p / middle)).sum(axis=1) / 2 for p in (ours, theirs)
    )
    loss, _ = step(model, batch, flip_consistency=2.0)
    expected = np.mean(entropy) + 2 * divergence.mean()
    assert loss == pytest.approx(expected, rel=1e-5)
    assert divergence.mean() > 0.01


def test_mirrored_views_come_to_agree(batch):
    images, targets = batch

    def disagreement(**variant):
        model = make_model()
        trained = train_steps.variant(model, **variant)
        trained.compile(
            keras.optimizers.SGD(RATE),
            "categorical_crossentropy",
            jit_compile=False,
        )
        for _ in range(30):
            trained.train_on_batch(images, targets)
        ours, theirs = (
            model.predict(views, verbose=0)
            for views in (images, images[:, :, ::-1])
        )
        return np.abs(ours - theirs).mean()

    weak, strong = (disagreement(flip_consistency=w) for w in (1e-6, 10.0))
    assert strong < 0.5 * weak


def test_the_divergence_stays_finite_at_its_ends():
    certain = np.eye(3, dtype="float32")
    same = np.array(train_steps.jensen_shannon(certain, certain))
    other = np.array(train_steps.jensen_shannon(certain, certain[::-1]))
    np.testing.assert_allclose(same, 0, atol=1e-6)
    np.testing.assert_allclose(other, [np.log(2), 0, np.log(2)], atol=1e-5)


def test_half_precision_scales_its_loss_and_still_learns(batch):
    keras.config.set_dtype_policy("mixed_float16")
    model = make_model()
    before = model.get_weights()
    _, after = step(model, batch, sam=0.05, flip_consistency=1.0)
    assert np.isfinite(after[0]).all()
    assert (after[0] != before[0]).any()
