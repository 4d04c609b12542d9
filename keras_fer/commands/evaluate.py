"""`keras-fer evaluate`: any form of a network judged on any data set."""

from pathlib import Path

from keras_fer.commands import trained_model
from keras_fer.datasets import image_folder
from keras_fer.datasets import layouts
from keras_fer.datasets import leak_policy
from keras_fer.datasets import picture_checks
from keras_fer.datasets.fingerprints import load_fingerprints
from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from keras_fer.finished_run import is_run


def evaluate(
    model,
    data,
    *,
    data_set=None,
    split=None,
    variant="basic",
    ten_crop=False,
    image_size=None,
    output=None,
    say=print,
):
    """Judges a network as recipes do, and says on what.

    Args:
        model: a run's folder, a preset's name or folder, a .keras file, a
            SavedModel's folder or a .tflite file.
        data: the data set's folder.
        data_set: one of `layouts.DATA_SETS`; None tells by the layout.
        split: of the data set; None: see `layouts.choose_split`.
        variant: of RAF-DB.
        ten_crop: whether to judge ten views beside one.
        image_size: side that faces are resized to. None: what the model
            says of itself, or else its view.
        output: the folder for report.json, report.md and confusion.png, or
            None for none.
        say: called with each message, the figures at last.

    Raises:
        UsageError, DataError, ModelFileError: before anything is judged.
    """
    if output is not None and is_run(output):
        raise UsageError(
            f"--output {output} is a run's folder, whose report is its own. "
            "Choose another."
        )
    described = trained_model.describe(model)
    name = data_set or layouts.recognize(data)
    source = layouts.find_source(name, data, variant)
    split = layouts.choose_split(name, source, split)
    title = layouts.describe(name, source)
    say(f"{source.directory}: {layouts.TITLES[name]}, {source.layout}")
    whole = source.splits == (split,)
    part_name = "all of them" if whole else f"split {split}"
    say(f"Judged on: {title}, {part_name}")
    part = source.take_split(split)
    picture_checks.measure_pictures(part)
    (faces,) = image_folder.load_source(part).values()
    known = described.class_names
    if known is not None and known != faces.class_names:
        raise DataError(
            f"{model} tells {', '.join(known)} apart, and {data} has "
            f"{', '.join(faces.class_names)}. They must be the same, in one "
            "order."
        )
    facts = _compare_with_run(described, source, split, faces, say)
    network = trained_model.load(described)
    views = _judge(network, described, faces, image_size, ten_crop, say)
    from keras_fer import provenance
    from keras_fer import report
    from keras_fer import runtime

    context = {
        "title": f"{Path(model).name} on {title}",
        "data_set": title,
        "data_hash": source.identity,
        "split": split,
        "counts": {split: len(faces)},
        **facts,
        "model": described.kind,
        "model_sha256": described.sha256,
        "device": runtime.describe_device(),
        "commit": provenance.commit(),
        "command": provenance.command(),
    }
    say("\n" + "\n\n".join(report.summarize(views)))
    if output is not None:
        report.write_report(
            output,
            single_view=views["single view"],
            ten_crop=views.get("ten-crop"),
            context=context,
        )
        say(f"Report: {Path(output) / 'report.md'}")


def _compare_with_run(described, source, split, faces, say):
    """Who chose the weights, and whether they have seen these faces."""
    run = described.run
    if described.preset is not None:
        kept = described.preset.manifest["run"]
        learned = [kept, kept.get("additional_data", {})]
        names = " and ".join(str(k.get("data_set")) for k in learned if k)
        return {
            "chosen_by": kept.get("chosen_by"),
            "learned_from": f"{names}; a preset does not say which faces",
        }
    if run is None:
        return {
            "chosen_by": "unknown",
            "learned_from": "unknown: the model came without its run",
        }
    facts = {"chosen_by": run.report.get("chosen_by")}
    own = run.report["data_hash"], run.report.get("split")
    if own == (source.identity, split):
        return facts | {"leak_report": run.report.get("leak_report")}
    path = run.directory / "fingerprints.npz"
    if not path.exists():
        return facts | {"learned_from": "unknown: no fingerprints.npz"}
    say("Looking for these faces among those that the weights learned from ...")
    seen = leak_policy.apply_to_seen(faces, load_fingerprints(path), "keep")[1]
    number = len({theirs for _, theirs, _ in seen.names})
    if number:
        say(
            f"warning: {number} of {len(faces)} faces were learned from. What "
            "follows is no test."
        )
    return facts | {"seen_report": seen.as_dict()}


def _judge(network, described, faces, image_size, ten_crop, say):
    """View's name -> `compute_metrics`."""
    import keras

    from keras_fer import evaluation
    from keras_fer import input_pipeline
    from keras_fer import metrics

    view_size = network.input_shape[1]
    size = image_size or described.image_size
    if size is None:
        size = view_size or 100
        say(
            f"The model does not say what faces are resized to; taken: {size} "
            "pixels. --image-size gives another."
        )
    if view_size and size < view_size:
        raise UsageError(
            f"--image-size {size} is less than the model's view of "
            f"{view_size} pixels."
        )
    num_outputs = network.output_shape[-1]
    if num_outputs != len(faces.class_names):
        raise DataError(
            f"The model tells {num_outputs} classes apart, and the data has "
            f"{len(faces.class_names)}: {', '.join(faces.class_names)}."
        )
    images = input_pipeline.image_batches(faces, image_size=size, batch_size=32)
    judged = {"single view": evaluation.predict}
    if ten_crop:
        judged["ten-crop"] = evaluation.predict_ten_crop
    views = {}
    for view, predict in judged.items():
        say(f"{len(faces)} faces, {view}")
        bar = keras.utils.Progbar(len(faces))
        try:
            answers = predict(network, images, progress=bar.update)
        except ValueError as error:  # logits, NaN
            raise DataError(f"The model cannot be judged: {error}") from error
        views[view] = metrics.compute_metrics(
            answers, faces.labels, faces.class_names
        )
    return views
