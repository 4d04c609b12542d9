"""Training: epochs of steps, validation, checkpoints, resume."""

import contextlib
import csv
import io
import signal
import time
from pathlib import Path

import keras
import numpy as np

from keras_fer import augment
from keras_fer import checkpoints
from keras_fer import cluster
from keras_fer import devices
from keras_fer import files
from keras_fer import input_pipeline
from keras_fer import setting_checks
from keras_fer import step_time
from keras_fer.errors import NonFiniteLossError
from keras_fer.errors import TrainingInterrupted


def fit(
    model,
    train,
    validation,
    *,
    directory,
    run_id,
    epochs,
    batch_size,
    views,
    class_balance=0.0,
    seed=0,
    say=None,
):
    """Trains a compiled model, or goes on where a checkpoint stands.

    After each epoch the validation part is judged, with the averaged weights
    where there are any. `checkpoints/last.npz` holds everything that going
    on needs, `history.csv` the epochs so far, and
    `checkpoints/best.weights.h5` the best weights, for whoever wants them
    before the end. A resumed training ends with the same weights as one that
    was never stopped. On return the model holds the best epoch's weights.

    Args:
        model: compiled by `optimization.compile_model`; it may be one of
            `devices.on_devices`. Changed in place.
        train, validation: `LabeledFaces`.
        directory: of the run.
        run_id: tells this run's checkpoints from another's.
        epochs: how many in all.
        batch_size: images a step, of all processes together; what does not
            fill a batch is left out.
        views: `augment.ViewSettings`.
        class_balance: see `input_pipeline.draw_epoch`.
        seed: of the epochs' tables.
        say: called with each message for the user, for example `print`; a
            progress bar is shown too. None is silent.

    Returns:
        The final `checkpoints.Progress`.

    Raises:
        TrainingInterrupted: after SIGINT or SIGTERM; a checkpoint is there.
        NonFiniteLossError: if a loss is NaN or infinite.
        UsageError: in a cluster, for a batch that does not divide.
        ValueError: if there are fewer faces than fill one batch.
    """
    directory = Path(directory)
    share = cluster.share()
    parts = share[1] * cluster.num_local_devices()
    setting_checks.check_batch(batch_size, parts, f"{parts} devices")
    steps = len(train) // batch_size
    if not steps:
        raise ValueError(
            f"{len(train)} faces do not fill one batch of {batch_size}. "
            "Choose a smaller batch size."
        )
    kept = directory / "checkpoints"
    progress, best, messages = checkpoints.load(kept, model, run_id)
    for message in messages if say else ():
        say(f"warning: {message}")
    progress = progress or checkpoints.Progress(run_id)
    with _stop_requests() as stop_requested:
        while progress.epoch < epochs:
            if say:
                say(f"Epoch {progress.epoch + 1} of {epochs}")
            table = input_pipeline.draw_epoch(
                train.labels,
                seed=seed,
                epoch=progress.epoch,
                settings=views,
                class_balance=class_balance,
            )
            batches = input_pipeline.train_batches(
                train,
                table,
                settings=views,
                batch_size=batch_size,
                skip=progress.step,
                share=share,
            )
            bar = keras.utils.Progbar(
                steps,
                verbose=int(say is not None),
                stateful_metrics=("loss", "accuracy"),
            )
            for images, labels in devices.spread_batches(model, batches):
                with step_time.memory_named(batch_size):
                    _train_step(model, images, labels, progress, bar)
                if cluster.is_any(stop_requested()):
                    checkpoints.save(kept, model, progress, best)
                    raise TrainingInterrupted(
                        f"stopped in epoch {progress.epoch + 1} after step "
                        f"{progress.step} of {steps}"
                    )
            with averaged_weights(model):
                # The last step can spoil the weights after its own loss, and
                # a loss can stay finite where ReLU swallows NaN.
                weights = checkpoints.weights(model)
                for value in weights:
                    _check_finite(
                        model,
                        value,
                        f"weights after epoch {progress.epoch + 1}",
                    )
                loss, accuracy = _validate(model, validation, views, batch_size)
                if progress.best is None or accuracy >= progress.best:
                    progress.best = accuracy
                    progress.best_epoch = progress.epoch
                    best = weights
                    checkpoints.save_weights(kept / "best.weights.h5", model)
            _finish_epoch(model, progress, loss, accuracy)
            # Before the checkpoint: after it, a kill would leave a finished
            # training without its last row.
            _write_history(directory / "history.csv", progress.history)
            checkpoints.save(kept, model, progress, best)
            if say:
                say(
                    f"\n  validation: loss {loss:.4f}, accuracy "
                    f"{accuracy:.1%}; best so far {progress.best:.1%}"
                )
            if cluster.is_any(stop_requested()):
                raise TrainingInterrupted(
                    f"stopped after epoch {progress.epoch} of {epochs}"
                )
    checkpoints.restore_weights(model, best)
    return progress


def _train_step(model, images, labels, progress, bar):
    start = time.monotonic()
    loss, accuracy = devices.train_on_batch(model, images, labels)
    _check_finite(
        model,
        loss,
        f"loss of epoch {progress.epoch + 1}, step {progress.step + 1}",
    )
    progress.step += 1
    progress.loss_sum += loss
    progress.accuracy_sum += accuracy
    progress.seconds += time.monotonic() - start
    bar.update(
        progress.step,
        [
            ("loss", progress.loss_sum / progress.step),
            ("accuracy", progress.accuracy_sum / progress.step),
        ],
        finalize=False,
    )


def _finish_epoch(model, progress, loss, accuracy):
    """Adds the epoch to the history and turns to the next."""
    row = {
        "epoch": progress.epoch + 1,
        "learning_rate": float(model.optimizer.learning_rate),
        "loss": progress.loss_sum / progress.step,
        "accuracy": progress.accuracy_sum / progress.step,
        "validation_loss": loss,
        "validation_accuracy": accuracy,
        "seconds": progress.seconds,
    }
    for column, value in row.items():
        progress.history.setdefault(column, []).append(value)
    progress.epoch += 1
    progress.step = 0
    progress.loss_sum = progress.accuracy_sum = 0.0


def _validate(model, validation, settings, batch_size):
    """Loss and accuracy over centre crops."""
    batches = input_pipeline.image_batches(
        validation, image_size=settings.image_size, batch_size=batch_size
    )
    sums, start = np.zeros(2), 0
    for images in batches:
        labels = validation.labels[start : start + len(images)]
        views = augment.eval_view(np.asarray(images), settings.crop_size)
        values = devices.test_on_batch(model, views, labels)
        sums += np.array(values, "float64") * len(images)
        start += len(images)
    loss, accuracy = sums / max(start, 1)
    return float(loss), float(accuracy)


def _check_finite(model, value, place):
    if not np.isfinite(value).all():
        raise NonFiniteLossError(
            f"NaN or infinity in the {place}, at learning rate "
            f"{float(model.optimizer.learning_rate):.3g} under "
            f"{keras.config.dtype_policy().name}. The last checkpoint was "
            "kept. Start again with a lower learning rate, or with "
            "precision float32."
        )


@contextlib.contextmanager
def averaged_weights(model):
    """Gives the model its averaged weights, if the optimiser keeps them."""
    # Under float16 Keras wraps the optimiser for loss scaling.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not optimizer.use_ema:
        yield
        return
    variables = model.trainable_variables
    current = [variable.numpy() for variable in variables]
    optimizer.finalize_variable_values(variables)
    if keras.backend.backend() == "jax":
        # They are the optimiser's own arrays, which a step would use up.
        for variable in variables:
            variable.assign(variable.numpy())
    try:
        yield
    finally:
        for variable, value in zip(variables, current, strict=True):
            variable.assign(value)


@contextlib.contextmanager
def _stop_requests():
    """A function that says whether SIGINT or SIGTERM has come.

    The second signal acts at once, as without us.
    """
    requested = []
    previous = {}

    def request(number, _):
        requested.append(number)
        signal.signal(number, previous[number])

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, request)
    except ValueError:
        # Not the main thread: signals are somebody else's.
        pass
    try:
        yield lambda: bool(requested)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _write_history(path, history):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(history)
    writer.writerows(zip(*history.values(), strict=True))
    files.write_text(path, text.getvalue())
