"""From a trained model to a folder of files that are known to be good."""

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path

import numpy as np

from keras_fer import evaluation
from keras_fer import files
from keras_fer import model_file
from keras_fer import runtime
from keras_fer.classes import CLASSES
from keras_fer.errors import UsageError
from keras_fer.export import parity
from keras_fer.export import tflite
from keras_fer.export.float_copy import float_copy
from keras_fer.export.labeled_images import LabeledImages
from keras_fer.export.labeled_images import check_calibration
from keras_fer.export.saved_model import write_saved_model

FORMATS = ("saved_model", *tflite.FORMATS)
_STAGE = re.compile(r"\.partial\.[0-9a-f]{8}\.export", re.ASCII)
_REPORTS = ("parity.json", "parity.md")


def export_model(
    model,
    directory,
    formats=FORMATS,
    calibration=None,
    *,
    held_back=None,
    class_names=None,
    image_size=None,
    min_images=parity.MIN_IMAGES,
    rounds=50,
    context=None,
    say=None,
):
    """Exports a model to every format asked for, measures them, keeps them.

    All files are written beside their places and compared with the model
    first. If one is not good enough, none is kept and the folder stays as it
    was. Good ones replace those of an earlier export: `saved_model/`,
    `model.FORMAT.tflite`, `labels.txt`, and last `parity.json`, which holds
    the files' hashes, so that it describes the files that it lies beside.

    Without held-back images, the formats must give the model's own answers
    on the calibration images (or, without those, on noise), and no report is
    written: nothing is known of their accuracy.

    Args:
        model: a model of `keras_fer.build_model` that gives probabilities,
            trained in any precision, on the TensorFlow backend.
        directory: the folder to write into; created if missing.
        formats: of `FORMATS`; `tflite.convert` says what each is.
        calibration: images of the training part that "int8" and "full_int8"
            take their ranges from: `LabeledImages`, best of
            `calibration_sample`, or an array
            `(num_images, side, side, 3)` of RGB 0..255.
        held_back: `LabeledImages` that neither training, nor the choice of
            weights, nor calibration saw.
        class_names: the classes in the order of the model's outputs. None
            means `keras_fer.CLASSES`.
        image_size: side that a face is resized to before the model's view
            is cut from its centre, in pixels. None: the side of the
            held-back or calibration images.
        min_images: how many held-back images there must be.
        rounds: timed answers for each latency in the report.
        context: what the report says of data and model, plain values.
        say: called with lines of progress.

    Returns:
        The report of `parity.measure`, or None without held-back images.

    Raises:
        ValueError: for arguments that do not fit each other.
        DataError: for calibration or held-back images that will not do.
        ExportError: if a format cannot express the network, is below 98 % of
            its accuracy, or is beyond its tolerance.
    """
    say = say or (lambda line: None)
    directory = Path(directory)
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file. Name a folder to export to.")
    formats = _check_formats(formats, calibration)
    class_names = _check_class_names(model, class_names)
    reference = float_copy(model)
    view_size = reference.input_shape[1]
    calibration = _labeled(calibration, reference)
    judged = held_back is not None  # empty is refused, not ignored
    given = held_back if judged else calibration
    if image_size is None:
        image_size = view_size if given is None else given.side
    if image_size is not None and image_size < (view_size or 0):
        raise ValueError(
            f"image_size must be at least the model's view of {view_size}. "
            f"Received: {image_size}"
        )
    if given is not None and given.side != image_size:
        raise ValueError(
            f"The images have {given.side} pixels a side, and faces would be "
            f"resized to image_size={image_size}. Both must be one size, or "
            "the report would be of other views than the file's users see."
        )
    if judged:
        parity.check_held_back(held_back, min_images)
    views = None
    if set(formats) & set(tflite.CALIBRATED):
        check_calibration(calibration, held_back)
        views = calibration.views(view_size)

    with files.lock_directory(directory), files.full_disk_named(directory):
        clear(directory)
        stage = directory / f".partial.{secrets.token_hex(4)}.export"
        stage.mkdir()
        try:
            paths = {}
            for name in formats:
                say(f"Writing {name} ...")
                paths[name] = _write(reference, stage, name, views)
                if name != "saved_model":
                    contract = model_file.Contract(
                        class_names, image_size, view_size, name
                    )
                    model_file.attach(paths[name], contract)
                runtime.release_memory()
            facts = {**(context or {}), **_identity(model, calibration)}
            report = parity.measure(
                reference,
                paths,
                held_back
                if judged
                else _stand_in(reference, calibration, image_size),
                rounds=rounds if judged else 1,
                min_images=min_images if judged else 0,
                context=facts,
                class_names=class_names,
                say=say if judged else None,
            )
            parity.check(report)
            report = report if judged else None
            install(paths, directory, class_names, report)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return report


def _write(reference, stage, name, views):
    if name == "saved_model":
        path = stage / name
        write_saved_model(reference, path)
        return path
    path = stage / f"model.{name}.tflite"
    path.write_bytes(tflite.convert(reference, name, views))
    return path


def install(paths, directory, class_names, report=None):
    """Moves finished files to their places, the report last.

    From the first move until the new report is written there is none, since
    none would be true.

    Args:
        paths: format -> finished file or folder, on the same file system.
        directory: the folder to put them into, which the caller has locked.
        class_names: what labels.txt lists.
        report: of `parity.measure`, or None.
    """
    for name in _REPORTS:
        (directory / name).unlink(missing_ok=True)
    for path in paths.values():
        if path.is_dir():
            files.replace_directory(path, directory / path.name)
            continue
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(path, directory / path.name)
    labels = "".join(f"{name}\n" for name in class_names)
    files.write_text(directory / model_file.LABELS_NAME, labels)
    if report is not None:
        parity.write(report, directory)


def clear(directory):
    """Removes what a killed export left, while the folder is locked."""
    files.clear_partial_files(directory)
    files.restore_directory(directory / "saved_model")
    for path in directory.iterdir():
        if _STAGE.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _check_formats(formats, calibration):
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise ValueError(
            f"`formats` must be some of {FORMATS}. Received: {formats}"
        )
    needy = [name for name in formats if name in tflite.CALIBRATED]
    if needy and calibration is None:
        raise ValueError(
            f"{', '.join(needy)} need calibration images of the training "
            "part: keras_fer.export.calibration_sample(faces, image_size). "
            "Received: calibration=None"
        )
    return tuple(dict.fromkeys(formats))


def _check_class_names(model, class_names):
    class_names = tuple(CLASSES if class_names is None else class_names)
    num_outputs = model.output_shape[-1]
    broken = [
        name for name in class_names if not name or name != name.strip()
    ] or [name for name in class_names if len(name.splitlines()) > 1]
    if len(set(class_names)) != num_outputs or broken:
        raise ValueError(
            f"The model has {num_outputs} outputs and needs as many class "
            "names, all different, each a line of text. Received: "
            f"{class_names}"
        )
    return class_names


def _labeled(images, reference):
    """The images with labels; with the model's answers where none are given."""
    if images is None or isinstance(images, LabeledImages):
        return images
    images = np.rint(np.clip(images, 0, 255)).astype(np.uint8)
    unlabeled = LabeledImages(images, np.zeros(len(images), int))
    return _with_answers(unlabeled, reference)


def _stand_in(reference, calibration, image_size):
    """Images that stand in for held-back ones, with the model's answers."""
    if calibration is None:
        rng = np.random.default_rng(0)
        shape = (64, image_size or 96, image_size or 96, 3)
        noise = rng.integers(0, 256, shape, dtype=np.uint8)
        calibration = LabeledImages(noise, np.zeros(len(noise), int))
    return _with_answers(calibration, reference)


def _with_answers(images, reference):
    if not len(images):
        return images
    views = images.views(reference.input_shape[1] or images.side)
    answers = evaluation.predict(reference, views).argmax(axis=1)
    return LabeledImages(images.images, answers, images.names)


def _identity(model, calibration):
    """Hashes of what the export was made from."""
    digest = hashlib.sha256()
    for weights in model.get_weights():
        digest.update(repr((weights.dtype.name, weights.shape)).encode())
        digest.update(np.ascontiguousarray(weights).tobytes())
    facts = {"weights_sha256": digest.hexdigest()}
    if calibration is not None:
        facts["num_calibration"] = len(calibration)
        facts["calibration_sha256"] = calibration.sha256()
    return facts
