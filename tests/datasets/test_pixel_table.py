"""FER2013's csv, damaged in every way, ends with its line named."""

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from keras_fer.datasets.pixel_table import EMOTIONS
from keras_fer.datasets.pixel_table import PixelTableSource
from keras_fer.datasets.pixel_table import list_rows
from keras_fer.errors import DataError

HEADER = "emotion,pixels,Usage\n"
PIXELS_LAST = "emotion, Usage, pixels\n"
FACE = " ".join(str(number % 256) for number in range(2304))
ROW = f"3,{' '.join(['7'] * 2304)},Training\n"
LABELS = range(7)


def refused(path, *words):
    with pytest.raises(DataError) as error:
        list_rows(path, LABELS)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("3,7", "7,7", "has emotion '7', expected 0 to 6"),
        ("3,7", "-1,7", "has emotion '-1'"),
        ("3,7", ",7", "has emotion ''"),
        ("3,7", "\u0663,7", "has emotion '\\\\xd9"),
        ("Training", "training", "has Usage 'training', expected Training"),
        ("Training", "Public", "has Usage 'Public'"),
        ("Training", "Train\0ng", "has Usage 'Train\\x00ng'"),
        ("Training", "Training,", "has 4 fields, expected 3"),
        ("3,7 7", "3,7", "has 2303 pixels, expected 2304"),
        ("3,7", "3,7 7", "has 2305 pixels"),
        ("3,7", "3,256", "has a pixel '256', expected 0 to 255"),
        ("3,7", "3,-7", "has a pixel '-7'"),
        ("3,7", "3,+7", "has a pixel '+7'"),
        ("3,7", "3,1_0", "has a pixel '1_0'"),
        ("3,7", "3,7.0", "has a pixel '7.0'"),
        ("3,7", "3,\0", "has a pixel '\\x00'"),
        # More digits than int() takes.
        ("3,7", f"3,{'7' * 5000}", f"has a pixel '{'7' * 20}...', expected"),
        ("3,7", f"3,{'0' * 5000}", f"has a pixel '{'0' * 20}...', expected"),
        ("3,7  7", "3,", "has 1 pixels"),
        ("3,7 7 7", "3,7  7", "has a pixel ''"),
        ("3,7", "3" * 30_000 + ",7", "is longer than 20,000 bytes"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, old, new, words):
    damaged = "3,,Training\n" if old.count("  ") else ROW.replace(old, new, 1)
    path = tmp_path / "fer2013.csv"
    path.write_text(HEADER + ROW + damaged + ROW, "utf-8", newline="")
    refused(path, f"{path}:3 {words}", "Fetch the file again")


def test_leading_zeros_change_no_pixel(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text(HEADER + ROW + ROW.replace("3,7", "3,0007", 1))
    records = tuple(list_rows(path, LABELS))
    source = PixelTableSource(tmp_path, None, "csv", EMOTIONS, records)
    (_, plain), (_, padded) = source.read_all()
    assert plain == padded


def test_a_last_number_that_may_be_cut_off_is_refused(tmp_path):
    path = tmp_path / "icml_face_data.csv"
    row = f"0,Training,{FACE}"
    path.write_text(f"{PIXELS_LAST}{row}\n{row[:-1]}", newline="")
    refused(path, f"{path}:3 has no line end", "add a line end")


def test_all_damaged_lines_are_named(tmp_path):
    wrong = ROW.replace("3,", "8,"), ROW.replace("Training", "Test")
    text = HEADER + wrong[0] + ROW + wrong[1]
    path = tmp_path / "fer2013.csv"
    path.write_text(text, newline="")
    refused(path, "fer2013.csv:2 has emotion", "fer2013.csv:4 has Usage")


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "fer2013.csv:1 should name the columns"),
        (b"emotion,pixels\n0,1\n", "Without Usage nobody knows"),
        (HEADER.encode("utf-16"), "fer2013.csv:1 should name"),
        (b"\x89PNG\r\n", "fer2013.csv:1 should name"),
        (HEADER.encode(), "has no line after its first"),
        (HEADER.encode() + b"\0" * 50_000, "fer2013.csv:2 is longer"),
    ],
)
def test_other_files_of_that_name_are_refused(tmp_path, content, words):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    refused(path, words)


@given(strategies.data())
@settings(max_examples=40, deadline=None)
def test_a_csv_cut_off_anywhere_is_refused_or_only_shorter(
    tmp_path_factory, data
):
    directory = tmp_path_factory.mktemp("cut")
    path = directory / "fer2013.csv"
    if data.draw(strategies.booleans()):
        text = f"{PIXELS_LAST}0,Training,{FACE}\n6,PublicTest,{FACE}\n"
    else:
        text = f"{HEADER}0,{FACE},Training\n6,{FACE},PublicTest\n"
    path.write_text(text, newline="")
    whole = list_rows(path, LABELS)
    length = data.draw(strategies.integers(0, len(text) - 1))
    path.write_text(text[:length], newline="")
    try:
        found = list_rows(path, LABELS)
    except DataError as error:
        assert "fer2013.csv" in str(error)
    else:
        assert found == whole[: len(found)]


@given(strategies.binary(max_size=60), strategies.integers(0, len(ROW) - 2))
@settings(max_examples=60, deadline=None)
def test_no_bytes_crash_the_reader(tmp_path_factory, noise, place):
    path = tmp_path_factory.mktemp("noise") / "fer2013.csv"
    row = ROW.encode()
    path.write_bytes(HEADER.encode() + row[:place] + noise + row[place:])
    try:
        records = list_rows(path, LABELS)
    except DataError as error:
        assert "fer2013.csv:" in str(error)
    else:
        assert records
