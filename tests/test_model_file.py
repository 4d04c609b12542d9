"""A model file describes itself, and knows when it is damaged."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from keras_fer import model_file
from keras_fer.errors import ModelFileError

CONTRACT = model_file.Contract(("glad", "verärgert"), 100, 90, "int8")


@pytest.fixture
def graph():
    return np.random.default_rng(0).bytes(3000)


@pytest.fixture
def path(graph, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(graph)
    model_file.attach(path, CONTRACT)
    return path


def test_the_description_comes_back_and_the_graph_stays_in_front(path, graph):
    assert model_file.read(path) == CONTRACT
    assert path.read_bytes().startswith(graph)


def test_any_zip_program_reads_labels_and_contract(path, graph):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("labels.txt").decode() == "glad\nverärgert\n"
        described = json.loads(archive.read("keras_fer.json"))
    assert described["image_size"] == 100
    assert described["graph_bytes"] == len(graph)
    assert described["graph_sha256"] == hashlib.sha256(graph).hexdigest()


def test_the_same_model_gives_the_same_bytes(path, graph, tmp_path):
    twin = tmp_path / "twin.tflite"
    twin.write_bytes(graph)
    model_file.attach(twin, CONTRACT)
    assert twin.read_bytes() == path.read_bytes()


def test_a_file_without_a_description_is_not_known(graph, tmp_path):
    path = tmp_path / "other.tflite"
    path.write_bytes(graph)
    assert model_file.read(path) is None
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "glad\n")
    assert model_file.read(path) is None


def test_no_flipped_byte_passes_for_the_real_file(path):
    whole = path.read_bytes()
    passed = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            contract = model_file.read(path)
        except ModelFileError as error:
            assert str(path) in str(error)
        else:  # dates and the like, which nothing depends on, or no archive
            passed += contract is not None
            assert contract in (None, CONTRACT)
    assert passed < 0.02 * len(whole)
    path.write_bytes(b"\0" + whole[1:])
    with pytest.raises(ModelFileError, match="damaged: its graph hashes"):
        model_file.read(path)


def test_no_truncated_file_passes(path):
    whole = path.read_bytes()
    for length in (0, 8, 1000, 3000, len(whole) - 1):
        path.write_bytes(whole[:length])
        if not length:
            with pytest.raises(ModelFileError, match="empty"):
                model_file.read(path)
        else:
            assert model_file.read(path) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"class_names": 3}, "keras_fer.json"),
        ({"graph_bytes": "many"}, "keras_fer.json"),
        (None, "keras_fer.json"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    change, message, path, graph
):
    with zipfile.ZipFile(path) as archive:
        described = json.loads(archive.read("keras_fer.json"))
    path.write_bytes(graph)
    described = [] if change is None else described | change
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("keras_fer.json", json.dumps(described))
    with pytest.raises(ModelFileError, match=message):
        model_file.read(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match="No such file"):
        model_file.read(tmp_path / "absent.tflite")
    with pytest.raises(ModelFileError, match="no file"):
        model_file.read(tmp_path)
