"""A second data set's faces: which are learned from, how, and what refuses."""

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
FACES = encoded_faces(63)  # the last 21 are the first data set's


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Drawn faces in RAF-DB's layout, and its parts."""
    directory = tmp_path_factory.mktemp("other") / "faces"
    write_drawn_faces(directory, num_train=NUMBER, num_test=7)
    source = raf_db_source.find_source(directory)
    return directory, image_folder.load_source(source)


def parts_of_first(train=None):
    """A first data set of which seven faces choose, and seven judge."""
    return {
        "train": train or FACES.take(range(42, 49)),
        "validation": FACES.take(range(49, 56)),
        "test": FACES.take(range(56, 63)),
    }


def add(directory, judges=(), first=None, **settings):
    settings = {"on_leak": "drop", "say": lambda _: None} | settings
    first = first or parts_of_first()
    additional = additional_faces.open_source(directory, CLASSES, print)
    return additional_faces.add_faces(
        first, additional, judges=judges, validation_fraction=0.5, **settings
    )


def own_names(faces, folder):
    """What the second set calls the faces that came from it."""
    start = f"{folder}/"
    return [n.removeprefix(start) for n in faces.names if n.startswith(start)]


def test_the_other_faces_come_after_the_first_as_grey_pictures(other):
    directory, parts = other
    first, train = parts_of_first(), parts["train"]
    faces, facts = add(directory)
    added = facts["additional_data"]
    assert added["train"] == added["validation"] == NUMBER // 2
    assert facts["additional_leak_report"]["names"] == ()
    assert "drawn faces" in added["data_set"]
    assert added["data_set"] in facts["chosen_by"]
    assert faces["test"].names == first["test"].names
    folder = raf_db_source.find_source(directory).directory.name
    both = []
    for part in ("train", "validation"):
        assert faces[part].images[:7] == first[part].images
        assert faces[part].labels[:7].tolist() == [*first[part].labels]
        assert set(faces[part].labels[7:]) == set(train.labels)
        names = own_names(faces[part], folder)
        assert faces[part].names == (
            *first[part].names,
            *(f"{folder}/{name}" for name in names),
        )
        for index, name in enumerate(names):
            row = train.names.index(name)
            assert faces[part].labels[7 + index] == train.labels[row]
            colour = Image.open(io.BytesIO(train.images[row])).convert("L")
            picture = Image.open(io.BytesIO(faces[part].images[7 + index]))
            assert picture.mode == "L"
            assert (np.asarray(picture) == np.asarray(colour)).all()
        both += names
    assert sorted(both) == sorted(train.names)


def test_the_seed_decides_which_of_them_choose(other):
    directory, parts = other
    chosen = [
        add(directory, seed=seed)[0]["validation"].names for seed in (0, 0, 1)
    ]
    assert chosen[0] == chosen[1] != chosen[2]


def test_copies_of_faces_that_judge_are_left_out(other):
    """Of the first set's judges, and of those that the other set has."""
    directory, parts = other
    judge = parts["train"].take([3])
    for part in ("validation", "test", None):
        first, judges = parts_of_first(), [judge]
        if part:
            first, judges = first | {part: judge}, []
        said = []
        faces, facts = add(directory, judges, first, say=said.append)
        added = facts["additional_data"]
        assert added["train"] + added["validation"] == NUMBER - 1
        assert facts["additional_leak_report"]["num_dropped"] == 1
        kept = faces["train"].names + faces["validation"].names
        assert not any(n.endswith(f"/{judge.names[0]}") for n in kept)
        counts = f"{added['train']} are learned from as well, "
        counts += f"{added['validation']} choose the epoch; 1 copies"
        assert any(f"(not photographs): {counts}" in line for line in said)
    with pytest.raises(DataError, match="--on-leak drop"):
        add(directory, [judge], on_leak="stop")
    first = parts_of_first() | {"test": judge}  # named twice, found once
    faces, facts = add(directory, [judge], first, on_leak="keep")
    assert len(faces["train"]) + len(faces["validation"]) == 7 + 7 + NUMBER
    report = facts["additional_leak_report"]
    assert report["num_dropped"] == 0 and len(report["names"]) == 1


def write_folders(directory, indices, part=".", name="{}.jpg"):
    """A folder for each class, with some of `FACES`."""
    for index in indices:
        folder = directory / part / CLASSES[FACES.labels[index]]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name.format(index)).write_bytes(FACES.images[index])


def test_copies_of_its_own_test_part_are_left_out_of_both(tmp_path):
    directory = tmp_path / "faces"
    write_folders(directory, range(28), "train")
    write_folders(directory, range(28, 35), "test")
    write_folders(directory, [34], "train", "again.jpg")
    knows_one = FACES.take([*range(35, 42), 33])
    both, facts = add(directory, first=parts_of_first(knows_one))
    assert facts["additional_leak_report"]["num_dropped"] == 2
    own = [own_names(both[part], "faces") for part in ("train", "validation")]
    assert sorted(own[0] + own[1]) == sorted(
        f"train/{CLASSES[FACES.labels[i]]}/{i}.jpg" for i in range(28)
    )
    first = both["train"].names[: -len(own[0])]
    assert first == knows_one.names[:-1]


def test_no_copy_of_a_face_that_chooses_is_learned(tmp_path):
    """Neither from the first set nor from the second."""
    directory = tmp_path / "faces"
    write_folders(directory, range(28))
    write_folders(directory, range(28), name="{}_again.jpg")
    first = parts_of_first(FACES.take(range(7)))
    both, facts = add(directory, first=first)

    def indices(part):
        names = (name.rpartition("/")[2] for name in part.names)
        return [int(name.partition(".")[0].split("_")[0]) for name in names]

    learned = indices(both["train"])
    chosen = indices(both["validation"])[7:]  # the first set's come before
    assert not set(learned) & set(chosen)
    # Weights may have learned the first set's before: these stay.
    assert learned[:7] == list(range(7)) and len(learned) == 7 + 28
    dropped = 28 - len(chosen)
    assert 0 < dropped < 14 and len(set(chosen)) == len(chosen) / 2
    assert facts["additional_leak_report"]["num_dropped"] == dropped


def test_a_set_of_nothing_but_copies_is_refused(other):
    directory, parts = other
    with pytest.raises(DataError, match="is a copy of one that"):
        add(directory, [parts["train"]])


def test_other_classes_and_no_folder_are_refused(other, tmp_path):
    directory, _ = other
    with pytest.raises(DataError, match="has the classes surprise"):
        additional_faces.open_source(directory, CLASSES[::-1])
    with pytest.raises(UsageError, match="nowhere does not exist"):
        additional_faces.open_source(tmp_path / "nowhere", CLASSES)
    assert additional_faces.open_source(None, CLASSES) is None
