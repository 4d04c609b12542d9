"""Tables of results: the published column, ours beside it, in Markdown."""

from keras_fer import markdown

EMPTY = ""


def accuracy_table(title, rows):
    """Rows of accuracies in per cent, the paper's beside ours.

    Args:
        title: what stands above the first column.
        rows: dicts with `label`, `paper` (per cent or None), `ours`
            (`comparison.summarize`, or None where nothing was measured).

    Returns:
        Markdown.
    """
    return markdown.table(
        [title, "paper", "ours", "seeds", "95 % interval"],
        [
            [
                row["label"],
                f"{row['paper']:.2f}" if row["paper"] else EMPTY,
                *_ours(row["ours"]),
            ]
            for row in rows
        ],
    )


def difference_table(title, rows):
    """Rows of paired differences, in points of accuracy.

    Args:
        title: what stands above the first column.
        rows: dicts with `label` and `difference`
            (`comparison.paired_difference`).

    Returns:
        Markdown.
    """
    return markdown.table(
        [title, "points", "95 % interval", "by seed", "faces"],
        [
            [
                row["label"],
                f"{100 * row['difference']['mean']:+.2f}",
                _interval(row["difference"]["interval"], "+"),
                ", ".join(
                    f"{100 * value:+.2f}" for value in row["difference"]["runs"]
                ),
                f"{row['difference']['num_faces']:,}",
            ]
            for row in rows
        ],
    )


def published_table(title, rows, ours):
    """What others report, with sources, and our row at the end.

    Args:
        title: what stands above the first column.
        rows: (method, per cent, source).
        ours: (label, `comparison.summarize` or None, remark).

    Returns:
        Markdown.
    """
    label, summary, remark = ours
    found = _ours(summary)
    interval = f" ({found[2]})" if found[2] else ""
    return markdown.table(
        [title, "accuracy", "source"],
        [
            *([name, f"{value:.2f}", source] for name, value, source in rows),
            [label, found[0] + interval, remark],
        ],
        numbers=False,
    )


def cost_table(rows):
    """What each row of the ablation costs and how it did.

    Args:
        rows: dicts with `label`, `ours` (`comparison.summarize` or None) and,
            where they were measured, `parameters`, `multiply_adds` and
            `step_ratio` ([low, median, high]).

    Returns:
        Markdown.
    """
    return markdown.table(
        [
            "one flag away",
            "parameters, millions",
            "multiply-adds, millions",
            "step time, ratio",
            "accuracy",
            "seeds",
            "95 % interval",
        ],
        [
            [
                row["label"],
                *_costs(row),
                *_ours(row["ours"]),
            ]
            for row in rows
        ],
    )


def _costs(row):
    """Parameters, multiply-adds and step time, as text."""
    if "step_ratio" not in row:
        return [EMPTY] * 3
    return [
        f"{row['parameters'] / 1e6:.2f}",
        f"{row['multiply_adds'] / 1e6:.0f}",
        "{1:.2f} ({0:.2f}-{2:.2f})".format(*row["step_ratio"]),
    ]


def _ours(summary):
    """Accuracy with its spread, seeds and interval, as text."""
    if summary is None:
        return [EMPTY] * 3
    spread = summary["standard_deviation"]
    mean = f"{100 * summary['mean']:.2f}"
    if spread is not None:
        mean += f" ± {100 * spread:.2f}"
    return [mean, str(len(summary["runs"])), _interval(summary["interval"])]


def _interval(interval, sign=""):
    low, high = (f"{100 * value:{sign}.2f}" for value in interval)
    return f"{low} to {high}"
