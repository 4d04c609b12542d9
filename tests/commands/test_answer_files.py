"""Answers of every kind as JSON and CSV, in files, pipes and on the output."""

import csv
import json
import os
import threading

import pytest

from keras_fer.commands.answer_files import writing
from keras_fer.commands.output_checks import check_places
from keras_fer.errors import UsageError

CLASSES = ("happiness", "fear")
ANSWER = {
    "label": "happiness",
    "probabilities": {"happiness": 0.75, "fear": 0.25},
}
FACE = {
    "box": (1.0, 2.0, 30.0, 40.0),
    "landmarks": None,
    "score": 0.5,
    **ANSWER,
}
RECORDS = [
    {"path": os.fsdecode(b"o\xe9\n.png"), "faces": [], "skipped": []},
    {"path": "gone.jpg", "error": "gone.jpg is gone"},
    {"path": "two.jpg", "faces": [FACE, FACE], "skipped": []},
    {
        "path": "clip.mp4",
        "frames": [
            {"time": 0.0, "faces": [{"track": 0, **FACE}]},
            {"time": 0.2, "faces": [{"track": 3, **FACE}]},
        ],
    },
]


def write_all(json_target, csv_target, records, *, with_places=True):
    with writing(
        json_target, csv_target, CLASSES, with_places=with_places
    ) as write:
        for record in records:
            write(record)


def test_the_table_has_a_line_for_each_face_and_frame(tmp_path):
    path = tmp_path / "a.csv"
    write_all(None, path, RECORDS)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["path"], row["time"], row["face"]) for row in rows] == [
        ("two.jpg", "", "1"),
        ("two.jpg", "", "2"),
        ("clip.mp4", "0.000", "0"),
        ("clip.mp4", "0.200", "3"),
    ]
    for row in rows:
        assert row["happiness"] == "0.750000" and row["left"] == "1.0"
        assert row["score"] == "0.5000" and row["label"] == "happiness"


def test_aligned_faces_have_the_same_columns_but_no_place(tmp_path):
    path = tmp_path / "a.csv"
    records = [{"path": "a,b.png", **ANSWER}, RECORDS[1]]
    write_all(None, path, records, with_places=False)
    assert path.read_text().splitlines() == [
        "path,label,happiness,fear",
        '"a,b.png",happiness,0.750000,0.250000',
    ]


def test_json_reads_back_whatever_the_name(tmp_path):
    path = tmp_path / "a.json"
    write_all(path, None, RECORDS)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found == json.loads(json.dumps(RECORDS))
    write_all(path, None, [])
    assert json.loads(path.read_text()) == []


def test_a_failure_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "a.json"
    write_all(path, None, RECORDS)
    before = path.read_bytes()
    with pytest.raises(KeyError, match="path"):
        write_all(path, tmp_path / "a.csv", [RECORDS[0], {}])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_pipe_has_each_answer_at_once_and_stays_a_pipe(tmp_path):
    """As `>(jq .)` of a shell, or /dev/stdout."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_places({"--csv": str(pipe)}, {}, [])
    lines, arrived = [], threading.Event()

    def read():
        with pipe.open(encoding="utf-8") as file:
            for line in file:
                lines.append(line)
                if "two.jpg" in line:
                    arrived.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with writing(None, str(pipe), CLASSES, with_places=True) as write:
        write(RECORDS[2])
        assert arrived.wait(20)
        write(RECORDS[3])
    reader.join(20)
    assert len(lines) == 5
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_names_is_replaced(tmp_path):
    real, link = tmp_path / "inner" / "a.json", tmp_path / "link.json"
    link.symlink_to(real)
    check_places({"--json": str(link)}, {}, [])
    write_all(str(link), None, [])
    assert link.is_symlink() and real.read_text() == "[]\n"
    with pytest.raises(UsageError, match="link.json"):
        check_places({"--json": str(link)}, {}, [real])
