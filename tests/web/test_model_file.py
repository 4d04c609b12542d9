import json
import zipfile

import pytest

from javascript import JavaScriptError
from javascript import call
from keras_fer import model_file

pytestmark = pytest.mark.browser
CONTRACT = model_file.Contract(("calm", "très gai"), 64, 60, "int8")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(bytes(range(256)) * 20)
    model_file.attach(path, CONTRACT)
    return path


def read(path):
    return call("model_file.js", "readContract", path.read_bytes())


def test_it_reads_what_python_wrote(path):
    assert read(path) == {
        "classNames": ["calm", "très gai"],
        "imageSize": 64,
        "viewSize": 60,
        "format": "int8",
    }


def test_a_changed_graph_is_refused(path):
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(JavaScriptError, match="damaged"):
        read(path)


@pytest.mark.parametrize("kept", [0, 3, 4000, -1, -30])
def test_a_file_that_was_cut_is_refused(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(JavaScriptError, match="export it again"):
        read(path)


def test_another_version_is_refused(tmp_path):
    path = tmp_path / "model.tflite"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(model_file.CONTRACT_NAME, json.dumps({"version": 99}))
    with pytest.raises(JavaScriptError, match="version 99"):
        read(path)
