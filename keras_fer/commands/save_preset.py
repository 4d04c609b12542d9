"""`keras-fer save-preset`: a finished run to weights that others install."""

import tempfile
from pathlib import Path

from keras_fer.commands.export import open_parts


def save_preset(
    directory,
    output,
    *,
    data_dir=None,
    data_terms=None,
    num_calibration=200,
    min_images=500,
    rounds=50,
    say=print,
):
    """Calibrates a run's network and keeps it with its int8 file and card.

    The int8 file is made of the weights as the preset holds them, in half
    precision and calibrated, and judged beside them.

    Args:
        directory: the run's folder.
        output: the preset's folder, its name the preset's; new or empty.
        data_dir: the data set, where it no longer lies at its old place.
        data_terms: on the terms of all training data, for the card; None
            takes what is known of each data set.
        num_calibration: faces of the training part that the int8 file takes
            its ranges from; of two data sets, the first one's.
        min_images: how many held-out faces there must be.
        rounds: timed answers for each latency.
        say: called with each message.

    Returns:
        The `presets.Preset`.

    Raises:
        UsageError: if it is no finished run, its data is gone, or the folder
            holds something.
        DataError: if the data is not that of the run.
        ExportError: if the int8 file is not good enough.
    """
    run, train, held_out = open_parts(directory, data_dir, min_images, say)
    from keras_fer import input_pipeline
    from keras_fer import luminance
    from keras_fer import preset_writer
    from keras_fer.export import export_run
    from keras_fer.model import build_model

    preset_writer.check_output(output)
    size = run.image_size
    some = input_pipeline.sample_views(train, size, size, seed=0, number=256)
    grey = luminance.are_grey(some)
    if grey:
        say("Trained on grey pictures: colour will be seen as its luminance.")
    with tempfile.TemporaryDirectory() as scratch:
        draft = preset_writer.save_preset(
            run.directory, Path(scratch, "draft"), grey=grey
        )
        exported = Path(scratch, "export")
        parity = export_run(
            build_model(draft.directory),
            exported,
            train,
            held_out,
            image_size=size,
            facts={},
            formats=("int8",),
            num_calibration=num_calibration,
            min_images=min_images,
            rounds=rounds,
            say=say,
        )
        preset = preset_writer.save_preset(
            run.directory,
            output,
            tflite=exported / "model.int8.tflite",
            parity=parity,
            grey=grey,
            data_terms=data_terms,
        )
    say(f"Preset: {preset.directory}")
    return preset
