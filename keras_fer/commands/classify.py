"""`keras-fer classify`: face crops to expressions, on LiteRT alone."""

import dataclasses
import os

from keras_fer.commands import answer_files
from keras_fer.commands.picture_paths import PICTURES
from keras_fer.commands.picture_paths import list_pictures
from keras_fer.commands.picture_paths import shown
from keras_fer.errors import DataError
from keras_fer.errors import raise_faults


def classify(faces, model, *, ten_crop=False, json=None, csv=None, say=print):
    """Answers for each face in turn; those that cannot be read come last.

    Args:
        faces: paths of pictures, and of folders of pictures.
        model: a .tflite file, a preset's name or folder, or None for the
            preset `presets.DEFAULT`.
        ten_crop: whether to average over ten views.
        json, csv: files for all answers, "-" for the standard output, or
            None; see `answer_files.writing`.
        say: called with each line of the answer for people; not at all
            where the standard output is taken.

    Raises:
        UsageError: without a model or without pictures.
        DataError: after all answers, naming the faces without one.
    """
    from keras_fer.classifier import Classifier
    from keras_fer.commands.output_checks import check_places
    from keras_fer.exported_model import find_tflite

    faults = []
    listed = list_pictures(faces, PICTURES, faults=faults)
    num_named = len(listed) + len(faults)
    paths = [path for path, _ in listed]
    classifier = Classifier(find_tflite(model))
    check_places({"--json": json, "--csv": csv}, {}, paths)
    class_names = classifier.class_names
    width = max(map(len, class_names))
    with answer_files.writing(
        json, csv, class_names, with_places=False
    ) as write:
        for path in paths:
            record = {"path": os.fspath(path)}
            try:
                answer = classifier.predict(path, ten_crop=ten_crop)
            except DataError as error:
                faults.append(str(error))
                write(record | {"error": str(error)})
                continue
            write(record | dataclasses.asdict(answer))
            if "-" not in (json, csv):
                share = answer.probabilities[answer.label]
                say(f"{answer.label:{width}} {share:6.1%}  {shown(path)}")
    raise_faults(
        [shown(fault) for fault in faults],
        f"{len(faults)} of {num_named} pictures have no answer; the others "
        "have.",
    )
