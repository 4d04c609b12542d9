"""A second data set's faces: which are learned from, how, and what refuses."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from drawn import encoded_faces
from keras_fer.classes import CLASSES
from keras_fer.datasets import additional_faces
from keras_fer.datasets import image_folder
from keras_fer.datasets import raf_db_source
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.errors import DataError
from keras_fer.errors import UsageError

NUMBER = 14


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Drawn faces in RAF-DB's layout, and its parts."""
    directory = tmp_path_factory.mktemp("other") / "faces"
    write_drawn_faces(directory, num_train=NUMBER, num_test=7)
    source = raf_db_source.find_source(directory)
    return directory, image_folder.load_source(source)


def add(directory, judges=(), **settings):
    faces = encoded_faces(7, 48)
    settings = {"on_leak": "drop", "say": lambda _: None} | settings
    return additional_faces.add_faces(
        faces, directory, judges=judges, **settings
    )


def test_the_other_training_part_comes_after_as_grey_pictures(other):
    directory, parts = other
    first, train = encoded_faces(7, 48), parts["train"]
    faces, facts = add(directory)
    assert facts["additional_data"]["train"] == NUMBER
    assert facts["additional_leak_report"]["names"] == ()
    assert "drawn faces" in facts["additional_data"]["data_set"]
    assert faces.images[:7] == first.images
    assert faces.labels.tolist() == [*first.labels, *train.labels]
    folder = raf_db_source.find_source(directory).directory.name
    assert faces.names[7:] == tuple(f"{folder}/{n}" for n in train.names)
    for ours, theirs in zip(faces.images[7:], train.images, strict=True):
        colour = Image.open(io.BytesIO(theirs)).convert("RGB")
        picture = Image.open(io.BytesIO(ours))
        assert picture.mode == "L"
        assert (np.asarray(picture) == np.asarray(colour.convert("L"))).all()


def test_copies_of_faces_that_judge_are_left_out(other):
    """Of the first set's judges, and of those that the other set has."""
    directory, parts = other
    judge = parts["train"].take([3])
    said = []
    faces, facts = add(directory, [judge], say=said.append)
    assert facts["additional_data"]["train"] == NUMBER - 1
    assert facts["additional_leak_report"]["num_dropped"] == 1
    assert not any(name.endswith(judge.names[0]) for name in faces.names[7:])
    assert any(
        f"(not photographs): {NUMBER - 1} are learned" in line for line in said
    )
    with pytest.raises(DataError, match="--on-leak drop"):
        add(directory, [judge], on_leak="stop")
    kept, facts = add(directory, [judge], on_leak="keep")
    assert len(kept) == 7 + NUMBER
    report = facts["additional_leak_report"]
    assert report["num_dropped"] == 0 and len(report["names"]) == 1


def test_copies_of_its_own_test_part_are_left_out_of_both(tmp_path):
    directory = tmp_path / "faces"
    faces = encoded_faces(21)
    for index, (image, label) in enumerate(
        zip(faces.images, faces.labels, strict=True)
    ):
        folder = directory / ("train" if index < 14 else "test")
        folder = folder / CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.jpg").write_bytes(image)
    planted = directory / "train" / CLASSES[faces.labels[20]] / "again.jpg"
    planted.write_bytes(faces.images[20])
    knows_one = faces.take([0, 1, 19])
    both, facts = additional_faces.add_faces(
        knows_one, directory, judges=(), on_leak="drop"
    )
    assert facts["additional_leak_report"]["num_dropped"] == 2
    assert both.names[:2] == ("0.jpg", "1.jpg") and len(both) == 2 + 14
    assert not any(name.endswith("again.jpg") for name in both.names)


def test_a_set_of_nothing_but_copies_is_refused(other):
    directory, parts = other
    with pytest.raises(DataError, match="is a copy of one that"):
        add(directory, [parts["train"]])


def test_other_classes_and_no_folder_are_refused(other, tmp_path):
    directory, _ = other
    other_order = dataclasses.replace(
        encoded_faces(7, 48), class_names=CLASSES[::-1]
    )
    with pytest.raises(DataError, match="has the classes surprise"):
        additional_faces.add_faces(other_order, directory, judges=())
    with pytest.raises(UsageError, match="nowhere does not exist"):
        add(tmp_path / "nowhere")
