"""Looks at a test part are counted, each run once."""

import json

import pytest

from keras_fer.datasets import looks
from keras_fer.errors import DataError


def test_each_run_counts_once(tmp_path):
    path = tmp_path / "cache" / "looks.json"
    runs = ("a", "b", "a", "c", "b")
    found = [looks.count_look(path, run, run_dir=run) for run in runs]
    assert found == [1, 2, 2, 3, 3]
    kept = json.loads(path.read_text())
    assert [look["run_dir"] for look in kept] == ["a", "b", "c"]


def test_each_share_of_the_initial_weights_is_a_look(tmp_path):
    path = tmp_path / "looks.json"
    shares = (0.0, 0.3, 0.0, 0.5, 0.3)
    found = [looks.count_look(path, "a", initial_share=s) for s in shares]
    assert found == [1, 2, 2, 3, 3]


@pytest.mark.parametrize("content", ["[{", "[1]", "{}x", '[{"run_id": 3}]'])
def test_a_damaged_count_is_not_begun_anew(tmp_path, content):
    path = tmp_path / "looks.json"
    path.write_text(content)
    with pytest.raises(DataError, match="looks.json cannot be read"):
        looks.count_look(path, "a")
    assert path.read_text() == content
