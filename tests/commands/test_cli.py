"""The command as a user starts it: words, statuses, and what is loaded."""

import subprocess
import sys
import typing

import pytest
from PIL import Image

from keras_fer import cli
from keras_fer.datasets import layouts
from photographed import photo_of
from recipe_command import environment_of
from sources import PROJECT

HEAVY = {"tensorflow", "keras", "jax", "torch", "sklearn", "matplotlib"}
# Prints at the end which of them were loaded.
CODE = f"""
import atexit, sys
atexit.register(lambda: print("loaded:", *{HEAVY} & set(sys.modules)))
from keras_fer import cli
sys.exit(cli.main())
"""


def keras_fer(*words):
    """Status, lines and message of a command that loads no framework."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment_of(),
        timeout=300,
    )
    *lines, loaded = done.stdout.splitlines()
    assert loaded == "loaded:", done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, lines, done.stderr


def test_the_flags_name_every_format_and_data_set():
    from keras_fer.export import FORMATS

    assert typing.get_args(cli.Format) == FORMATS
    assert cli.Export.formats == FORMATS
    assert typing.get_args(cli.DataSet) == layouts.DATA_SETS


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "predict.*export.*classify.*evaluate.*check-data"),
        ("predict", "--annotate"),
        ("export", "RUN"),
        ("classify", "--ten-crop"),
        ("evaluate", "MODEL"),
        ("check-data", "--expected-counts"),
    ],
)
def test_help_is_there_for_each_subcommand(words, expected, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*words.split(), "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out.replace("\n", " ")
    position = 0
    for word in expected.split(".*"):
        position = shown.index(word, position)


def test_it_tells_its_version(capsys):
    assert cli.main(["--version"]) == 0
    version = PROJECT["project"]["version"]
    assert capsys.readouterr().out == f"keras-fer {version}\n"


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "keras_fer", "classify"],
        capture_output=True,
        text=True,
        env=environment_of(),
    )
    assert done.returncode == 2
    assert "Name a face" in done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("exprot run", "export"),
        ("export", "RUN"),
        ("export missing", "missing is no finished run"),
        ("export run --formats int4", "int4"),
        ("export run --min-images 0", "--min-images must be at least 1"),
        ("classify face.jpg --model missing", "There is no model missing"),
        ("classify face.jpg --json - --csv -", "Choose one"),
        ("evaluate missing .", "There is no model missing"),
        ("evaluate . missing", "is no model"),
        ("evaluate . . --image-size 3", "--image-size must be at least 32"),
        ("evaluate . . --split valid", "valid"),
        ("check-data missing", "does not exist"),
        ("check-data . --dataset rafdb", "rafdb"),
    ],
)
def test_wrong_usage_has_status_2(words, expected, capsys):
    try:
        status = cli.main(words.split())
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert expected in capsys.readouterr().err


def test_ctrl_c_has_status_4_and_promises_nothing(
    monkeypatch, tmp_path, capsys
):
    from keras_fer.commands import check_data

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(check_data, "check_data", interrupted)
    assert cli.main(["check-data", str(tmp_path)]) == 4
    assert capsys.readouterr().err == "\nstopped at once.\n"


def test_wrong_usage_loads_no_framework(tmp_path):
    for words in (("export", tmp_path), ("evaluate", tmp_path, tmp_path)):
        status, lines, error = keras_fer(*words)
        assert (status, lines) == (2, [])
        assert str(tmp_path) in error


def test_ready_crops_are_answered_without_a_framework(small_model, tmp_path):
    face = tmp_path / "face.png"
    photo_of((0, 0, 100), size=(100, 100)).save(face)
    status, lines, _ = keras_fer(
        *("predict", face, "--detector", "none", "--model", small_model),
        *("--annotate", tmp_path / "drawn", "--csv", tmp_path / "a.csv"),
    )
    assert status == 0 and lines[0] == f"{face}: 1 face"


def test_data_is_checked_without_a_framework(data, tmp_path):
    status, lines, _ = keras_fer("check-data", data, "--expected-counts", "any")
    assert status == 0
    assert f"{data / 'basic'}: RAF-DB, official" in lines
    assert "| all | 70 | 14 |" in lines


def test_a_damaged_model_has_status_3(tmp_path):
    Image.new("RGB", (48, 48)).save(tmp_path / "face.png")
    model = tmp_path / "model.tflite"
    model.write_bytes(b"TFL3" * 2)
    status, lines, error = keras_fer(
        "classify", tmp_path / "face.png", "--model", model, "--json", "-"
    )
    assert (status, lines) == (3, [])
    assert str(model) in error
