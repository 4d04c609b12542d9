"""The paper's figures: which network's matrix and which faces they show."""

import json

import numpy as np
import pytest

import keras_fer
from keras_fer import figures
from keras_fer import paper_figures
from keras_fer import paper_plan
from keras_fer.classes import CLASSES
from keras_fer.datasets import raf_db

NETWORKS = ("rafdb-vgg16", "rafdb-ours", "sfew-ours-from-rafdb")
SETS = {"rafdb": "RAF-DB", "sfew": "faces in SFEW's layout"}


@pytest.fixture(scope="module")
def faces(data):
    from keras_fer.datasets import raf_db_source

    return raf_db.load_source(raf_db_source.find_source(data))["test"]


@pytest.fixture
def drawn(faces, tmp_path, monkeypatch):
    """{file's name: `Figure`} of hand-made runs."""
    plan = paper_plan.make_plan(
        NETWORKS,
        {"rafdb": {}, "sfew": {}},
        recipes=tmp_path,
        runs_dir=tmp_path,
        seeds=1,
    )
    for number, network in enumerate(NETWORKS, 1):
        ((run,),) = plan[network]
        run.directory.mkdir()
        view = {
            "confusion_matrix": (number * np.eye(7, dtype=int)).tolist(),
            "per_class": dict.fromkeys(CLASSES),
        }
        report = {
            "data_set": SETS[network.split("-")[0]],
            "single_view": view,
        }
        (run.directory / "report.json").write_text(json.dumps(report))
    model = keras_fer.build_model(input_shape=(32, 32, 3), width=0.05)
    model.save(plan["rafdb-ours"][0][0].directory / "model.keras")
    kept = {}
    monkeypatch.setattr(
        figures,
        "save_figure",
        lambda figure, path: kept.setdefault(path.name, figure),
    )
    paper_figures.write_paper_figures(
        tmp_path / "figures",
        plan,
        structures={"VGG16": model, "ours": model},
        faces=faces,
        image_size=36,
    )
    return kept


def test_figure_4_shows_each_runs_matrix_under_its_data_sets_name(drawn):
    figure = drawn["confusion_matrices.png"]
    assert figure.get_suptitle() == "Single view, seed 0"
    shown = {axes.get_title(): axes.texts[0].get_text() for axes in figure.axes}
    assert shown == {
        "VGG16, RAF-DB": "100.0 %\n1",
        "ours, RAF-DB": "100.0 %\n2",
        "VGG16, SFEW: faces in SFEW's layout": "not measured",
        "ours, SFEW: faces in SFEW's layout": "100.0 %\n3",
    }


def test_one_face_of_each_class_stands_beside_its_five_maps(drawn, faces):
    figure = drawn["importance.png"]
    rows = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    for row, name in zip(rows, faces.class_names, strict=True):
        assert row.startswith(f"{name}\n->")
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles[0] == "the face" and titles[-1] == "all"
    assert len(titles) == 7  # five maps between them


def test_the_pooling_figure_names_its_layer(drawn):
    assert "block2_pool" in drawn["pooling.png"].get_suptitle()


def test_the_structures_stand_side_by_side(drawn):
    titles = [axes.get_title() for axes in drawn["structure.png"].axes]
    assert [title.split("\n")[0] for title in titles] == ["VGG16", "ours"]
