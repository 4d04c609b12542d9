"""`keras-fer predict`: photos and videos to expressions."""

import contextlib
import dataclasses
import functools
import importlib.util
import sys
import tempfile
import time
from pathlib import Path

from keras_fer.commands import shards
from keras_fer.commands.flags import at_least
from keras_fer.commands.flags import one_standard_output
from keras_fer.commands.flags import word
from keras_fer.errors import DataError
from keras_fer.errors import DiskFullError
from keras_fer.errors import PredictionInterrupted
from keras_fer.errors import UsageError
from keras_fer.errors import raise_faults

_CRASHED = "it ended the process that read it (a crash, or too little memory)"

_FILES = ("json", "csv", "journal")
_FOLDERS = ("annotate", "crops", "explain")


@dataclasses.dataclass(frozen=True)
class Predict:
    """Finds the faces in photos and videos and tells their expressions.

    Photos that cannot be read and faces that cannot be cut out are named at
    the end, with status 3; the others are answered.
    """

    photos: word("PHOTO ...", tuple[Path, ...])
    """Photos (JPEG, PNG, WebP), videos, or folders of them."""
    model: str | None = None
    """An exported run, a preset or a .tflite. None: the shipped preset."""
    json: str | None = None
    """File for all answers, as a JSON array; - for the standard output."""
    csv: str | None = None
    """File for all answers, a line a face; - for the standard output."""
    annotate: Path | None = None
    """Folder for the photos with boxes, labels and bars drawn on them."""
    explain: Path | None = None
    """Folder for where the network looked on each face; not of a .tflite."""
    crops: Path | None = None
    """Folder for the aligned faces, as the network sees them."""
    journal: Path | None = None
    """File that keeps each answer as it comes, for --resume."""
    resume: bool = False
    """Pass over photos that the journal has answers to."""
    workers: int = 1
    """Processes that share the photos; each loads the detector."""
    shard: str | None = None
    """I/N: answer the I-th of N parts; files are called NAME.I-of-N."""
    detector: str = "mtcnn"
    """mtcnn, none (each picture is an aligned face), or MODULE:FUNCTION."""
    ten_crop: bool = False
    """Average over ten views of each face; ten times the work."""
    max_side: int = 1024
    """Pixels a photo is shrunk to before faces are looked for in it."""
    every: int = 1
    """Of videos: look at one frame of so many."""
    smoothing: float = 0.5
    """Of videos: seconds over which answers are smoothed; 0 for none."""

    def __call__(self, say):
        at_least(self, workers=1, max_side=32, every=1, smoothing=0)
        if not self.photos:
            raise UsageError("Name a photo: keras-fer predict PHOTO.")
        one_standard_output(self)
        if self.resume and self.journal is None:
            raise UsageError("--resume goes on with a journal: --journal FILE.")
        command = shards.own_files(self, _FILES)
        try:
            predict(command, say)
        except (KeyboardInterrupt, DiskFullError) as stop:
            raise PredictionInterrupted(
                f"{str(stop) or 'stopped.'} {_what_is_kept(command.journal)}"
            ) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise DataError(
                f"{error.filename or 'An output'} cannot be read or written "
                f"({error.strerror or error})."
            ) from error


def predict(command, say=print):
    """Answers for each photo in turn; what has none is named last.

    Args:
        command: `Predict`.
        say: called with each line of the answer.

    Raises:
        UsageError: before any photo is looked at.
        DataError: after all answers, naming the photos and the faces
            without one.
    """
    # Here, so that help and wrong usage come at once.
    from keras_fer import files
    from keras_fer import model_file
    from keras_fer import photo_journal
    from keras_fer.commands import answer_files
    from keras_fer.commands import output_checks
    from keras_fer.commands import photo_job
    from keras_fer.commands import photo_outputs
    from keras_fer.commands import worker_pool

    job = _job(command)
    faults = []
    listed = _listed(command, faults)
    num_unlisted = len(faults)
    output_checks.check_places(
        {f"--{name}": getattr(command, name) for name in _FILES},
        {f"--{name}": getattr(command, name) for name in _FOLDERS},
        [path for path, _ in listed],
    )
    settings = {
        "model": files.sha256(job.model),
        **{
            name: getattr(command, name)
            for name in ("detector", "ten_crop", "max_side", "every")
        },
        "smoothing": command.smoothing,
        **{name: str(getattr(command, name)) for name in _FOLDERS},
    }
    is_quiet = "-" in (command.json, command.csv)
    with contextlib.ExitStack() as stack:
        path = command.journal
        if path is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            path = Path(folder) / "answers.jsonl"
        journal = photo_journal.PhotoJournal(
            path, settings, resume=command.resume
        )
        stack.enter_context(journal)
        if journal.damaged:
            lines = ", ".join(map(str, journal.damaged))
            _note(
                f"{path}: line {lines} cannot be understood; what was answered "
                "there is asked again"
            )
        tasks = _tasks(listed, journal.outputs(), command.shard)
        output_checks.check_photos_stay(_folders(command), tasks)
        # After names were given: no two parts then use the same one.
        tasks = shards.take(tasks, [name for _, name in listed], command.shard)
        stamps = {task: photo_journal.file_stamp(task.path) for task in tasks}
        open_tasks = [
            task
            for task in tasks
            if not journal.is_answered(str(task.path), stamps[task])
        ]
        if command.resume:
            number = len(tasks) - len(open_tasks)
            _note(f"{number} of {len(tasks)} photos are answered already")
        bar = photo_outputs.ProgressBar(
            len(open_tasks), sys.stderr, time.monotonic
        )
        answers = worker_pool.in_order(
            functools.partial(photo_job.PhotoWorker, job),
            open_tasks,
            min(command.workers, max(len(open_tasks), 1)),
        )
        with contextlib.closing(answers):
            for task, record in answers:
                if record is None:
                    record = {
                        **photo_job.named(task),
                        "error": f"{task.path}: {_CRASHED}",
                    }
                bar.clear()
                if "error" in record:
                    faults.append(record["error"])
                    journal.append(record)  # asked again by --resume
                else:
                    journal.append(record, stamps[task])
                    if not is_quiet:
                        for line in photo_outputs.as_text(record):
                            say(line)
                bar.step()
        bar.clear()
        class_names = model_file.read(job.model).class_names
        left_out = []
        with answer_files.writing(
            command.json, command.csv, class_names, with_places=True
        ) as write:
            # Those that an earlier command answered too.
            for record in _records(journal, tasks):
                write(record)
                left_out += photo_outputs.left_out(record)
    raise_faults(
        [_one_line(fault) for fault in (*faults, *left_out)],
        _last_line(len(faults), len(tasks) + num_unlisted, left_out),
    )


def _last_line(num_failed, num_photos, left_out):
    but = ", but for the faces named here" if left_out else ""
    if not num_failed:
        return f"All {num_photos} photos have an answer{but}."
    return (
        f"{num_failed} of {num_photos} photos have no answer; the others "
        f"have{but}."
    )


def _what_is_kept(journal):
    if journal is None:
        return "No answer was kept; --journal FILE keeps each as it comes."
    return (
        f"The answers so far are in {journal}; the same command with --resume "
        "goes on."
    )


def _job(command):
    from keras_fer import face_detectors
    from keras_fer.classifier import Classifier
    from keras_fer.commands.photo_job import PhotoJob
    from keras_fer.exported_model import find_tflite

    keras_model = None
    if command.explain is not None:
        from keras_fer.commands.explanation import find_keras_model

        keras_model = find_keras_model(command.model)
    model = find_tflite(command.model)
    Classifier(model)  # once here, before workers start
    if command.detector != "mtcnn":
        face_detectors.named_detector(command.detector)
    elif importlib.util.find_spec("mtcnn") is None:
        raise UsageError(face_detectors.NO_MTCNN)
    return PhotoJob(
        model,
        command.detector,
        command.ten_crop,
        command.max_side,
        command.annotate,
        command.crops,
        command.explain,
        keras_model,
        command.every,
        command.smoothing,
    )


def _listed(command, faults):
    from keras_fer.commands import picture_paths
    from keras_fer.commands.photo_job import VIDEOS

    # HEIC is listed so that it is named, with what to do about it.
    suffixes = (*picture_paths.PICTURES, ".heic", ".heif", ".avif", *VIDEOS)
    return picture_paths.list_pictures(command.photos, suffixes, faults=faults)


def _tasks(listed, kept, shard):
    """Tasks whose outputs are called as they were in an earlier command."""
    from keras_fer.commands import picture_paths
    from keras_fer.commands.photo_job import Task

    new = [name for path, name in listed if str(path) not in kept]
    # Another part may see other photos than this one.
    names = iter(
        picture_paths.name_outputs(new, kept.values(), whole=shard is not None)
    )
    return [
        Task(path, Path(kept[str(path)]) if str(path) in kept else next(names))
        for path, _ in listed
    ]


def _folders(command):
    folders = [getattr(command, name) for name in _FOLDERS]
    return [folder for folder in folders if folder is not None]


def _records(journal, tasks):
    for path in dict.fromkeys(str(task.path) for task in tasks):
        record = journal.get(path)
        if record is not None:
            yield record


def _one_line(text):
    from keras_fer.commands.picture_paths import shown

    return shown(text)


def _note(text):
    print(text, file=sys.stderr, flush=True)
