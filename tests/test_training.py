"""Training: schedule, checkpoints, averaged weights, guards."""

import io

import keras
import numpy as np
import pytest

import keras_fer
from keras_fer import augment
from keras_fer import checkpoints
from keras_fer import optimization
from keras_fer import step_time
from keras_fer import training
from keras_fer.classes import CLASSES
from keras_fer.datasets.drawn_faces import draw_face
from keras_fer.datasets.labeled_faces import LabeledFaces
from keras_fer.errors import NonFiniteLossError

VIEWS = augment.ViewSettings(40, 32, max_angle=10.0)


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    labels = np.array([index % 7 for index in range(28)], "int32")
    pictures = []
    for label in labels:
        stream = io.BytesIO()
        face = draw_face(CLASSES[label], rng).convert("RGB")
        face.resize((40, 40)).save(stream, "JPEG")
        pictures.append(stream.getvalue())
    names = tuple(f"{index}.jpg" for index in range(28))
    return LabeledFaces(tuple(pictures), labels, names, CLASSES)


def make_model(learning_rate=0.1, steps=10):
    keras.utils.set_random_seed(0)
    model = keras_fer.build_model(width=0.05, input_shape=(32, 32, 3))
    optimization.compile_model(
        model,
        steps=steps,
        learning_rate=learning_rate,
        warmup_steps=2,
        average_momentum=0.9,
    )
    return model


def state_of(model):
    """Every variable of a compiled model, found without `checkpoints`."""
    return [*model.variables, *model.optimizer.variables]


@pytest.fixture(scope="module")
def compiled():
    """One model for all tests, since each new one is traced for seconds."""
    model = make_model()
    return model, [value.numpy() for value in state_of(model)]


@pytest.fixture
def model(compiled):
    """As made by `make_model`, whatever a test did to it."""
    start_anew(compiled)
    return compiled[0]


def start_anew(compiled):
    model, start = compiled
    for variable, value in zip(state_of(model), start, strict=True):
        variable.assign(value)


def fit(model, faces, directory, epochs=2, **arguments):
    return training.fit(
        model,
        faces.take(range(min(21, len(faces)))),
        faces.take(range(min(21, len(faces)), len(faces))),
        directory=directory,
        run_id="run",
        epochs=epochs,
        batch_size=7,
        views=VIEWS,
        **arguments,
    )


def test_learns_a_handful_of_faces(faces, tmp_path):
    keras.utils.set_random_seed(0)
    model = keras_fer.build_model(
        width=0.25, input_shape=(32, 32, 3), dropout=0.0
    )
    optimization.compile_model(
        model,
        steps=45,
        optimizer="adamw",
        learning_rate=0.003,
        label_smoothing=0.0,
    )
    # One batch, three times an epoch.
    handful = faces.take([*range(7)] * 3 + [*range(7)])
    progress = fit(model, handful, tmp_path, epochs=15)
    loss = progress.history["loss"]
    assert loss[-1] < 0.5 * loss[0]


def test_a_snapshot_holds_dropouts_random_state(model):
    names = [v.path for v in checkpoints._variables(model)]
    assert any("seed_generator" in name for name in names)
    images = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3))
    targets = np.eye(7, dtype="float32")[:4]
    state = checkpoints.snapshot(model)
    first = model.train_on_batch(images, targets)
    after = checkpoints.snapshot(model)
    checkpoints.restore(model, state)
    second = model.train_on_batch(images, targets)
    assert first == second
    for ours, theirs in zip(after, checkpoints.snapshot(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_estimate_leaves_no_trace(model):
    before = checkpoints.snapshot(model)
    seconds = step_time.estimate_step_seconds(model, 7)
    assert 0 < seconds < 10
    for ours, theirs in zip(before, checkpoints.snapshot(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_averaged_weights_are_lent_and_given_back(model):
    images = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3))
    targets = np.eye(7, dtype="float32")[:4]
    kernel = model.trainable_variables[0]
    values = [kernel.numpy()]
    for _ in range(3):
        model.train_on_batch(images, targets)
        values.append(kernel.numpy())
    average = values[1]  # the first step starts the average
    for value in values[2:]:
        average = 0.9 * average + 0.1 * value
    with training.averaged_weights(model):
        np.testing.assert_allclose(kernel.numpy(), average, atol=1e-6)
    np.testing.assert_array_equal(kernel.numpy(), values[-1])
    assert np.abs(average - values[-1]).max() > 1e-4


def test_the_best_epochs_averaged_weights_are_returned(model, faces, tmp_path):
    progress = fit(model, faces, tmp_path)
    accuracies = progress.history["validation_accuracy"]
    assert progress.best == max(accuracies)
    best = keras_fer.build_model(
        tmp_path / "checkpoints" / "best.weights.h5",
        width=0.05,
        input_shape=(32, 32, 3),
    )
    for ours, theirs in zip(
        best.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_an_unreadable_checkpoint_gives_way_to_the_previous(
    model, compiled, faces, tmp_path
):
    fit(model, faces, tmp_path)
    last = tmp_path / "checkpoints" / "last.npz"
    last.write_bytes(last.read_bytes()[:5000])
    start_anew(compiled)
    messages = []
    progress = fit(model, faces, tmp_path, say=messages.append)
    assert "last.npz cannot be read" in messages[0]
    assert messages[1] == "Epoch 2 of 2"
    assert len(progress.history["loss"]) == 2


def test_another_runs_checkpoint_is_not_taken(model, faces, tmp_path):
    fit(model, faces, tmp_path, epochs=1)
    progress, best, messages = checkpoints.load(
        tmp_path / "checkpoints", model, "another"
    )
    assert progress is None and best == []
    assert "another run" in messages[0]


def test_nan_stops_and_keeps_the_last_good_weights(model, faces, tmp_path):
    fit(model, faces, tmp_path, epochs=1)
    best = (tmp_path / "checkpoints" / "best.weights.h5").read_bytes()
    state = (tmp_path / "checkpoints" / "last.npz").read_bytes()
    model = make_model(learning_rate=1e30)
    with pytest.raises(NonFiniteLossError) as error:
        fit(model, faces, tmp_path, epochs=3)
    for words in ("epoch 2", "learning rate", "float32"):
        assert words in str(error.value)
    assert (tmp_path / "checkpoints" / "best.weights.h5").read_bytes() == best
    assert (tmp_path / "checkpoints" / "last.npz").read_bytes() == state


def test_fewer_faces_than_a_batch_are_refused(model, faces, tmp_path):
    with pytest.raises(ValueError, match="3 faces do not fill"):
        training.fit(
            model,
            faces.take(range(3)),
            faces,
            directory=tmp_path,
            run_id="run",
            epochs=1,
            batch_size=7,
            views=VIEWS,
        )


def test_weights_spoilt_by_the_last_step_are_not_kept(
    model, compiled, faces, tmp_path
):
    """The loss of a step is taken before its update."""
    fit(model, faces, tmp_path, epochs=1)
    before = (tmp_path / "checkpoints" / "last.npz").read_bytes()
    start_anew(compiled)
    step = training._train_step

    def spoiling(model, images, labels, progress, bar):
        step(model, images, labels, progress, bar)
        if progress.step == 3:
            for variable in model.trainable_variables:
                variable.assign(variable * np.nan)
            model.optimizer._model_variables_moving_average[0].assign(
                model.trainable_variables[0]
            )

    training._train_step = spoiling
    try:
        with pytest.raises(NonFiniteLossError, match="weights after epoch 2"):
            fit(model, faces, tmp_path, epochs=2)
    finally:
        training._train_step = step
    assert (tmp_path / "checkpoints" / "last.npz").read_bytes() == before


def test_float16_trains_resumes_and_validates_the_average(faces, tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    model = make_model(learning_rate=0.01)
    half = model, [value.numpy() for value in state_of(model)]
    assert step_time.estimate_step_seconds(model, 7) > 0
    fit(model, faces, tmp_path, epochs=1)
    start_anew(half)
    progress = fit(model, faces, tmp_path, epochs=2)
    assert progress.epoch == 2
    inner = model.optimizer.inner_optimizer
    average = inner._model_variables_moving_average[0].numpy()
    with training.averaged_weights(model):
        np.testing.assert_array_equal(
            model.trainable_variables[0].numpy(), average
        )
