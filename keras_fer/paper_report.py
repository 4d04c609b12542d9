"""The paper's tables from finished runs: tables.md and tables.json."""

from keras_fer import comparison
from keras_fer import files
from keras_fer import paper_experiments
from keras_fer import paper_plan
from keras_fer import tables


def write_paper_report(
    directory, plan, *, empty, costs, is_official, timed=None
):
    """Fills the paper's tables with what finished runs measured.

    Args:
        directory: where tables.md and tables.json go.
        plan: {network of `paper_experiments`: for each seed its finished
            `planned_runs.PlannedRun`s, several where they are folds}.
        empty: {network: why it was not measured}.
        costs: {row of the ablation: {"parameters", "multiply_adds",
            "step_ratio"}}, or empty where nothing was timed.
        is_official: whether the data sets' own counts were asked for, so
            that our figures may stand beside published ones.
        timed: {"side", "batch_size", "width", "precision", "device"} of the
            steps behind `costs`, where there are any.

    Returns:
        What tables.json holds.
    """
    measured = _Measured(plan)
    experiments = paper_experiments
    data = {
        "runs": measured.describe(),
        "table_1": _accuracies(measured, experiments.TABLE_1, empty),
        "table_3": _accuracies(measured, experiments.TABLE_3, empty),
        "paired": [
            {
                "label": label,
                "difference": comparison.paired_difference(
                    measured.read(*first), measured.read(*second)
                ),
            }
            for label, first, second in experiments.PAIRS
            if first[0] in plan and second[0] in plan
        ],
        "ablation": [
            {
                "label": row,
                **costs.get(row, {}),
                "ours": measured.summarize(network, "single_view"),
            }
            for row, network in experiments.ABLATION.items()
        ],
        "timed": timed,
    }
    labels = {
        network: label
        for label, network, *_ in reversed(
            experiments.TABLE_1 + experiments.TABLE_3
        )
    }
    reasons = sorted(
        f"{labels.get(name, name)}: {why}" for name, why in empty.items()
    )
    sections = [
        f"# The paper's tables, measured on {measured.data_sets()}",
        "Accuracy in per cent, mean ± standard deviation over seeds; 95 % "
        "bootstrap intervals over the test faces. The paper's column is the "
        f"paper's ({experiments.PAPER}), on RAF-DB and SFEW.",
        "## Table 1",
        tables.accuracy_table("RAF-DB", data["table_1"]),
        "## Table 3",
        tables.accuracy_table("SFEW", data["table_3"]),
        *(["Empty: " + "; ".join(reasons) + "."] if reasons else []),
        "## What each step is worth, face by face",
        "The interval is over the faces; what another seed would give shows "
        "in the column by seed alone.",
        tables.difference_table("difference", data["paired"]),
    ]
    for title, rows, ours, name in (
        ("Table 2", experiments.RAF_DB, experiments.OURS_ON_RAF_DB, "RAF-DB"),
        ("Table 4", experiments.SFEW, experiments.OURS_ON_SFEW, "SFEW"),
    ):
        label, summary, remark = "ours", None, f"not measured on {name}"
        for network, view, what in reversed(ours) if is_official else ():
            if network in plan:
                label, summary = what, measured.summarize(network, view)
                remark = "this table"
        sections += [
            f"## {title}: published results",
            tables.published_table(name, rows, (label, summary, remark)),
        ]
    sections += ["## One flag away", tables.cost_table(data["ablation"])]
    if timed is not None:
        sections.append(
            "Parameters, multiply-adds of one face, and training steps timed "
            "in turn, the median of the rounds' ratios to the first row and "
            "their middle half: {side}x{side}, batch {batch_size}, width "
            "{width}, {precision}, {device}.".format(**timed)
        )
    sections += ["## Runs", "".join(measured.lines())]
    files.write_text(directory / "tables.md", "\n\n".join(sections) + "\n")
    files.write_json(directory / "tables.json", data)
    return data


class _Measured:
    """What the finished runs of a plan say."""

    def __init__(self, plan):
        self._plan = plan
        self._reports = {
            run.directory.name: run.report() for run in paper_plan.runs_of(plan)
        }

    def read(self, network, view):
        """`comparison.Predictions` of a network, or None."""
        seeds = self._plan.get(network)
        if not seeds:
            return None
        return comparison.read_predictions(
            [[run.directory for run in runs] for runs in seeds], view
        )

    def summarize(self, network, view):
        """`comparison.summarize` of a network, or None."""
        found = self.read(network, view)
        return None if found is None else comparison.summarize(found)

    def data_sets(self):
        found = {report["data_set"] for report in self._reports.values()}
        return " and ".join(sorted(found))

    def describe(self):
        """{run: what its report says of how it was made}."""
        kept = (
            "data_set",
            "data_hash",
            "split",
            "counts",
            "epoch",
            "seed",
            "precision",
        )
        kept += ("device", "commit", "command")
        return {
            name: {key: report.get(key) for key in kept}
            for name, report in sorted(self._reports.items())
        }

    def lines(self):
        for name, facts in self.describe().items():
            yield (
                f"- {name}: commit {facts['commit']}, epoch {facts['epoch']}, "
                f"{facts['precision']}; `{facts['command']}`\n"
            )


def _accuracies(measured, rows, empty):
    found = [
        {
            "label": label,
            "paper": paper,
            "ours": measured.summarize(network, view),
            "empty": empty.get(network),
        }
        for label, network, view, paper in rows
    ]
    return [row for row in found if row["paper"] or row["ours"]]
