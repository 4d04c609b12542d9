"""Row 8: a label file with faults in its form."""

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from drawn import LABELS
from keras_fer.datasets.label_file import parse_label_file
from keras_fer.errors import DataError

FIRST = "train_00001.jpg 1\n"
FAULTS = {
    "missing": (None, "is missing"),
    "empty": (lambda text: "", f"{LABELS} is empty"),
    "a blank": (lambda text: " \n\t\n", f"{LABELS} is empty"),
    "a word too few": (
        lambda text: text.replace(FIRST, "train_00001.jpg\n"),
        f"{LABELS}:1: expected a file name and a label",
    ),
    "a word too many": (
        lambda text: text.replace(FIRST, "train_00001.jpg 1 2\n"),
        f"{LABELS}:1: expected a file name and a label",
    ),
    "another label": (
        lambda text: text + "train_00001.jpg 5\n",
        f"{LABELS}:85: train_00001.jpg has label 5 here and 1 in line 1",
    ),
    "no text": (lambda text: "\udcff\udcfe" + text, "is no text file"),
}
HARMLESS = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text,
    "tabs": lambda text: text.replace(" ", "\t"),
    "trailing spaces": lambda text: text.replace("\n", "  \n"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "a line twice": lambda text: text + FIRST,
    "leading zeros": lambda text: text.replace(FIRST, "train_00001.jpg 01\n"),
    "no last line end": lambda text: text.rstrip(),
}


def all_at_once(text):
    for change in HARMLESS.values():
        text = change(text)
    return text


def edit(faces, change):
    path = faces / LABELS
    text = path.read_text(encoding="utf-8")
    path.unlink()
    if change is not None:
        path.write_bytes(change(text).encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_label_file_is_named_with_its_line(fault, faces, commands):
    change, words = FAULTS[fault]
    edit(faces, change)
    commands.refuse(faces, words)


@pytest.mark.parametrize(
    "change",
    [
        all_at_once,
        *(
            pytest.param(change, id=name, marks=pytest.mark.slow)
            for name, change in HARMLESS.items()
        ),
    ],
)
def test_harmless_forms_are_the_same_data(change, faces, commands):
    status, expected, _ = commands.check_data(faces)
    assert status == 0
    edit(faces, change)
    assert commands.check_data(faces) == (0, expected, "")


FIELDS = strategies.text(max_size=12) | strategies.sampled_from(
    ["train_1.jpg", "test_1.jpg", "1", "7", "8", "0", "-1", "٣", "1.0", ""]
)
LINES = strategies.lists(strategies.lists(FIELDS, max_size=3), max_size=8)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(LINES, strategies.sampled_from(["\n", "\r\n", "\r", "\u2028"]))
def test_any_file_is_read_or_refused_with_its_place(lines, end):
    read_or_refuse(end.join(" ".join(line) for line in lines))


@settings(deadline=None, derandomize=True)
@given(strategies.text(max_size=200))
def test_any_text_is_read_or_refused_with_its_place(text):
    read_or_refuse(text)


def read_or_refuse(text):
    try:
        labels = parse_label_file(text, "labels.txt", 7)
    except DataError as error:
        assert str(error).startswith("labels.txt")
    else:
        assert labels and set(labels.values()) <= set(range(7))
