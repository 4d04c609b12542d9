"""Row 34: other locales, and names of every kind.

Files written in any locale and under any name: tests/test_files.py.
"""

import os
import shutil

import pytest

import inject

NAMES = (
    "ünï 顔 😀",
    " two  spaces ",
    "line\nbreak",
    "-rf",
    os.fsdecode(b"not-utf8-\xe9"),
    "/".join(["n" * 200] * 4),
)
LOCALES = (
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
)


@pytest.mark.parametrize(
    "name",
    [
        NAMES[0],
        NAMES[4],
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (*NAMES[1:4], NAMES[5])
        ),
    ],
)
def test_a_data_set_may_have_any_name(name, data, tmp_path, commands):
    place = tmp_path / "sets" / name
    shutil.copytree(data, place)
    expected = commands.check_data(data)[1].partition("\n")[2]
    status, out, _ = commands.check_data(place)
    assert status == 0
    assert out.endswith(expected)


def test_a_run_may_have_any_name(data, tmp_path, commands):
    for name in NAMES:
        commands.run_dir = tmp_path / "runs" / name
        status, _, message = commands.rafdb(
            data, "--expected-counts", "official"
        )
        assert status == 3 and "12,271" in message
        assert commands.run_dir.is_dir()


@pytest.mark.slow  # two children each
@pytest.mark.parametrize("variables", LOCALES)
def test_a_locale_changes_no_answer(variables, data, model_files, tmp_path):
    place = tmp_path / NAMES[0]
    place.mkdir()
    face = place / "I ı İ i.JPG"
    shutil.copy(data / "basic/Image/aligned/test_00001_aligned.jpg", face)
    words = ("classify", place, "--json", "-")
    words += ("--model", model_files / "model.tflite")
    plain = inject.keras_fer_child(*words, LC_ALL="C.UTF-8")
    found = inject.keras_fer_child(*words, **variables)
    assert found[0] == plain[0] == 0
    # What a terminal's encoding has not is written as an escape.
    shares = [
        out.partition('"probabilities"')[2] for out in (plain[1], found[1])
    ]
    assert shares[0] and shares[0] == shares[1]
