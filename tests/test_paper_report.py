"""The paper's tables from finished runs with known answers."""

import json

import numpy as np
import pytest

from keras_fer import paper_experiments
from keras_fer import paper_plan
from keras_fer import paper_report
from keras_fer.classes import CLASSES

NUM_FACES = 70
# Network -> how many of 70 faces each seed answers rightly, single view.
RIGHT = {
    "rafdb-vgg16": (35, 42),
    "rafdb-ours": (49, 56),
    "rafdb-max": (56, 56),
    "sfew-ours": (14, 14),
    "sfew-ours-from-rafdb": (35, 35),
    "rafdb-pooling-avg": (7, 7),
}


def write_run(run, right):
    labels = np.arange(NUM_FACES) % 7
    views = {}
    for view, number in (("single_view", right), ("ten_crop", right + 7)):
        answers = np.where(
            np.arange(NUM_FACES) < number, labels, (labels + 1) % 7
        )
        views[view] = np.eye(7, dtype="float32")[answers]
    run.directory.mkdir()
    np.savez(
        run.directory / "predictions.npz",
        names=[f"face {index}" for index in range(NUM_FACES)],
        labels=labels,
        **views,
    )
    report = {
        "data_set": "hand-made faces",
        "data_hash": "abc",
        "epoch": 1,
        "command": "python recipes/x.py",
        "single_view": {"per_class": dict.fromkeys(CLASSES)},
    }
    (run.directory / "report.json").write_text(json.dumps(report))


@pytest.fixture
def plan(tmp_path):
    plan = paper_plan.make_plan(
        RIGHT,
        {"rafdb": {}, "sfew": {}},
        recipes=tmp_path,
        runs_dir=tmp_path,
        seeds=2,
    )
    for network, seeds in plan.items():
        for (run,), right in zip(seeds, RIGHT[network], strict=True):
            write_run(run, right)
    return plan


def write(plan, tmp_path, **arguments):
    arguments = {"empty": {}, "costs": {}, "is_official": False} | arguments
    data = paper_report.write_paper_report(tmp_path, plan, **arguments)
    assert data == json.loads((tmp_path / "tables.json").read_text())
    return data, (tmp_path / "tables.md").read_text()


def test_each_row_holds_its_networks_accuracy(plan, tmp_path):
    data, _ = write(plan, tmp_path)
    found = {
        row["label"]: row["ours"] and row["ours"]["runs"]
        for row in (*data["table_1"], *data["table_3"])
    }
    assert found == {
        "VGG16": [0.5, 0.6],
        "+ LIP, conv head, attention": [0.7, 0.8],
        "+ ten-crop": [0.8, 0.9],
        "+ ImageNet weights": None,
        "not in the paper: max pooling, conv head, attention": [0.8, 0.8],
        "the same, ten-crop": [0.9, 0.9],
        "VGG16 from ImageNet": None,
        "ours from RAF-DB": [0.5, 0.5],
        "not in the paper: ours from scratch": [0.2, 0.2],
    }


def test_differences_are_the_first_minus_the_second(plan, tmp_path):
    data, _ = write(plan, tmp_path)
    found = {
        row["label"]: np.round(row["difference"]["runs"], 6).tolist()
        for row in data["paired"]
    }
    assert found == {
        "LIP against max pooling, all else alike": [-0.1, 0.0],
        "the same with ten-crop": [-0.1, 0.0],
        "pooling, head and attention at once, as in Table 1": [0.2, 0.2],
        "ten-crop against single view, LIP": [0.1, 0.1],
        "ten-crop against single view, max pooling": [0.1, 0.1],
        "SFEW: from RAF-DB against from scratch": [0.3, 0.3],
    }


def test_the_ablation_shows_what_was_trained_with_and_without_costs(
    plan, tmp_path
):
    cost = {"parameters": 1e6, "multiply_adds": 2e6, "step_ratio": [1, 1.5, 2]}
    for costs, text in (
        ({}, "| pooling avg |  |  |  | 10.00 ± 0.00 | 2 |"),
        (
            {"pooling avg": cost},
            "| pooling avg | 1.00 | 2 | 1.50 (1.00-2.00) | 10.00 ± 0.00 | 2 |",
        ),
    ):
        timed = None
        if costs:
            timed = {"side": 90, "batch_size": 32, "width": 0.5}
            timed |= {"precision": "float32", "device": "two cores"}
        _, tables = write(plan, tmp_path, costs=costs, timed=timed)
        said = "90x90, batch 32, width 0.5, float32, two cores." in tables
        assert said == bool(costs)
        assert text in tables
        assert "| pooling soft |  |  |  |  |  |  |" in tables


def test_ours_stands_beside_published_results_of_the_real_sets_alone(
    plan, tmp_path
):
    _, text = write(plan, tmp_path, is_official=False)
    assert "| ours |  | not measured on RAF-DB |" in text
    assert "| ours |  | not measured on SFEW |" in text
    _, text = write(plan, tmp_path, is_official=True)
    assert "| ours, ten-crop, no pretraining | 85.00 ± 7.07 (" in text
    assert "| ours from RAF-DB | 50.00 ± 0.00 (" in text


def test_an_empty_cell_has_its_reason(plan, tmp_path):
    empty = {"rafdb-ours-imagenet": "no such file"}
    data, text = write(plan, tmp_path, empty=empty)
    assert data["table_1"][3]["empty"] == "no such file"
    assert "| + ImageNet weights | 86.31 |  |  |  |" in text
    assert "Empty: + ImageNet weights: no such file." in text


def test_folds_have_rows_where_they_were_measured(tmp_path):
    plan = paper_plan.make_plan(
        ["sfew-ours", "sfew-ours-from-rafdb"],
        {"rafdb": {}, "sfew": {}},
        recipes=tmp_path,
        runs_dir=tmp_path,
        seeds=1,
        folds=2,
    )
    for network, ((*runs,),) in plan.items():
        for run in runs:
            write_run(run, 63 if "from-rafdb" in network else 14)
    data, text = write(plan, tmp_path)
    found = {row["label"]: row["ours"] for row in data["table_3"]}
    assert found["over all folds: from RAF-DB"]["runs"] == [0.9]
    assert found["over all folds: from scratch"]["runs"] == [0.2]
    assert "| the same, over all folds | +70.00 |" in text


def test_what_a_failed_run_was_needed_for_is_taken_out(plan):
    ((failed,), _) = plan["rafdb-ours"]
    removed = paper_plan.take_out(plan, failed, "it failed")
    assert set(removed) == {"rafdb-ours", "sfew-ours-from-rafdb"}
    assert "rafdb-ours" not in plan and "rafdb-max" in plan


def test_networks_without_data_or_weights_are_left_out_with_the_reason():
    networks, empty = paper_plan.choose_networks({"rafdb": {}}, width=0.5)
    assert networks == ["rafdb-vgg16", "rafdb-ours", "rafdb-max"]
    assert "--width 1" in empty["rafdb-ours-imagenet"]
    assert "sfew" in empty["sfew-ours"]
    assert set(paper_experiments.NETWORKS) > {*networks, *empty}
    every, _ = paper_plan.choose_networks({"rafdb": {}}, ("all",), 0.5)
    assert set(paper_experiments.ABLATION.values()) < set(every)


def test_every_network_that_is_named_exists():
    rows = (
        *paper_experiments.OURS_ON_RAF_DB,
        *paper_experiments.OURS_ON_SFEW,
    )
    used = {network for network, _, _ in rows}
    used |= {network for _, network, _ in paper_experiments.FIGURE_4}
    assert used <= set(paper_experiments.NETWORKS)
