"""The report of a run: report.json for programs, report.md for people."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keras_fer import figures
from keras_fer import files
from keras_fer import markdown
from keras_fer.metrics import MIN_FACES

_METRICS = {
    "accuracy": "accuracy",
    "mean_class_recall": "mean class recall",
    "mean_class_recall_min_30": (
        f"mean class recall, classes of at least {MIN_FACES} faces"
    ),
    "macro_f1": "macro F1",
    "expected_calibration_error": "expected calibration error",
}
# What report.md says of a run, in this order; other keys follow by name.
_CONTEXT = {
    "data_set": "data set",
    "data_hash": "hash of the data",
    "split": "judged on",
    "chosen_by": "weights chosen by",
    "counts": "faces",
    "leak_report": "same face in two splits",
    "validation_leak_report": "the same, in validation and test",
    "epoch": "epoch of the weights",
    "seed": "seed",
    "precision": "precision",
    "device": "device",
    "commit": "commit",
    "command": "command",
}


def write_report(
    directory: str | Path,
    *,
    single_view: Mapping,
    ten_crop: Mapping | None,
    context: Mapping,
) -> None:
    """Writes report.json, report.md and confusion.png, each whole or not.

    report.json comes last: where it stands, the other two are of its run.

    Args:
        directory: the run's folder; created if missing.
        single_view: of `compute_metrics`, on one view of each image.
        ten_crop: the same on ten views, or None where the protocol has none.
            Confusion matrix and picture are of the ten views if given.
        context: what the figures stand for, written beside them in
            report.json: `title`, the title line of report.md and of the
            picture, which must name the data set as it is (drawn faces, a
            stand-in, unofficial counts); `data_set`, `split`, `chosen_by`
            (the split that chose the weights), `counts`, `leak_report`,
            `seed`, `precision`, `device`, `commit` and whatever else. Values
            are plain ones, sequences, mappings or dataclasses.

    Raises:
        ValueError: if the title is missing, a key of the context is one of
            the report's own, or the two views are not of the same faces.
    """
    context = _plain(context)
    single_view = _plain(single_view)
    ten_crop = _plain(ten_crop)
    _check_inputs(single_view, ten_crop, context)

    directory = Path(directory)
    shown, view_name = single_view, "single view"
    if ten_crop is not None:
        shown, view_name = ten_crop, "ten-crop"
    figures.save_figure(
        figures.confusion_matrix_figure(
            shown["confusion_matrix"],
            list(shown["per_class"]),
            f"{context['title']}, {view_name}",
        ),
        directory / "confusion.png",
    )
    views = {"single view": single_view, "ten-crop": ten_crop}
    sections = [
        f"# {markdown.escape(context['title'])}",
        *summarize(views),
        "## Classes",
        _class_table(views),
        f"## Confusion matrix, {view_name}",
        "Rows: true expression. Columns: predicted. Faces in each cell.",
        _confusion_table(shown),
        "![Confusion matrix in per cent of the true class](confusion.png)",
        "## Run",
        _context_table(context),
    ]
    files.write_text(directory / "report.md", "\n\n".join(sections) + "\n")
    files.write_json(
        directory / "report.json",
        {**context, "single_view": single_view, "ten_crop": ten_crop},
    )


def summarize(views: Mapping) -> list[str]:
    """What a report says first, in Markdown: figures, and how far they go.

    Args:
        views: "single view", and perhaps "ten-crop" -> `compute_metrics`,
            None where there is none.

    Returns:
        Paragraphs.
    """
    single_view = views["single view"]
    per_class = single_view["per_class"]
    support = {name: row["support"] for name, row in per_class.items()}
    bootstrap = single_view["bootstrap"]
    paragraphs = [
        f"{single_view['num_images']:,} faces. Figures in %, with their "
        f"{100 * bootstrap['confidence']:g} % intervals "
        f"({bootstrap['method']}, {bootstrap['num_resamples']:,} resamples).",
        markdown.table(
            ["", *views],
            [
                [label, *(_with_interval(view, key) for view in views.values())]
                for key, label in _METRICS.items()
            ],
        ),
    ]
    commonest = max(support, key=support.get)
    share = support[commonest] / single_view["num_images"]
    recall = 1 / sum(count > 0 for count in support.values())
    paragraphs.append(
        f"For comparison, always answering {markdown.escape(commonest)} gives "
        f"accuracy {_percent(share)} and mean class recall "
        f"{_percent(recall)}."
    )
    few = [
        f"{markdown.escape(name)} ({count})"
        for name, count in support.items()
        if count < MIN_FACES
    ]
    if few:
        paragraphs.append(
            f"Fewer than {MIN_FACES} faces, so that one face moves the "
            f"class's recall by more than {100 // MIN_FACES} points: "
            f"{', '.join(few)}."
        )
    return paragraphs


def _class_table(views: Mapping) -> str:
    views = {name: view for name, view in views.items() if view is not None}
    keys = {"precision": "precision", "recall": "recall", "f1": "F1"}
    header = [f"{label}, {view}" for view in views for label in keys.values()]
    first = next(iter(views.values()))["per_class"]
    rows = []
    for name, row in first.items():
        figures_of_class = [
            _percent(view["per_class"][name][key])
            for view in views.values()
            for key in keys
        ]
        rows.append([name, f"{row['support']:,}", *figures_of_class])
    return markdown.table(["class", "faces", *header], rows)


def _confusion_table(view: Mapping) -> str:
    names = list(view["per_class"])
    rows = [
        [name, *(f"{count:,}" for count in counts)]
        for name, counts in zip(names, view["confusion_matrix"], strict=True)
    ]
    return markdown.table(["", *names], rows)


def _context_table(context: Mapping) -> str:
    others = [name for name in context if name not in _CONTEXT]
    rows = [
        [
            _CONTEXT.get(name, name.replace("_", " ")),
            markdown.describe(context[name]),
        ]
        for name in [*_CONTEXT, *others]
        if name in context and name != "title"
    ]
    return markdown.table(["", ""], rows, numbers=False)


def _with_interval(view: Mapping | None, key: str) -> str:
    if view is None or view[key] is None:
        return markdown.UNDEFINED
    text = _percent(view[key])
    interval = view["intervals"].get(key)
    if interval is None:
        return text
    return f"{text} ({_percent(interval[0])}–{_percent(interval[1])})"


def _percent(share: float | None) -> str:
    return markdown.UNDEFINED if share is None else f"{100 * share:.2f}"


def _plain(value):
    """The value in JSON's types: None for NaN, lists for arrays."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(part) for part in sorted(value, key=str)]
    return str(value)


def _check_inputs(single_view, ten_crop, context) -> None:
    if not context.get("title"):
        raise ValueError(
            'The context needs a "title" that names the data set, such as '
            f'"RAF-DB" or "drawn faces". Received: {sorted(context)}'
        )
    taken = {"single_view", "ten_crop"} & set(context)
    if taken:
        raise ValueError(
            f"{sorted(taken)} in the context would hide the report's own "
            "figures. Give these entries another name."
        )
    if ten_crop is None:
        return
    faces = [
        {name: row["support"] for name, row in view["per_class"].items()}
        for view in (single_view, ten_crop)
    ]
    if faces[0] != faces[1]:
        raise ValueError(
            "Single view and ten-crop must be of the same faces. Received "
            f"faces by class: {faces[0]} and {faces[1]}"
        )
