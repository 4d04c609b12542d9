"""`keras-fer classify`: face crops to expressions, on LiteRT alone."""

import csv
import dataclasses
import io
import json
import os

from keras_fer.commands.picture_paths import PICTURES
from keras_fer.commands.picture_paths import list_pictures
from keras_fer.errors import DataError


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
    from keras_fer.classifier import Classifier
    from keras_fer.exported_model import find_tflite

    faults = []
    listed = list_pictures(faces, PICTURES, faults=faults)
    num_named = len(listed) + len(faults)
    paths = [path for path, _ in listed]
    classifier = Classifier(find_tflite(model))

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
            + f"\n{len(faults)} of {num_named} pictures have no answer; the "
            "others have."
        )


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
