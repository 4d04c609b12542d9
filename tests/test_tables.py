"""Tables: ours where it was measured, and nothing where it was not."""

from keras_fer import tables

SUMMARY = {
    "mean": 0.8,
    "standard_deviation": 0.01,
    "interval": [0.78, 0.82],
    "runs": [0.79, 0.81],
}


def cells(text):
    """The body of a Markdown table, a list of cells a row."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()[2:]
    ]


def test_an_unmeasured_cell_stays_empty():
    text = tables.accuracy_table(
        "set",
        [
            {"label": "a", "paper": 81.68, "ours": SUMMARY},
            {"label": "b", "paper": 86.31, "ours": None},
            {"label": "c", "paper": None, "ours": SUMMARY},
        ],
    )
    assert cells(text) == [
        ["a", "81.68", "80.00 ± 1.00", "2", "78.00 to 82.00"],
        ["b", "86.31", "", "", ""],
        ["c", "", "80.00 ± 1.00", "2", "78.00 to 82.00"],
    ]


def test_one_seed_has_no_spread():
    one = SUMMARY | {"standard_deviation": None, "runs": [0.8]}
    text = tables.accuracy_table(
        "set", [{"label": "a", "paper": None, "ours": one}]
    )
    assert cells(text)[0][2:4] == ["80.00", "1"]


def test_published_results_keep_their_source_and_ours_its_remark():
    rows = [("method", 87.0, "somebody 2020")]
    text = tables.published_table("set", rows, ("ours", None, "not measured"))
    assert cells(text) == [
        ["method", "87.00", "somebody 2020"],
        ["ours", "", "not measured"],
    ]


def test_differences_carry_their_sign():
    difference = {
        "mean": -0.012,
        "interval": [-0.03, 0.004],
        "runs": [0.001, -0.025],
        "num_faces": 2327,
    }
    text = tables.difference_table(
        "step", [{"label": "a", "difference": difference}]
    )
    assert cells(text) == [
        ["a", "-1.20", "-3.00 to +0.40", "+0.10, -2.50", "2,327"]
    ]


def test_costs_stand_beside_the_accuracy():
    row = {
        "label": "a",
        "parameters": 20_000_000,
        "multiply_adds": 2_500_000_000,
        "step_ratio": [1.1, 1.13, 1.2],
        "ours": None,
    }
    assert cells(tables.cost_table([row])) == [
        ["a", "20.00", "2500", "1.13 (1.10-1.20)", "", "", ""]
    ]
