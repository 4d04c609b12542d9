"""Row 13: one picture under two labels in the training part."""

import re
import shutil

from drawn import LABELS

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


def test_check_data_names_the_pairs(faces, pictures, commands):
    plant(faces, pictures)
    status, out, _ = commands.check_data(faces)
    assert status == 0
    assert "2 pairs show the same picture under two labels" in out


def test_a_list_that_names_no_picture_is_refused(faces, commands, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# remark\ntrain_00002.jpg\ntrain_99999.jpg\n")
    status, _, message = commands.rafdb(faces, "--exclude", path)
    assert status == 3 and "names train_99999.jpg" in message
    status, _, message = commands.rafdb(faces, "--exclude", tmp_path / "none")
    assert status == 3 and "none cannot be read" in message
