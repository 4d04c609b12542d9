"""What must be known of weights before they are used, in Markdown.

After Mitchell et al., "Model cards for model reporting", 2019.
"""

from keras_fer import markdown
from keras_fer.earlier_trainings import earlier_trainings
from keras_fer.metrics import MIN_FACES

_TERMS = {
    "FER2013": "FER2013 was given out for the ICML 2013 workshop's challenge, "
    "for research; its pictures were found by image search and belong to "
    "whoever took them.",
    "RAF-DB": "RAF-DB is given to researchers on request, for non-commercial "
    "research.",
    "SFEW": "SFEW 2.0 is given to researchers on request, under a signed "
    "agreement; its pictures are frames of films.",
}
_GREY = (
    " Its pictures are grey: the first convolution takes the luminance of "
    "colour, so that a photograph is answered as its grey version."
)
_FIGURES = {
    "accuracy": "accuracy",
    "mean_class_recall": "mean class recall",
    "macro_f1": "macro F1",
    "expected_calibration_error": "expected calibration error",
}


def model_card(
    name, report, calibration, data_terms=None, parity=None, grey=False
):
    """The card of a preset.

    Args:
        name: the preset's.
        report: a run's report.json.
        calibration: `temperature`, `fitted_on` and the errors before and
            after, of `preset_writer`.
        data_terms: on the terms of all training data; None takes what is
            known of each data set.
        parity: what `keras_fer.export.parity.measure` reported of the int8
            file, or None.
        grey: whether the network answers colour as its luminance.

    Returns:
        Markdown.
    """
    data_set = str(report.get("data_set", "a data set that was not named"))
    single_view = report["single_view"]
    views = {"single view": single_view}
    if report.get("ten_crop"):
        views["ten-crop"] = report["ten_crop"]

    def terms(title):
        return "" if data_terms else f" {_terms(title)}"

    sections = [
        f"# {markdown.escape(name)}",
        "A face in, shares of "
        f"{len(single_view['per_class'])} classes out: "
        f"{markdown.escape(', '.join(single_view['per_class']))}. What is "
        "recognised is how a face would be labelled by those who labelled the "
        "data, not what a person feels.",
        "## Data and its terms",
        f"Trained on {markdown.escape(data_set)}."
        + (_GREY if grey else "")
        + terms(data_set),
        *_additional(report, terms),
        *_starts(report, terms),
        *([data_terms] if data_terms else []),
        "The code's licence, Apache-2.0, covers the code alone. Whether these "
        "weights may be used for a purpose depends on the terms of the data.",
        "## What was measured",
        _circumstances(report),
        _figures(views),
        _classes(views),
        "The figures are of the weights as judged: in full precision and "
        "before the temperature, which changes no answer of a single view.",
        *_kept(parity),
        "## Calibration",
        _calibration(calibration),
        "## Known biases and failures",
        *_failures(single_view),
        "## Not measured",
        "Groups of people: whether the network is as good for women and men, "
        "old and young, and every skin colour was not measured, since the "
        "data does not say. Nor were children apart, side views, covered "
        "faces, video, or any camera.",
        "## Use",
        "Meant for research, teaching, and programs in which a wrong answer "
        "harms nobody: sorting one's own photos, a toy, an experiment with "
        "people who agreed to it.",
        "Not meant for decisions about people: hiring, marks, insurance, "
        "policing, diagnosis, lie detection. In the European Union, "
        "Regulation (EU) 2024/1689 (AI Act), article 5(1)(f), forbids "
        "inferring emotions of people at work and in education, except for "
        "medical or safety reasons; elsewhere emotion recognition is high-risk "
        "there, and people have to be told of it.",
    ]
    return "\n\n".join(sections) + "\n"


def _terms(data_set):
    # Drawn faces, and stand-ins in a set's layout, are not the set.
    stand_in = "layout" in data_set or "drawn" in data_set
    for known, sentence in _TERMS.items():
        if data_set.startswith(known) and not stand_in:
            return sentence
    return (
        "Its terms are its owner's: read them before you use or pass on "
        "these weights."
    )


def _additional(run, terms):
    """The second data set that a training learned from, if it did."""
    added = run.get("additional_data")
    if added:
        title = added["data_set"]
        number = f"{added['train']:,} pictures, turned to grey"
        if "validation" in added:
            number += f"; {added['validation']:,} more choose the epoch"
        yield (
            f"Learned from beside it: {markdown.escape(title)} ({number})."
            + terms(title)
        )


def _starts(report, terms):
    """What the run started from, and what that started from, and so on."""
    for name, run in earlier_trainings(report.get("initial_weights")):
        data_set = run.get("data_set")
        facts = [
            f"{key} {str(run[key])[:12]}"
            for key in ("epoch", "commit")
            if run.get(key) is not None
        ]
        of = f" ({', '.join(facts)})" if facts else ""
        sentence = f"The training before it: {markdown.escape(name)}{of}, on "
        if data_set:
            sentence += f"{markdown.escape(data_set)}.{terms(data_set)}"
        else:
            sentence += "data that is not known; its terms bind as well."
        share = run.get("initial_share")
        if share:
            sentence += f" Mixed with {share:g} of its own start."
        yield " ".join([sentence, *_additional(run, terms)])


def _circumstances(report):
    counts = report.get("counts", {})
    facts = {
        "judged on": report.get("split"),
        "weights chosen by": report.get("chosen_by"),
        "share of the weights it started from": report.get("initial_share"),
        "mixed at commit": report.get("mixed_at_commit"),
        "faces": ", ".join(f"{n:,} {part}" for part, n in counts.items()),
        "looks at PublicTest": report.get("looks_at_public_test"),
        "seed": report.get("seed"),
        "epoch": report.get("epoch"),
        "commit": report.get("commit"),
    }
    return markdown.table(
        ["", ""],
        [[k, str(v)] for k, v in facts.items() if v not in (None, "")],
        numbers=False,
    )


def _figures(views):
    rows = []
    for key, label in _FIGURES.items():
        cells = []
        for view in views.values():
            interval = view["intervals"].get(key)
            cell = _percent(view[key])
            if interval:
                low, high = map(_percent, interval)
                cell += f" ({low} to {high})"
            cells.append(cell)
        rows.append([label, *cells])
    return "In %, with 95 % bootstrap intervals.\n\n" + markdown.table(
        ["", *views], rows
    )


def _classes(views):
    first = next(iter(views.values()))["per_class"]
    return markdown.table(
        ["class", "faces", *(f"recall, {name}" for name in views)],
        [
            [
                name,
                f"{row['support']:,}",
                *(
                    _percent(view["per_class"][name]["recall"])
                    for view in views.values()
                ),
            ]
            for name, row in first.items()
        ],
    )


def _kept(parity):
    """How good the files of the preset are, as they lie there."""
    if parity is None:
        return
    int8 = parity["formats"]["int8"]
    yield (
        "The files here, on a single view of the same "
        f"{parity['num_images']:,} faces: the weights in half precision are "
        f"right on {_percent(parity['accuracy'])} %, the int8 file "
        f"({int8['megabytes']:.1f} MB) on {_percent(int8['accuracy'])} %; both "
        f"give the same answer to {_percent(int8['agreement'])} % of them. "
        f"The int8 file takes {int8['median_ms']['1']:.1f} ms on one thread "
        f"({markdown.escape(parity['machine'])})."
    )


def _calibration(fitted):
    if fitted["fitted_on"] is None:
        return "None: how sure the network says it is was not mended."
    errors = [
        _percent(fitted[f"error_{when}_{part}"])
        for part in ("judged", "fitted")
        for when in ("before", "after")
    ]
    return (
        f"The last layer is divided by the temperature "
        f"{fitted['temperature']:.3f}, fitted on {fitted['fitted_on_faces']:,}"
        f" faces of the part that chose the weights "
        f"({markdown.escape(str(fitted['fitted_on']))}). Expected calibration "
        f"error of a single view, in %: {errors[0]} before and {errors[1]} "
        f"after on the faces it is judged by, {errors[2]} and {errors[3]} on "
        "those it was fitted on."
    )


def _failures(view):
    recalls = {
        name: row["recall"]
        for name, row in view["per_class"].items()
        if row["recall"] is not None
    }
    worst = sorted(recalls, key=recalls.get)[:2]
    yield (
        "Missed most often: "
        + ", ".join(
            f"{markdown.escape(name)} ({_percent(recalls[name])} % found)"
            for name in worst
        )
        + "."
    )
    names = list(view["per_class"])
    mistakes = [
        (count / max(sum(row), 1), names[true], names[taken])
        for true, row in enumerate(view["confusion_matrix"])
        for taken, count in enumerate(row)
        if taken != true and count and sum(row) >= MIN_FACES
    ]
    if mistakes:
        yield (
            "Taken for one another most often: "
            + "; ".join(
                f"{markdown.escape(true)} for {markdown.escape(taken)} "
                f"({_percent(share)} % of its faces)"
                for share, true, taken in sorted(mistakes, reverse=True)[:3]
            )
            + "."
        )
    few = [
        name
        for name, row in view["per_class"].items()
        if row["support"] < MIN_FACES
    ]
    if few:
        yield (
            f"Judged on fewer than {MIN_FACES} faces: "
            f"{markdown.escape(', '.join(few))}."
        )
    yield (
        "The labels are those of people, who disagree with one another; the "
        "classes are of unequal size; the faces are those that the data "
        "happened to hold. Other cameras, ages and cultures give other "
        "results."
    )


def _percent(share):
    return "—" if share is None else f"{100 * share:.2f}"
