"""A finished run as a preset: calibrated, in half precision, with its card."""

import contextlib
import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np

from keras_fer import calibration
from keras_fer import files
from keras_fer import finished_run
from keras_fer import luminance
from keras_fer import metrics
from keras_fer import model_card
from keras_fer import model_file
from keras_fer import presets
from keras_fer.errors import DataError
from keras_fer.errors import ModelFileError
from keras_fer.model import load_model
from keras_fer.presets import PresetError

# What a recipe's settings say of the network.
ARCHITECTURE = {
    "width": 1.0,
    "pooling": "lip",
    "head": "conv",
    "attention": "eca",
    "batch_norm": True,
    "dropout": 0.5,
}
# What a manifest keeps of a run's report; paths stay at home.
KEPT = (
    "data_set",
    "data_hash",
    "split",
    "chosen_by",
    "counts",
    "additional_data",
    "looks_at_public_test",
    "initial_weights",
    "initial_share",
    "mixed_at_commit",
    "epoch",
    "seed",
    "precision",
    "device",
    "commit",
    "versions",
)
NOT_SETTINGS = ("run_id", "resume", "overwrite")


def save_preset(
    run,
    directory,
    *,
    tflite=None,
    parity=None,
    calibrate=True,
    grey=False,
    data_terms=None,
):
    """Makes a preset of a finished run.

    The temperature is fitted on the part that chose the epoch, and the last
    layer divided by it, so that every form of the network agrees. Kernels
    are kept as float16, all else as float32; the card's figures are those of
    the run, before both.

    Args:
        run: the folder of a finished run of a recipe.
        directory: the preset's folder, its name the preset's; new or empty.
        tflite: the network's int8 `.tflite` file, made from these very
            weights after calibration; None leaves it out. See
            `keras_fer.commands.save_preset`.
        parity: what `keras_fer.export.parity.measure` reported of `tflite`,
            for card and manifest; None where nothing was measured.
        calibrate: whether a temperature is fitted.
        grey: whether the run learned from grey pictures alone; colour is then
            answered as its luminance.
        data_terms: on the terms of all training data, for the card; None
            takes what is known of each data set.

    Returns:
        The `presets.Preset`.

    Raises:
        PresetError: if the run is not finished, its weights do not fit into
            half precision, the folder holds something already, or `tflite`
            is damaged, of other classes or sizes, or not what was measured.
        DirectoryInUseError: if another process saves into the folder.
    """
    run, directory = Path(run), Path(directory)
    check_output(directory)
    settings, report = _read_run(run)
    class_names = _class_names(report)
    if tflite is not None:
        expected = model_file.Contract(
            class_names, settings["image_size"], settings["crop_size"], "int8"
        )
        _check_tflite(tflite, expected, parity)
    model = load_model(run / "model.keras")
    if grey:
        luminance.take_luminance(model)
    fitted = {"temperature": 1.0, "fitted_on": None}
    if calibrate:
        fitted = _calibrate(run, report)
    architecture = {
        name: settings.get(name, value) for name, value in ARCHITECTURE.items()
    }
    if architecture["attention"] == "none":
        architecture["attention"] = None
    manifest = {
        "format": presets.FORMAT,
        "name": directory.name,
        "calibration": fitted,
        "luminance": grey,
        "parity": parity,
        "run": {name: report[name] for name in KEPT if name in report},
        "settings": {
            name: value
            for name, value in settings.items()
            if name not in NOT_SETTINGS and not _is_place(name)
        },
    }
    with _whole_or_absent(directory) as stage:
        files.write_json(
            stage / presets.CONFIG,
            {
                "architecture": architecture,
                "image_size": settings["image_size"],
                "crop_size": settings["crop_size"],
            },
        )
        files.write_text(
            stage / presets.LABELS, "".join(f"{n}\n" for n in class_names)
        )
        _write_weights(stage / presets.WEIGHTS, model, fitted["temperature"])
        if tflite is not None:
            with files.atomic_path(stage / presets.TFLITE) as path:
                shutil.copyfile(tflite, path)
        files.write_text(
            stage / presets.CARD,
            model_card.model_card(
                directory.name, report, fitted, data_terms, parity, grey
            ),
        )
        manifest["sha256"] = {
            path.name: files.sha256(path) for path in sorted(stage.iterdir())
        }
        files.write_json(stage / presets.MANIFEST, manifest)
    return presets.load_preset(directory.absolute())


def check_output(directory):
    """Refuses a folder that holds something.

    Raises:
        PresetError: if it does.
    """
    directory = Path(directory)
    if directory.exists() and (
        not directory.is_dir() or any(directory.iterdir())
    ):
        raise PresetError(
            f"{directory} exists and is not empty. Choose another folder."
        )


@contextlib.contextmanager
def _whole_or_absent(directory):
    """A folder to fill, which takes its name once everything is in it."""
    stage = directory.with_name(f".{directory.name}.partial")
    with files.lock_file(directory):
        check_output(directory)
        shutil.rmtree(stage, ignore_errors=True)  # a killed call's
        stage.mkdir()
        try:
            yield stage
            if directory.exists():
                directory.rmdir()
            os.rename(stage, directory)
            files.fsync_directory(directory.parent)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _read_run(run):
    try:
        settings, report = (
            json.loads((run / name).read_text(encoding="utf-8"))
            for name in ("config.json", "report.json")
        )
    except (OSError, ValueError) as error:
        raise PresetError(
            f"{run} is no finished run ({error}). Give the --run-dir of a "
            "recipe that came to its report."
        ) from error
    return settings, report


def _check_tflite(path, expected, parity):
    """Refuses a file that is not the run's, or not the one that was judged."""
    try:
        found = model_file.read(path)
    except ModelFileError as error:
        raise PresetError(str(error)) from error
    fix = "keras-fer save-preset RUN PRESET makes the right one."
    if found is None:
        raise PresetError(
            f"{path} does not say of which classes and sizes it is. {fix}"
        )
    found, expected = map(dataclasses.asdict, (found, expected))
    different = [
        f"{name} {found[name]} there, {value} in the run"
        for name, value in expected.items()
        if found[name] != value
    ]
    if different:
        raise PresetError(
            f"{path} is not of this run: {'; '.join(different)}. {fix}"
        )
    formats = (parity or {}).get("formats", {})
    judged = formats.get("int8", {}).get("sha256")
    if judged is not None and judged != (hashed := files.sha256(path)):
        raise PresetError(
            f"{path} is not the file that `parity` is of: its hash is "
            f"{hashed[:16]}..., and {judged[:16]}... was measured. Give that "
            "one, or measure this one."
        )


def _calibrate(run, report):
    try:
        predictions = finished_run.read_predictions(run)
        fitted_on, labels = (
            predictions[f"validation_{name}"]
            for name in ("single_view", "labels")
        )
    except (DataError, KeyError) as error:
        raise PresetError(
            f"{run} kept no predictions on the part that chose its epoch. Run "
            "the recipe again, or save it uncalibrated: calibrate=False."
        ) from error
    temperature = calibration.fit_temperature(fitted_on, labels)
    result = {
        "temperature": temperature,
        "fitted_on": report.get("chosen_by"),
        "fitted_on_faces": len(labels),
    }
    for part, probabilities, truth in (
        ("fitted", fitted_on, labels),
        ("judged", predictions["single_view"], predictions["labels"]),
    ):
        mended = calibration.apply_temperature(probabilities, temperature)
        result[f"error_before_{part}"] = metrics.calibration_error(
            probabilities, truth
        )
        result[f"error_after_{part}"] = metrics.calibration_error(mended, truth)
    return result


def _write_weights(path, model, temperature):
    arrays = {}
    for layer in model.layers:
        values = layer.get_weights()
        if layer is model.layers[-1]:  # the logits
            values = [value / temperature for value in values]
        for index, value in enumerate(values):
            # Vectors weigh nothing, and a variance may leave float16's range.
            kind = "float16" if value.ndim > 1 else "float32"
            with np.errstate(over="ignore"):
                kept = value.astype(kind)
            if not np.isfinite(kept).all():
                raise PresetError(
                    f"{layer.name} has weights beyond {kind}'s range, up to "
                    f"{np.abs(value).max():g}: this run makes no preset."
                )
            arrays[f"{layer.name}/{index}"] = kept
    with files.atomic_path(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _class_names(report):
    names = list(report["single_view"]["per_class"])
    if any(len(name.splitlines()) != 1 for name in names):
        raise PresetError(f"Class names must be one line each: {names}")
    return tuple(names)


def _is_place(name):
    """Whether a setting names a place on the machine that trained."""
    return name.endswith("_dir") or name in (
        "config",
        "weights",
        "initial_weights",
    )
