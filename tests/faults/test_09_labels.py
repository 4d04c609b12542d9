"""Row 9: labels that are none, and classes with too few pictures."""

import shutil

import pytest

from drawn import LABELS

WRONG = {"0": "label '0'", "8": "label '8'", "happy": "label 'happy'"}


def relabel(faces, change):
    """`change` makes of (name, label, line number) a label, or None."""
    path = faces / LABELS
    rows = [line.split() for line in path.read_text().splitlines()]
    kept = []
    for number, (name, label) in enumerate(rows, 1):
        found = change(name, label, number)
        if found is None:
            stem = name.removesuffix(".jpg")
            (faces / f"basic/Image/aligned/{stem}_aligned.jpg").unlink()
        else:
            kept.append(f"{name} {found}\n")
    path.write_text("".join(kept))


@pytest.mark.parametrize("label", WRONG)
def test_a_label_that_is_none_is_named_with_line_and_allowed_ids(
    label, faces, commands
):
    relabel(faces, lambda name, old, line: label if line in (3, 9) else old)
    message = commands.refuse(
        *(faces, WRONG[label], f"{LABELS}:3:", f"{LABELS}:9:"),
        "expected 1 to 7",
    )
    assert "Correct the label file" in message


def test_a_class_without_training_pictures_is_named(faces, commands):
    relabel(
        faces,
        lambda name, label, line: (
            None if label == "3" and name.startswith("train") else label
        ),
    )
    commands.refuse(faces, "no picture of disgust", "Labels are 1 to 7")


def test_a_class_of_one_picture_is_trained_on(faces, commands, capsys):
    """The recipe cuts validation, and then misses a later fault."""
    left = []

    def change(name, label, line):
        if label == "2" and name.startswith("train"):
            left.append(name)
            return label if len(left) == 1 else None
        return label

    relabel(faces, change)
    status, out, message = commands.rafdb(faces, "--batch-size", "1000")
    assert status == 2 and "do not fill one batch" in message
    assert "Faces: 49 train, 12 validation, 14 test" in out
    from keras_fer.datasets import image_folder
    from keras_fer.datasets import raf_db_source
    from keras_fer.datasets import splits

    whole = image_folder.load_source(raf_db_source.find_source(faces))
    train, validation = splits.split_validation(whole["train"], 0.2)
    assert left[0] in train.names and left[0] not in validation.names


def test_own_faces_need_two_pictures_a_class(commands, tmp_path, data):
    pictures = sorted((data / "basic/Image/aligned").iterdir())
    for name, some in (("calm", pictures[:4]), ("tense", pictures[4:5])):
        folder = tmp_path / "own" / name
        folder.mkdir(parents=True)
        for path in some:
            shutil.copy(path, folder)
    words = ("--data-dir", tmp_path / "own", "--run-dir", tmp_path / "run")
    status, _, message = commands.recipe("image_folder", *words)
    assert status == 3
    assert "1 training pictures of tense" in message
