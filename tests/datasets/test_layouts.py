"""Which data set a folder is taken for."""

import shutil

import pytest
from PIL import Image

from keras_fer.datasets import layouts
from keras_fer.datasets.drawn_faces import write_drawn_faces
from keras_fer.datasets.picture_folders import CLASS_FOLDERS
from keras_fer.errors import DataError
from keras_fer.errors import UsageError


@pytest.fixture(scope="module")
def sfew(tmp_path_factory):
    directory = tmp_path_factory.mktemp("layouts") / "faces"
    return write_drawn_faces(directory, layout="sfew", num_train=7, num_test=7)


def folders(root, parts, name):
    """A grey picture in each class of each part."""
    for part in parts:
        for label, folder in enumerate(("happy", "sad", "angry")):
            path = root / part / folder / name.format(label)
            path.parent.mkdir(parents=True)
            Image.new("RGB", (48, 48), (60 * label,) * 3).save(path)
    return root


def test_official_layouts_are_known_from_the_outside_and_from_within(
    data, sfew
):
    for directory in (data, data / "basic", data.parent):
        assert layouts.recognize(directory) == "raf_db"
    for directory in (sfew, sfew / "SFEW"):
        assert layouts.recognize(directory) == "sfew"


def test_class_folders_are_told_apart_by_the_names_of_their_files(tmp_path):
    for name, expected in (
        ("Training_{}.jpg", "fer2013"),
        ("PrivateTest_{}.jpg", "fer2013"),
        ("train_0000{}_aligned.jpg", "raf_db"),
        ("me at the sea {}.jpg", "folder"),
    ):
        root = folders(tmp_path / expected / name[:7], ("train", "test"), name)
        assert layouts.recognize(root) == expected


def test_numbered_class_folders_are_raf_db(tmp_path):
    for part in ("train", "test"):
        for label in "1234567":
            (tmp_path / part / label).mkdir(parents=True)
    assert layouts.recognize(tmp_path) == "raf_db"


def test_a_csv_is_fer2013(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    assert layouts.recognize(tmp_path) == "fer2013"


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        layouts.recognize(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        layouts.recognize(tmp_path / "file")


def test_drawn_faces_are_called_so_and_others_by_what_they_are(
    data, sfew, tmp_path
):
    source = layouts.find_source("raf_db", data)
    assert "drawn faces" in layouts.describe("raf_db", source)
    source = layouts.find_source("sfew", sfew)
    assert "drawn faces" in layouts.describe("sfew", source)
    shutil.copytree(data / "basic", tmp_path / "basic")
    source = layouts.find_source("raf_db", tmp_path)
    assert layouts.describe("raf_db", source) == (
        "faces in RAF-DB's layout, counts not its own"
    )


def test_the_part_that_judges(data, sfew, tmp_path):
    source = layouts.find_source("raf_db", data)
    assert layouts.choose_split("raf_db", source) == "test"
    assert layouts.choose_split("raf_db", source, "train") == "train"
    with pytest.raises(UsageError, match="no validation part.*--split test"):
        layouts.choose_split("raf_db", source, "validation")
    source = layouts.find_source("sfew", sfew)
    assert layouts.choose_split("sfew", source) == "validation"
    whole = folders(tmp_path / "own", ("",), "{}.jpg")
    source = layouts.find_source("folder", whole)
    assert layouts.choose_split("folder", source) == "train"


def test_the_judged_part_is_loaded_from_its_folder_alone(data):
    source = layouts.find_source("raf_db", data)
    for chosen, expected in ((None, "test"), ("train", "train")):
        faces, split = layouts.load_judged_part(data, chosen)
        assert split == expected
        records = source.take_split(expected).records
        assert [r.label for r in records] == faces.labels.tolist()
        assert faces.images[0] == records[0].path.read_bytes()


def test_fer2013s_last_test_is_looked_at_on_request_alone(tmp_path):
    for expression in set(CLASS_FOLDERS) - {"surprised"}:
        folder = tmp_path / "all" / expression
        folder.mkdir(parents=True)
        for usage in ("Training", "PublicTest", "PrivateTest"):
            (folder / f"{usage}_1.jpg").write_bytes(b"")
    source = layouts.find_source("fer2013", tmp_path)
    assert layouts.choose_split("fer2013", source) == "validation"
    assert layouts.choose_split("fer2013", source, "test") == "test"


def test_a_part_without_labels_judges_nothing(sfew, tmp_path):
    shutil.copytree(sfew, tmp_path / "sfew")
    folder = tmp_path / "sfew" / "SFEW" / "Test" / "Test_Aligned_Faces"
    folder.mkdir(parents=True)
    Image.new("RGB", (143, 143)).save(folder / "1.png")
    source = layouts.find_source("sfew", tmp_path / "sfew")
    with pytest.raises(DataError, match="not given out.*--split validation"):
        layouts.choose_split("sfew", source, "test")
