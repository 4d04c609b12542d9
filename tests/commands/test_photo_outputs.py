"""Answers about videos, photos without faces, and faces left out."""

import os

from keras_fer.commands import photo_outputs


def face(track, label="happiness"):
    return {
        "track": track,
        "box": (1.0, 2.0, 30.0, 40.0),
        "landmarks": None,
        "score": 0.5,
        "label": label,
        "probabilities": {"happiness": 0.75, "fear": 0.25},
    }


RECORDS = [
    {
        "path": os.fsdecode(b"o\xe9\n.png"),
        **{"width": 9, "height": 9, "faces": [], "skipped": []},
    },
    {"path": "gone.jpg", "error": "gone.jpg is gone"},
    {
        "path": "clip.mp4",
        "frames": [
            {"time": 0.0, "faces": [face(0)], "skipped": []},
            {
                "time": 0.2,
                "faces": [face(0), face(3, "fear")],
                "skipped": [{"box": (3.0, 4.0, 9.0, 9.0), "reason": "small"}],
            },
            {
                "time": 0.4,
                "faces": [face(0, "fear")],
                "skipped": [{"box": None, "reason": "odd"}],
            },
        ],
    },
]


def test_a_video_is_summed_up_by_face():
    assert list(photo_outputs.as_text(RECORDS[2])) == [
        "clip.mp4: 3 frames, 2 faces",
        "  face 0 in 3 frames: happiness 67%, fear 33%",
        "  face 3 in 1 frames: fear 100%",
    ]


def test_a_photo_without_faces_is_a_line_of_its_own():
    (line,) = photo_outputs.as_text(RECORDS[0])
    assert line == r"o\udce9\n.png: no faces"


def test_faces_left_out_are_counted_and_told():
    skipped = {"box": (1.2, 2.0, 30.0, 40.9), "reason": "it is small"}
    other = {"box": None, "reason": "it is odd"}
    record = RECORDS[0] | {"path": "a.png", "skipped": [skipped, other]}
    assert list(photo_outputs.as_text(record)) == [
        "a.png: no faces, 2 left out"
    ]
    assert photo_outputs.left_out(record) == [
        "a.png: the face (1, 2) to (30, 41) was left out: it is small",
        "a.png: a face was left out: it is odd",
    ]
    assert photo_outputs.left_out(RECORDS[0]) == []
    assert photo_outputs.left_out(RECORDS[1]) == []
    assert photo_outputs.left_out(RECORDS[2]) == [
        "clip.mp4: 2 faces in its frames left out, the first the face (3, 4) "
        "to (9, 9) at 0.200 s: small"
    ]
