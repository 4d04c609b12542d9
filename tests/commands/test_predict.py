"""The command `keras-fer predict`: answers, pictures, and bad photos."""

import csv
import io
import json
import os

import numpy as np
import pytest
from PIL import Image

import keras_fer
from keras_fer import cli
from keras_fer import presets
from keras_fer.classifier import Classifier
from keras_fer.photos import predict
from photographed import find_marked
from photographed import photo_of

DETECTOR = ("--detector", "photographed:find_marked")
NAMES = ("a.png", "c.webp", "inner/b.jpg")


@pytest.fixture
def ask(small_model, capsys):
    """Runs the command; its status, lines and message."""

    def run(*words, detector=DETECTOR):
        words = ("predict", *words, "--model", small_model, *detector)
        status = cli.main([*map(str, words)])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def expected_answers(folder, model):
    paths = [folder / name for name in NAMES]
    return predict(paths, Classifier(model), detector=find_marked)


def test_every_form_gives_predicts_answers(
    ask, photo_folder, small_model, tmp_path
):
    expected = expected_answers(photo_folder, small_model)
    json_path, csv_path = tmp_path / "new" / "a.json", tmp_path / "a.csv"
    status, out, _ = ask(photo_folder, "--json", json_path, "--csv", csv_path)
    assert status == 0
    entries = json.loads(json_path.read_text(encoding="utf-8"))
    table = io.StringIO(csv_path.read_text(encoding="utf-8"))
    rows = iter(csv.DictReader(table))
    lines = iter(out.splitlines())
    for name, photo, entry in zip(NAMES, expected, entries, strict=True):
        path = str(photo_folder / name)
        assert entry["path"] == path
        assert (entry["width"], entry["height"]) == (photo.width, photo.height)
        assert next(lines).startswith(f"{path}: ")
        for number, (face, found) in enumerate(
            zip(photo.faces, entry["faces"], strict=True), 1
        ):
            assert found["label"] == face.label
            assert found["probabilities"] == face.probabilities
            assert found["box"] == list(face.box)
            assert found["landmarks"] == [list(p) for p in face.landmarks]
            row = next(rows)
            assert (row["path"], row["face"]) == (path, str(number))
            assert row["label"] == face.label and row["time"] == ""
            assert float(row["right"]) == face.box[2]
            for label, share in face.probabilities.items():
                assert float(row[label]) == pytest.approx(share, abs=1e-6)
            assert next(lines).split()[0] == face.label
    assert not list(lines) and not list(rows)


def test_the_standard_output_takes_json_or_csv_alone(ask, photo_folder):
    _, out, _ = ask(photo_folder, "--json", "-")
    assert [len(entry["faces"]) for entry in json.loads(out)] == [2, 0, 1]
    _, out, _ = ask(photo_folder, "--csv", "-")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0][-7:] == list(keras_fer.CLASSES) and len(rows) == 4


def test_pictures_and_crops_are_written_beside_each_other(
    ask, photo_folder, small_model, tmp_path
):
    annotated, crops = tmp_path / "annotated", tmp_path / "crops"
    ask(photo_folder, "--annotate", annotated, "--crops", crops)
    found = sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*g")
    )
    assert found == [
        *("annotated/a.png", "annotated/c.png", "annotated/inner/b.jpg"),
        *("crops/a.1.png", "crops/a.2.png", "crops/inner/b.1.png"),
    ]
    with Image.open(annotated / "a.png") as picture:
        drawn = np.asarray(picture)
    assert drawn.shape == (540, 720, 3)
    line = drawn[200, 35:55]  # the first face's left side, enlarged
    assert (line == 255).all(axis=1).any() and (line == 0).all(axis=1).any()
    # A crop is what the network saw.
    classifier = Classifier(small_model)
    (first, *_) = expected_answers(photo_folder, small_model)
    for number, face in enumerate(first.faces, 1):
        answer = classifier.predict(crops / f"a.{number}.png")
        assert answer.probabilities == face.probabilities


def test_ready_crops_get_the_answers_of_classify(
    ask, photo_folder, small_model, tmp_path
):
    crop = tmp_path / "face.png"
    photo_of((0, 0, 100), size=(100, 100)).save(crop)
    _, out, _ = ask(crop, "--json", "-", detector=("--detector", "none"))
    ((face,),) = (entry["faces"] for entry in json.loads(out))
    answer = Classifier(small_model).predict(crop)
    assert face["probabilities"] == answer.probabilities
    assert face["landmarks"] is None


def test_several_processes_give_the_same(ask, photo_folder, tmp_path):
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    outs = []
    for number, path in enumerate(paths, 1):
        status, out, _ = ask(photo_folder, "--workers", number, "--json", path)
        assert status == 0
        outs.append(out)
    assert outs[0] == outs[1]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.fixture
def bad_photos(photo_folder, tmp_path):
    """A folder of whatever is no photo; the names of the good ones in it."""
    folder = tmp_path / "bad"
    folder.mkdir()
    whole = (photo_folder / "inner" / "b.jpg").read_bytes()
    (folder / "text.jpg").write_text("not a picture")
    (folder / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / "line\nbreak.png").write_bytes(b"GIF89a")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("1", (30_000, 30_000)).save(folder / "bomb.png")
    good = {"grüße 🙂.jpg", "good\nname.jpg"}
    for name in good:
        (folder / name).write_bytes(whole)
    odd = os.fsdecode(b"odd\xe9.jpg")
    (folder / odd).write_bytes(whole)
    photo_of((200, 90, 300)).convert("CMYK").save(folder / "cmyk.jpg")
    return folder, good | {odd, "cmyk.jpg"}


def test_bad_photos_are_named_last_and_the_others_answered(
    ask, bad_photos, tmp_path
):
    folder, good = bad_photos
    path = tmp_path / "a.json"
    status, out, error = ask(
        *(folder, tmp_path / "absent.jpg", "--json", path),
        *("--csv", tmp_path / "a.csv", "--annotate", tmp_path / "drawn"),
    )
    assert status == 3
    *faults, last = error.strip().splitlines()
    assert last.startswith("8 of 12 photos have no answer")
    for name in ("text.jpg", "half.jpg", "empty.jpg", "dot.png", "bomb.png"):
        assert sum(name in fault for fault in faults) == 1
    assert any("heif-convert" in fault for fault in faults)
    assert any(r"line\nbreak.png" in fault for fault in faults)
    entries = json.loads(path.read_text(encoding="utf-8"))
    answered = {
        os.path.relpath(entry["path"], folder)
        for entry in entries
        if "error" not in entry
    }
    assert answered == good and len(entries) == 12
    assert len(out.splitlines()) == 2 * len(good)
    table = io.StringIO((tmp_path / "a.csv").read_bytes().decode(), newline="")
    rows = list(csv.reader(table))
    assert len(rows) == 1 + len(good)
    drawn = {path.stem for path in (tmp_path / "drawn").glob("*.*g")}
    assert drawn == {os.path.splitext(name)[0] for name in good}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "Name a photo"),
        ("{empty}", "holds no picture"),
        ("{photos} --json - --csv -", "share one output"),
        ("{photos} --resume", "--journal FILE"),
        ("{photos} --workers 0", "--workers must be at least 1"),
        ("{photos} --smoothing -1", "--smoothing must be at least 0"),
        ("{photos} --explain {empty}", "--model RUN"),
        ("{photos} --annotate {photos}", "the photo {photos}/a.png lies there"),
        ("{photos}/c.webp --crops {photos}", "{photos}/crops."),
        ("{photos} --json {photos}/a.png", "no file to write"),
        ("{photos} --json {empty}", "no file to write"),
        ("{photos} --json {new} --csv {new}", "write over each other"),
        ("{photos} --json {new} --journal {link}", "write over each other"),
        ("{photos} --json {new} --crops {new}", "write over each other"),
        ("{photos} --annotate {new} --crops {new}", "write over each other"),
    ],
)
def test_wrong_usage_has_status_2(words, message, ask, photo_folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    before = (photo_folder / "a.png").read_bytes()
    new, link = tmp_path / "new", tmp_path / "link"
    link.symlink_to(new)
    places = {"empty": empty, "new": new, "link": link}
    words = words.format(photos=photo_folder, **places).split()
    status, out, error = ask(*words)
    assert (status, out) == (2, "")
    assert message.format(photos=photo_folder) in error
    assert (photo_folder / "a.png").read_bytes() == before


def test_no_model_says_what_to_type(
    photo_folder, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    status = cli.main(["predict", str(photo_folder), *DETECTOR])
    assert status == 2
    assert "keras-fer export runs/rafdb" in capsys.readouterr().err
