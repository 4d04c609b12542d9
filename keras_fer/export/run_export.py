"""The export of a network whose data is at hand, as a run's end needs it."""

from keras_fer.export import tflite
from keras_fer.export.golden import write_golden
from keras_fer.export.labeled_images import calibration_sample
from keras_fer.export.labeled_images import decode
from keras_fer.export.model_export import FORMATS
from keras_fer.export.model_export import export_model
from keras_fer.export.parity import MIN_IMAGES
from keras_fer.export.parity import as_markdown


def export_run(
    model,
    directory,
    train,
    held_out,
    *,
    image_size,
    facts,
    formats=FORMATS,
    num_calibration=200,
    min_images=MIN_IMAGES,
    rounds=50,
    say=None,
):
    """Exports a trained network, measures it, adds a face to test apps by.

    Args:
        model: the trained network.
        directory: the folder to write into.
        train: `LabeledFaces` that the integer formats are calibrated on.
        held_out: `LabeledFaces` that neither training nor the choice of
            weights saw.
        image_size: every face is resized to this side first, in pixels.
        facts: what the report says of run and data, plain values.
        formats: of `FORMATS`.
        num_calibration: how many of `train` to calibrate on.
        min_images: how many held-out faces there must be.
        rounds: timed answers for each latency.
        say: called with each message, the table at last.

    Returns:
        The report of `parity.measure`.

    Raises:
        DataError, ExportError: see `export_model`.
    """
    report = export_model(
        model,
        directory,
        formats,
        calibration_sample(train, image_size, num_calibration),
        held_back=decode(held_out, image_size),
        class_names=train.class_names,
        image_size=image_size,
        min_images=min_images,
        rounds=rounds,
        context=facts | {"image_size": image_size},
        say=say,
    )
    write_golden(directory, [n for n in formats if n in tflite.FORMATS])
    if say:
        say(f"\n{as_markdown(report)}\nFiles: {directory}")
    return report
