"""Do the exported files say what the model says? parity.json, parity.md."""

import platform
import time
from pathlib import Path

import numpy as np

from keras_fer import evaluation
from keras_fer import files
from keras_fer import markdown
from keras_fer import runtime
from keras_fer.errors import DataError
from keras_fer.errors import ExportError
from keras_fer.export import latency
from keras_fer.export.differences import list_differences
from keras_fer.litert import LiteRTModel
from keras_fer.metrics import check_probabilities

MIN_IMAGES = 500
MIN_ACCURACY_KEPT = 0.98
TOLERANCES = {"saved_model": 1e-4, "float32": 1e-4, "float16": 1e-2}
NUM_THREADS = (1, 2)


def measure(
    reference,
    paths,
    held_back,
    *,
    rounds=50,
    min_images=MIN_IMAGES,
    context=None,
    class_names=None,
    say=None,
):
    """Measures every format against the Keras model, on one view of each face.

    Args:
        reference: the `keras.Model` in float32, which the files came from.
        paths: format -> path; "saved_model" is a folder, the rest are files.
        held_back: `LabeledImages` that neither training nor calibration saw.
        rounds: timed answers for each latency.
        min_images: how many held-back images there must be.
        context: what the report says of data and model, plain values.
        class_names: the classes in their order, for a refusal.
        say: called with a line after each format.

    Returns:
        The report, a dict that can be written as JSON: `num_images`,
        `images_sha256`, `accuracy` of the Keras model, `machine`, `formats`
        (format -> `accuracy`, `agreement` (share of equal answers),
        `largest_difference` and `mean_difference` of a probability,
        `megabytes`, `load_ms`, `median_ms` and `p90_ms` by number of
        threads, `sha256`, `fault`: None, or why it is refused, and then
        `differences`: the pictures that it is refused for, as lines).

    Raises:
        DataError: if the held-back images are too few.
    """
    check_held_back(held_back, min_images)
    views = held_back.views(reference.input_shape[1] or held_back.side)
    expected = evaluation.predict(reference, views)
    right = expected.argmax(axis=1) == held_back.labels
    formats, answers = {}, {}
    for name, path in paths.items():
        start = time.perf_counter()
        formats[name], answers[name] = _compare(
            name, path, views, expected, held_back.labels
        )
        if say is not None:
            took = time.perf_counter() - start
            say(
                f"{name}: accuracy {formats[name]['accuracy']:.1%}, "
                f"agreement {formats[name]['agreement']:.1%} ({took:.0f} s)"
            )
    _add_latencies(formats, paths, rounds)
    report = {
        **(context or {}),
        "view": "single view",
        "num_images": len(held_back),
        "images_sha256": held_back.sha256(),
        "accuracy": float(right.mean()),
        "machine": f"{runtime.describe_device()}, {platform.system()}",
        "rounds": rounds,
        "formats": formats,
    }
    for name, row in formats.items():
        row["fault"] = find_fault(name, row, report["accuracy"])
        if row["fault"]:
            row["differences"] = list_differences(
                held_back,
                expected,
                answers[name],
                class_names,
                TOLERANCES.get(name),
            )
    return report


def check_held_back(held_back, min_images=MIN_IMAGES):
    """Refuses images too few to judge an export.

    Args:
        held_back: `LabeledImages`.
        min_images: how many there must be.

    Raises:
        DataError: if they are fewer.
    """
    if len(held_back) < min_images:
        raise DataError(
            f"{len(held_back)} held-back images cannot tell two formats "
            f"apart. Give at least {min_images} that the training never saw."
        )


def check(report):
    """Refuses an export that is not good enough.

    Args:
        report: of `measure`.

    Raises:
        ExportError: naming every format that failed, and why.
    """
    faults = [
        "\n  ".join([f"{name}: {row['fault']}", *row.get("differences", ())])
        for name, row in report["formats"].items()
        if row["fault"]
    ]
    if faults:
        raise ExportError(
            "The export is refused, and files of an earlier one were left "
            "as they were.\n" + "\n".join(faults) + "\nCalibrate on images "
            "like those that the model will see, or leave the format out."
        )


def write(report, directory):
    """Writes parity.md and then parity.json.

    Args:
        report: of `measure`.
        directory: the folder of the exported files.
    """
    directory = Path(directory)
    files.write_text(directory / "parity.md", as_markdown(report))
    files.write_json(directory / "parity.json", report)


def as_markdown(report):
    """The report as a page: the table, and what it was measured on."""
    header = [
        "format",
        "accuracy, %",
        "agreement, %",
        "largest difference",
        "mean difference",
        "size, MB",
        "load, ms",
        *(
            f"median / p90 ms, {number} thread{'s' * (number > 1)}"
            for number in NUM_THREADS
        ),
    ]
    rows = [
        [
            name,
            f"{100 * row['accuracy']:.2f}",
            f"{100 * row['agreement']:.2f}",
            f"{row['largest_difference']:.1e}",
            f"{row['mean_difference']:.1e}",
            f"{row['megabytes']:.1f}",
            f"{row['load_ms']:.0f}",
            *(_latency_cell(row, number) for number in NUM_THREADS),
        ]
        for name, row in report["formats"].items()
    ]
    table = markdown.table(header, rows)
    told = {
        "formats",
        "accuracy",
        "num_images",
        "view",
        "machine",
        "rounds",
    }
    facts = "\n".join(
        f"- {name.replace('_', ' ')}: "
        f"{markdown.escape(markdown.describe(value))}"
        for name, value in report.items()
        if name not in told
    )
    return (
        "# Parity of the exported files\n\n"
        f"Against the Keras model in float32, {report['view']} of "
        f"{report['num_images']:,} held-back faces, on which it is right on "
        f"{100 * report['accuracy']:.2f} %. Differences are of a "
        f"probability. Latencies: {report['rounds']} answers, formats in "
        f"turn, on {report['machine']}.\n\n{table}\n\n{facts}\n"
    )


def _compare(name, path, views, expected, labels):
    saved = name == "saved_model"
    start = time.perf_counter()
    found = (_predict_saved_model if saved else _predict_file)(path, views)
    seconds = time.perf_counter() - start
    check_probabilities(found, f"The output of {name}")
    difference = np.abs(found - expected)
    answers = found.argmax(axis=1)
    parts = [path] if path.is_file() else sorted(path.rglob("*"))
    row = {
        "accuracy": float((answers == labels).mean()),
        "agreement": float((answers == expected.argmax(axis=1)).mean()),
        "largest_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "megabytes": sum(p.stat().st_size for p in parts if p.is_file()) / 1e6,
        "predict_seconds": seconds,
        "sha256": None if saved else files.sha256(path),
        "median_ms": {},
        "p90_ms": {},
    }
    if saved:
        row["load_ms"] = 1e3 * _load_saved_model(path)[1]
    else:
        row["load_ms"] = 1e3 * latency.load_seconds(path)
    return row, found


def _add_latencies(formats, paths, rounds):
    names = [name for name in paths if name != "saved_model"]
    for number in NUM_THREADS if names else ():
        seconds = latency.invoke_seconds(
            [paths[name] for name in names], number, rounds
        )
        for name, row in zip(names, 1e3 * seconds, strict=True):
            formats[name]["median_ms"][str(number)] = float(np.median(row))
            formats[name]["p90_ms"][str(number)] = float(np.percentile(row, 90))


def find_fault(name, row, accuracy):
    """Why a format is refused, or None.

    Args:
        name: the format.
        row: its entry in the report.
        accuracy: the Keras model's.
    """
    least = MIN_ACCURACY_KEPT * accuracy
    if row["accuracy"] < least:
        return (
            f"accuracy {row['accuracy']:.4f}; expected at least {least:.4f}, "
            f"{MIN_ACCURACY_KEPT:.0%} of the Keras model's {accuracy:.4f}"
        )
    tolerance = TOLERANCES.get(name)
    if tolerance is not None and row["largest_difference"] > tolerance:
        return (
            f"a probability is off by {row['largest_difference']:.1e}; "
            f"expected at most {tolerance:g}"
        )
    return None


def _predict_file(path, views):
    return LiteRTModel(path, num_threads=2).predict(views)


def _load_saved_model(path):
    import tensorflow as tf

    start = time.perf_counter()
    model = tf.saved_model.load(str(path))
    return model, time.perf_counter() - start


def _predict_saved_model(path, views):
    model, _ = _load_saved_model(path)
    serve = model.signatures["serving_default"]
    return np.concatenate(
        [
            serve(image=views[start : start + 32].astype(np.float32))[
                "probabilities"
            ].numpy()
            for start in range(0, len(views), 32)
        ]
    )


def _latency_cell(row, number):
    median = row["median_ms"].get(str(number))
    if median is None:
        return "—"
    return f"{median:.1f} / {row['p90_ms'][str(number)]:.1f}"
