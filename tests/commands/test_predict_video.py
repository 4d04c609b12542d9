"""The command `keras-fer predict` on videos."""

import csv
import json

import numpy as np
import pytest
from test_video import write_clip

from keras_fer import cli
from photographed import photo_of


@pytest.fixture
def clip(tmp_path):
    """Two seconds: a face that moves, and one that comes in the middle."""
    path = tmp_path / "clip.mp4"
    pictures = []
    for number in range(10):
        places = [(10 + 4 * number, 60, 120), (200, 80, 100)]
        photo = photo_of(*places[: 1 + number // 5], size=(320, 240))
        pictures.append(np.asarray(photo))
    write_clip(path, pictures)
    return path


def ask(*words):
    words += ("--detector", "photographed:find_marked")
    return cli.main(["predict", *map(str, words)])


def test_the_timeline_has_a_line_a_face_and_frame(
    clip, small_model, tmp_path, capsys
):
    words = (clip, "--model", small_model, "--every", 3)
    words += ("--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv")
    assert ask(*words) == 0
    text, *lines = capsys.readouterr().out.splitlines()
    assert text == f"{clip}: 4 frames, 2 faces"
    numbers = [line.split(":")[0].strip() for line in lines]
    assert numbers == ["face 0 in 4 frames", "face 1 in 2 frames"]
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["time"], row["face"]) for row in rows] == [
        *(("0.000", "0"), ("0.600", "0")),
        *(("1.200", "0"), ("1.200", "1"), ("1.800", "0"), ("1.800", "1")),
    ]
    assert {row["path"] for row in rows} == {str(clip)}
    (entry,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    faces = [face for frame in entry["frames"] for face in frame["faces"]]
    assert [face["label"] for face in faces] == [row["label"] for row in rows]


def test_smoothing_changes_what_follows_the_first_frame(
    clip, small_model, tmp_path
):
    shares = {}
    for smoothing in (0, 0.5):
        path = tmp_path / f"{smoothing}.json"
        words = (clip, "--model", small_model, "--json", path)
        assert ask(*words, "--smoothing", smoothing) == 0
        (entry,) = json.loads(path.read_text(encoding="utf-8"))
        shares[smoothing] = [
            list(frame["faces"][0]["probabilities"].values())
            for frame in entry["frames"]
        ]
    assert shares[0][0] == shares[0.5][0]
    assert shares[0][1] != shares[0.5][1]
    kept = np.exp(-0.2 / 0.5)
    second = kept * np.array(shares[0][0]) + (1 - kept) * np.array(shares[0][1])
    np.testing.assert_allclose(shares[0.5][1], second, rtol=1e-6)


def test_a_video_that_is_cut_off_is_named_and_the_whole_one_answered(
    clip, small_model, tmp_path, capsys
):
    cut, path = tmp_path / "cut.mp4", tmp_path / "a.json"
    content = clip.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    words = (tmp_path, "--model", small_model, "--json", path, "--every", 5)
    assert ask(*words) == 3
    fault, last = capsys.readouterr().err.strip().splitlines()
    assert f"{cut} cannot be decoded as a video: it is cut off" in fault
    assert last.startswith("1 of 2 photos have no answer")
    records = json.loads(path.read_text(encoding="utf-8"))
    assert [len(entry.get("frames", ())) for entry in records] == [2, 0]
