"""Detectors by name; mtcnn itself on photographs in the public domain."""

import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_fer import face_detectors
from keras_fer import faces
from keras_fer.errors import UsageError
from photographed import find_marked
from recipe_command import environment_of

needs_mtcnn = pytest.mark.skipif(
    util.find_spec("mtcnn") is None, reason="the extra `faces` is missing"
)


def hopper():
    """Rear admiral Grace Hopper, a photo of the US Navy that Matplotlib has."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg"
    return Image.open(path).convert("RGB")


def test_names_mean_detectors():
    found = face_detectors.named_detector("photographed:find_marked")
    assert found is find_marked
    none = face_detectors.named_detector("none")
    (face,) = none(np.zeros((40, 30, 3), np.uint8))
    assert face == face_detectors.Face((0.0, 0.0, 30.0, 40.0), None, 1.0)


@pytest.mark.parametrize(
    "name", ["haar", "no_such_module:find", "photographed:find", "", ":a"]
)
def test_an_unknown_detector_is_refused(name):
    with pytest.raises(UsageError, match="MODULE:FUNCTION"):
        face_detectors.named_detector(name)


def test_a_module_beside_the_user_is_found_as_the_message_says(tmp_path):
    name = "own_finder:find"
    with pytest.raises(UsageError, match=r"PYTHONPATH=\. keras-fer predict"):
        face_detectors.named_detector(name)
    (tmp_path / "own_finder.py").write_text("def find(photo): return []")
    # As the installed script starts: without the working directory.
    code = (
        "import sys; from keras_fer.face_detectors import named_detector\n"
        f"print(named_detector({name!r})(None))"
    )
    for own, status in (((), 1), ((".",), 0)):
        paths = [*own, *(path for path in sys.path if path)]
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=tmp_path,
            env=environment_of(PYTHONPATH=os.pathsep.join(paths)),
            capture_output=True,
        )
        assert done.returncode == status, done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import no_such_thing", "it needs no_such_thing"),
        ("from json import no_such_thing", "it needs json"),
        ("find = 5", "holds int where a function"),
    ],
)
def test_what_is_wrong_with_a_users_module_is_told(
    code, message, tmp_path, monkeypatch
):
    (tmp_path / "users_module.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "users_module", raising=False)
    with pytest.raises(UsageError, match=message):
        face_detectors.named_detector("users_module:find")


def test_without_mtcnn_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    face_detectors.mtcnn_detector.cache_clear()
    with pytest.raises(UsageError, match=r"keras-fer\[faces\]") as refusal:
        face_detectors.named_detector("mtcnn")
    assert "\n" not in str(refusal.value)
    assert "--detector none" in str(refusal.value)


@pytest.mark.slow
@needs_mtcnn
def test_mtcnn_finds_the_face_whatever_its_size_and_turn():
    photo = hopper()
    (face,) = faces.find_faces(photo)
    left, top, right, bottom = face.box
    eyes = np.array(face.landmarks[:2])
    assert 100 < left < 230 and 60 < top < 160
    assert 300 < right < 400 and 280 < bottom < 380
    assert np.abs(eyes - [(220, 190), (308, 186)]).max() < 12
    marks = np.array(face.landmarks)
    for other, goals in (
        (photo.resize((200, 234)), marks * 200 / 512),
        (photo.resize((3072, 3600)), marks * 6),
    ):
        (found,) = faces.find_faces(other)
        scale = other.width / photo.width
        assert np.abs(found.landmarks - goals).max() < 8 * scale
    (found,) = faces.find_faces(photo.rotate(20, Image.Resampling.BICUBIC))
    turned = (marks - (256, 300)) @ (1, 1j) * np.exp(-1j * np.deg2rad(20))
    goals = np.stack([turned.real, turned.imag], axis=1) + (256, 300)
    assert np.abs(found.landmarks - goals).max() < 12


@pytest.mark.slow
@needs_mtcnn
def test_mtcnn_finds_several_and_none():
    photo = hopper()
    two = Image.new("RGB", (1024, 600))
    two.paste(photo, (0, 0))
    two.paste(photo, (512, 0))
    first, second = faces.find_faces(two)
    assert (
        np.abs(np.subtract(second.box, first.box) - (512, 0, 512, 0)).max() < 9
    )
    for size in ((1, 1), (32, 32), (12, 400), (300, 200)):
        assert faces.find_faces(Image.new("RGB", size)) == []


@pytest.mark.slow
@needs_mtcnn
def test_mtcnn_answers_as_the_package_does():
    """Its networks are compiled here, and are not there."""
    import mtcnn

    theirs = mtcnn.MTCNN()
    photo = hopper()
    for size in ((512, 600), (300, 352), (96, 112)):
        picture = np.asarray(photo.resize(size))
        found = face_detectors.mtcnn_detector()(picture)
        rows = theirs.detect_faces(
            picture, box_format="xyxy", output_type="numpy"
        )
        expected = np.asarray(rows)[:, 1:5]
        np.testing.assert_allclose([f.box for f in found], expected, atol=0.1)


@pytest.mark.slow
@needs_mtcnn
def test_mtcnn_takes_no_weights_from_the_working_directory(tmp_path):
    for name in ("pnet.lz4", "rnet.lz4", "onet.lz4"):
        (tmp_path / name).write_bytes(b"not to be opened")
    code = "from keras_fer import face_detectors as f; f.mtcnn_detector()"
    paths = [path or os.getcwd() for path in sys.path]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment_of(PYTHONPATH=os.pathsep.join(paths)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
