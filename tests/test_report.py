import dataclasses
import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_fer import CLASSES
from keras_fer.metrics import compute_metrics
from keras_fer.report import write_report


@dataclasses.dataclass
class LeakReport:
    policy: str
    dropped: int
    pairs: tuple


CONTEXT = {
    "title": "drawn faces",
    "device": "CPU",
    "data_set": "drawn",
    "split": "test",
    "chosen_by": "validation, cut from train",
    "seed": 0,
    "commit": None,
    "precision": "float32",
    "own_key": [1, 2, 3, 4, 5, 6, 7],
    "counts": {"train": np.int64(90), "test": 60},
    "leak_report": LeakReport("drop", 2, (("a.jpg", "b.jpg"),)),
    "loss": np.float32("nan"),
}


def metrics(seed, support=(40, 2, 0, 50, 35, 31, 60)):
    """Of noisy answers; "fear" is never answered, "disgust" has no face."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(7), support)
    logits = generator.normal(size=(len(labels), 7))
    logits[np.arange(len(labels)), labels] += 2
    logits[:, 1] = -20
    rows = np.exp(logits)
    rows /= rows.sum(axis=1, keepdims=True)
    return compute_metrics(rows, labels, CLASSES, num_resamples=100)


@pytest.fixture(scope="module")
def single_view():
    return metrics(0)


@pytest.fixture(scope="module")
def ten_crop():
    return metrics(1)


@pytest.fixture(scope="module")
def directory(tmp_path_factory, single_view, ten_crop):
    path = tmp_path_factory.mktemp("run") / "report"
    write_report(
        path, single_view=single_view, ten_crop=ten_crop, context=CONTEXT
    )
    return path


def read_json(directory):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    text = (directory / "report.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=refuse)


def tables(directory):
    """The tables of report.md, each a list of rows of cells."""
    text = (directory / "report.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in block.splitlines()
        ]
        for block in blocks
    ]


def test_json_holds_both_views_beside_the_context(
    directory, single_view, ten_crop
):
    report = read_json(directory)
    assert report["single_view"] == single_view
    assert report["ten_crop"] == ten_crop
    assert report["counts"] == {"train": 90, "test": 60}
    assert report["leak_report"] == {
        "policy": "drop",
        "dropped": 2,
        "pairs": [["a.jpg", "b.jpg"]],
    }
    assert report["loss"] is None
    assert report.keys() == CONTEXT.keys() | {"single_view", "ten_crop"}


def test_the_first_line_is_the_title(directory):
    text = (directory / "report.md").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# drawn faces"


def test_every_table_has_rows_of_one_length(directory):
    found = tables(directory)
    assert len(found) == 4
    for table in found:
        assert len({len(row) for row in table}) == 1
        assert set("".join(table[1])) <= {"-", ":"}


def test_views_stand_side_by_side_with_intervals(
    directory, single_view, ten_crop
):
    header, _, *rows = tables(directory)[0]
    assert header == ["", "single view", "ten-crop"]
    cells = {row[0]: row[1:] for row in rows}
    for column, view in enumerate((single_view, ten_crop)):
        low, high = view["intervals"]["macro_f1"]
        assert cells["macro F1"][column] == (
            f"{100 * view['macro_f1']:.2f} ({100 * low:.2f}–{100 * high:.2f})"
        )
        error = view["expected_calibration_error"]
        assert cells["expected calibration error"][column] == (
            f"{100 * error:.2f}"
        )
    assert len(cells) == 5


def test_classes_are_listed_and_what_is_undefined_is_a_dash(
    directory, single_view, ten_crop
):
    _, _, *rows = tables(directory)[1]
    cells = {row[0]: row[1:] for row in rows}
    assert list(cells) == list(CLASSES)
    assert cells["disgust"][0] == "0"
    assert set(cells["disgust"][2:3] + cells["disgust"][5:6]) == {"—"}
    assert cells["fear"] == ["2", "—", "0.00", "0.00", "—", "0.00", "0.00"]
    assert cells["anger"][1:] == [
        f"{100 * view['per_class']['anger'][key]:.2f}"
        for view in (single_view, ten_crop)
        for key in ("precision", "recall", "f1")
    ]


def test_the_confusion_matrix_is_that_of_ten_crops(directory, ten_crop):
    header, _, *rows = tables(directory)[2]
    assert header[1:] == [row[0] for row in rows] == list(CLASSES)
    found = [[int(cell) for cell in row[1:]] for row in rows]
    assert found == ten_crop["confusion_matrix"]
    with Image.open(directory / "confusion.png") as picture:
        picture.load()


def test_context_comes_in_a_fixed_order_then_the_rest(directory):
    _, _, *rows = tables(directory)[3]
    assert rows == [
        ["data set", "drawn"],
        ["judged on", "test"],
        ["weights chosen by", "validation, cut from train"],
        ["faces", "train: 90, test: 60"],
        [
            "same face in two splits",
            "policy: drop, dropped: 2, pairs: 1 (listed in report.json)",
        ],
        ["seed", "0"],
        ["precision", "float32"],
        ["device", "CPU"],
        ["commit", "—"],
        ["own key", "1, 2, 3, 4, 5 and 2 more"],
        ["loss", "—"],
    ]


def test_the_commonest_class_and_rare_ones_are_named(directory):
    text = (directory / "report.md").read_text(encoding="utf-8")
    # 60 of 218 faces are neutral; six classes have faces.
    assert "always answering neutral gives accuracy 27.52" in text
    assert "mean class recall 16.67" in text
    assert "fear (2), disgust (0)." in text


def test_without_ten_crops_the_single_view_is_shown(tmp_path, single_view):
    write_report(
        tmp_path, single_view=single_view, ten_crop=None, context=CONTEXT
    )
    assert read_json(tmp_path)["ten_crop"] is None
    found = tables(tmp_path)
    assert {row[2] for row in found[0][2:]} == {"—"}
    assert len(found[1][0]) == 5
    matrix = [[int(cell) for cell in row[1:]] for row in found[2][2:]]
    assert matrix == single_view["confusion_matrix"]


def test_hostile_names_stay_within_their_cells(tmp_path):
    names = ["a|b", "<b>*c*", "line\nbreak"]
    rows = np.eye(3)[[0, 1, 2]]
    found = compute_metrics(rows, [0, 1, 2], names)
    write_report(
        tmp_path,
        single_view=found,
        ten_crop=found,
        context={"title": "# my | own", "note": "a | b\n| c"},
    )
    shown = tables(tmp_path)
    assert [row[0] for row in shown[1][2:]] == [
        r"a\|b",
        r"\<b\>\*c\*",
        "line break",
    ]
    assert shown[3][2:] == [["note", r"a \| b \| c"]]
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# \\# my \\| own\n")


def test_refused_input_leaves_the_old_report(directory, single_view, ten_crop):
    before = {path: path.read_bytes() for path in directory.iterdir()}
    assert len(before) == 3
    other_faces = metrics(0, support=(1, 1, 1, 1, 1, 1, 1))
    for views, context, message in (
        ((single_view, ten_crop), {}, "title"),
        ((single_view, ten_crop), {**CONTEXT, "ten_crop": 1}, "'ten_crop'"),
        ((single_view, other_faces), CONTEXT, "same faces"),
    ):
        with pytest.raises(ValueError, match=message):
            write_report(
                directory,
                single_view=views[0],
                ten_crop=views[1],
                context=context,
            )
    assert before == {path: path.read_bytes() for path in directory.iterdir()}
