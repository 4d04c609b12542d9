"""What a user calls a model leads to one .tflite file."""

import pytest

from keras_fer import presets
from keras_fer.errors import UsageError
from keras_fer.exported_model import find_tflite


def test_a_file_is_itself_and_folders_give_their_likeliest_file(tmp_path):
    export = tmp_path / "run" / "export"
    export.mkdir(parents=True)
    for name in ("dynamic", "float32", "int8"):
        file = export / f"model.{name}.tflite"
        file.write_bytes(b"TFL3")
        assert find_tflite(file) == file
        assert find_tflite(tmp_path / "run") == file
        assert find_tflite(export) == file


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.tflite", "There is no model .*missing.tflite"),
        ("model.keras", "keras-fer export RUN"),
        ("", "neither a run nor a preset. Found: model.keras, run"),
        ("run", "has to be exported first: keras-fer export"),
    ],
)
def test_other_paths_are_refused_with_what_to_do(name, message, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=message):
        find_tflite(tmp_path / name)


def test_without_a_model_the_message_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    with pytest.raises(UsageError) as refusal:
        find_tflite()
    for words in ("keras-fer export", "keras-fer predict PHOTO --model"):
        assert words in str(refusal.value)


def test_the_shipped_preset_is_the_default(tmp_path, monkeypatch):
    shipped = tmp_path / presets.DEFAULT
    shipped.mkdir()
    (shipped / presets.MANIFEST).write_text("{}")
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    opened = []

    class Found:
        tflite_path = None

    def load(name):
        opened.append(name)
        return Found

    monkeypatch.setattr(presets, "load_preset", load)
    with pytest.raises(UsageError, match="has no int8 file"):
        find_tflite()
    Found.tflite_path = shipped / "model.int8.tflite"
    assert find_tflite() == find_tflite("fer2013") == Found.tflite_path
    assert opened == ["fer2013"] * 3
