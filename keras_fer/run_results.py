"""The end of a run: the network judged, saved and reported."""

import keras
import numpy as np

from keras_fer import checkpoints
from keras_fer import evaluation
from keras_fer import figures
from keras_fer import files
from keras_fer import input_pipeline
from keras_fer import metrics
from keras_fer import report
from keras_fer.datasets import fingerprints


def write_results(
    directory,
    model,
    test,
    *,
    image_size,
    batch_size,
    facts,
    learned,
    seen=None,
    say=None,
):
    """Judges a trained network on its test part and writes the run's files.

    Leaves `predictions.npz`, `fingerprints.npz` (of the pictures that the
    weights learned from), `model.keras`, `model.weights.h5`, `curves.png`
    (of the folder's `history.csv`), `confusion.png`, `report.md` and, as the
    last one, `report.json`.

    Args:
        directory: the run's folder, a `Path`.
        model: the trained network.
        test: `LabeledFaces`.
        image_size: every face is resized to this side, in pixels; the views
            have the model's size.
        batch_size: faces at once.
        facts: what the report says of the run, see `report.write_report`.
        learned: the parts that the weights were trained and chosen on, a
            sequence of `LabeledFaces`; the last one chose the epoch.
        seen: `Fingerprints` of what they had learned from before, if any.
        say: called with each message for the user; a progress bar is shown
            too. None is silent.

    Returns:
        {"single_view": metrics, "ten_crop": metrics}.
    """
    images = input_pipeline.image_batches(
        test, image_size=image_size, batch_size=batch_size
    )
    predictions = {}
    for view, predict in (
        ("single_view", evaluation.predict),
        ("ten_crop", evaluation.predict_ten_crop),
    ):
        if say:
            say(f"Test part, {view}")
        bar = keras.utils.Progbar(len(test), verbose=int(say is not None))
        predictions[view] = predict(model, images, progress=bar.update)
    results = {
        view: metrics.compute_metrics(
            probabilities, test.labels, test.class_names
        )
        for view, probabilities in predictions.items()
    }
    for view, result in results.items() if say else ():
        say(f"Test part, {view}: accuracy {result['accuracy']:.1%}")
    *_, chosen_on = learned
    path = directory / "predictions.npz"
    with files.atomic_path(path) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file,
            names=test.names,
            labels=test.labels,
            **predictions,
            # What a temperature may be fitted on.
            validation_labels=chosen_on.labels,
            validation_single_view=evaluation.predict(
                model,
                input_pipeline.image_batches(
                    chosen_on, image_size=image_size, batch_size=batch_size
                ),
            ),
        )
    known = [fingerprints.take_fingerprints(part) for part in learned]
    known += [] if seen is None else [seen]
    fingerprints.concatenate(known).save(directory / "fingerprints.npz")
    finished = _finished(model)
    with files.atomic_path(directory / "model.keras") as path:
        finished.save(path)
    checkpoints.save_weights(directory / "model.weights.h5", finished)
    figures.save_figure(
        figures.training_curves_figure(
            figures.read_history(directory / "history.csv")
        ),
        directory / "curves.png",
    )
    report.write_report(directory, **results, context=facts)
    if say:
        say(f"Report: {directory / 'report.md'}")
    return results


def _finished(model):
    """The network without its optimiser, and with nothing frozen."""
    for layer in model.layers:
        layer.trainable = True
    finished = model.from_config(model.get_config())
    finished.set_weights(model.get_weights())
    return finished
