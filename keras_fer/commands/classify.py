"""`keras-fer classify`: face crops to expressions, on LiteRT alone."""

import csv
import dataclasses
import io
import json
import os
from pathlib import Path

from keras_fer import presets
from keras_fer.errors import DataError
from keras_fer.errors import UsageError

_PICTURES = (".jpg", ".jpeg", ".png", ".webp")
NO_MODEL = """\
--model is missing, and no trained weights are shipped with keras_fer yet.
Train a network (python recipes/rafdb.py --demo shows how), export it
(keras-fer export runs/rafdb) and give one of the files:
  keras-fer classify FACE --model runs/rafdb/export/model.int8.tflite"""


def classify(faces, model, *, ten_crop=False, form="text", say=print):
    """Answers for each face in turn; those that cannot be read come last.

    Args:
        faces: paths of pictures, and of folders of pictures.
        model: a .tflite file, a preset's name or folder, or None for the
            preset `presets.DEFAULT`.
        ten_crop: whether to average over ten views.
        form: "text", "csv" or "json".
        say: called with each line of the answer.

    Raises:
        UsageError: without a model or without pictures.
        DataError: after all answers, naming the faces without one.
    """
    if model is None and presets.DEFAULT not in presets.list_presets():
        raise UsageError(NO_MODEL)
    from keras_fer.classifier import Classifier

    paths = list_faces(faces)
    classifier = Classifier(model or presets.DEFAULT)
    faults = []

    def answers():
        for path in paths:
            try:
                answer = classifier.predict(path, ten_crop=ten_crop)
            except DataError as error:
                faults.append(str(error))
            else:
                yield os.fspath(path), answer

    for line in _FORMS[form](classifier.class_names, answers()):
        say(line)
    if faults:
        raise DataError(
            "\n".join(faults)
            + f"\n{len(faults)} of {len(paths)} pictures have no answer; the "
            "others have."
        )


def list_faces(faces):
    """The pictures meant by paths of pictures and of folders.

    Args:
        faces: paths. Of a folder, the pictures at any depth are taken, by
            name; hidden ones are passed over.

    Returns:
        A list of `Path`.

    Raises:
        UsageError: for a folder without pictures.
    """
    paths = []
    for face in map(Path, faces):
        if not face.is_dir():
            paths.append(face)
            continue
        inner = [
            path
            for path in sorted(face.rglob("*"))
            if path.suffix.lower() in _PICTURES
            and path.is_file()
            and not any(
                part.startswith(".") for part in path.relative_to(face).parts
            )
        ]
        if not inner:
            raise UsageError(
                f"{face} holds no picture. Expected: face crops named "
                f"{', '.join('*' + suffix for suffix in _PICTURES)}."
            )
        paths += inner
    return paths


def _text(class_names, answers):
    width = max(map(len, class_names))
    for path, answer in answers:
        share = answer.probabilities[answer.label]
        yield f"{answer.label:{width}} {share:6.1%}  {path}"


def _csv(class_names, answers):
    def line(cells):
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(cells)
        return text.getvalue()

    yield line(["path", "label", *class_names])
    for path, answer in answers:
        shares = [f"{share:.6f}" for share in answer.probabilities.values()]
        yield line([path, answer.label, *shares])


def _json(class_names, answers):
    """One array, an object a line."""
    del class_names  # each object has them
    opening = "["
    for path, answer in answers:
        entry = {"path": path, **dataclasses.asdict(answer)}
        yield opening + json.dumps(entry, ensure_ascii=False)
        opening = ","
    yield "]" if opening == "," else "[]"


_FORMS = {"text": _text, "csv": _csv, "json": _json}
