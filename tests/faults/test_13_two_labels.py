"""Row 13: one picture under two labels in the training part."""

import re
import shutil

import pytest

from drawn import LABELS
from drawn import encoded_faces
from recipe_command import SMALL

PAIRS = ((2, 3), (10, 12))  # of neighbouring classes


def plant(faces, pictures):
    labels = dict(
        line.split() for line in (faces / LABELS).read_text().splitlines()
    )
    for first, second in PAIRS:
        names = [f"train_{number:05}" for number in (first, second)]
        assert labels[f"{names[0]}.jpg"] != labels[f"{names[1]}.jpg"]
        paths = [pictures / f"{name}_aligned.jpg" for name in names]
        shutil.copy(*paths)


def test_the_pairs_are_named_and_a_list_leaves_them_out(
    faces, pictures, commands
):
    plant(faces, pictures)
    sound = ("--batch-size", "1000")  # ends when the data was looked at
    status, out, _ = commands.rafdb(faces, *sound)
    assert status == 2
    for first, second in PAIRS:
        assert (
            "warning: the same face has two labels: "
            f"train_{first:05}.jpg train_{second:05}.jpg"
        ) in out
    listed = re.search(r"^To leave these pictures out: --exclude (.+)$", out, 8)
    status, out, _ = commands.rafdb(faces, *sound, "--exclude", listed[1])
    assert status == 2
    assert "two labels" not in out and "--exclude" not in out
    assert "Faces: 52 train, 14 validation" in out


def folders(directory):
    """Seventy drawn faces in three classes of one's own, one of them twice."""
    drawn = encoded_faces(70)
    for name, label, image in zip(
        drawn.names, drawn.labels, drawn.images, strict=True
    ):
        folder = directory / ("glad", "other", "upset")[label % 3]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(image)
    shutil.copy(directory / "glad" / "0.jpg", directory / "upset" / "0.jpg")
    return "glad/0.jpg upset/0.jpg", 71


def fer2013(directory):
    """The same as FER2013's class folders: forty of them to train on."""
    drawn = encoded_faces(70)
    emotions = "surprise fear disgust happy sad angry neutral".split()
    for number, (label, image) in enumerate(
        zip(drawn.labels, drawn.images, strict=True)
    ):
        part = "Training" if number < 56 else "PublicTest"
        folder = directory / part / emotions[label]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part}_{number}.jpg").write_bytes(image)
    training = directory / "Training"
    shutil.copy(
        training / "surprise" / "Training_0.jpg",
        training / "fear" / "Training_100.jpg",
    )
    first = "Training/fear/Training_100.jpg"
    return f"{first} Training/surprise/Training_0.jpg", 57


@pytest.mark.parametrize(
    "recipe, make", [("image_folder", folders), ("fer2013", fer2013)]
)
def test_other_recipes_name_them_and_leave_them_out(
    recipe, make, commands, tmp_path
):
    pair, number = make(tmp_path / "set")
    words = [
        *("--data-dir", tmp_path / "set", "--run-dir", tmp_path / "run"),
        *(SMALL if recipe == "fer2013" else SMALL[2:]),
        *("--batch-size", "1000"),  # ends when the data was looked at
    ]

    def faces(*more):
        status, out, message = commands.recipe(recipe, *words, *more)
        assert status == 2 and "do not fill one batch" in message
        counts = re.search(r"^Faces: (\d+) \w+, (\d+) \w+, (\d+)", out, 8)
        return out, sum(map(int, counts.groups()))

    out, whole = faces()
    assert f"warning: the same face has two labels: {pair}" in out
    listed = re.search(r"^To leave these pictures out: --exclude (.+)$", out, 8)
    assert whole == number
    out, left = faces("--exclude", listed[1])
    assert "two labels" not in out
    assert left == number - 2


def test_check_data_names_the_pairs(faces, pictures, commands):
    plant(faces, pictures)
    status, out, _ = commands.check_data(faces)
    assert status == 0
    assert "2 pairs show the same picture under two labels" in out


def test_a_list_that_names_no_picture_is_refused(faces, commands, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# remark\ntrain_00002.jpg\ntrain_99999.jpg\n")
    status, _, message = commands.rafdb(faces, "--exclude", path)
    assert status == 3 and "names train_99999.jpg; no picture" in message
    status, _, message = commands.rafdb(faces, "--exclude", tmp_path / "none")
    assert status == 3 and "none cannot be read" in message
