"""What is done with each photo, in this process or in a worker."""

import contextlib
import dataclasses
import errno
from pathlib import Path

from PIL import Image

from keras_fer import face_detectors
from keras_fer import files
from keras_fer.annotation import annotate
from keras_fer.classifier import Classifier
from keras_fer.errors import ExpectedError
from keras_fer.errors import UsageError
from keras_fer.photos import PhotoReader
from keras_fer.photos import open_photo

VIDEOS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm")
_JPEG = (".jpg", ".jpeg")
# What ends every photo's writing, not one's.
_NOWHERE_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)


@dataclasses.dataclass(frozen=True)
class PhotoJob:
    """Settings of `keras-fer predict` that each photo needs.

    Attributes:
        model: path of a .tflite file.
        detector: see `face_detectors.named_detector`.
        ten_crop, max_side: see `photos.PhotoReader`.
        annotate, crops, explain: folders to write into, or None.
        keras_model: what `--explain` takes its maps from, or None.
        every, smoothing: of videos; see `video.predict_video`.
    """

    model: Path
    detector: str
    ten_crop: bool
    max_side: int
    annotate: Path | None
    crops: Path | None
    explain: Path | None
    keras_model: Path | None
    every: int
    smoothing: float


@dataclasses.dataclass(frozen=True)
class Task:
    """A photo, and the name of what is written about it, without suffix."""

    path: Path
    output: Path


class PhotoWorker:
    """Answers photos: whatever is slow to load is loaded once.

    Args:
        job: `PhotoJob`.
    """

    def __init__(self, job):
        self._job = job
        self._reader = PhotoReader(
            Classifier(job.model),
            face_detectors.named_detector(job.detector),
            job.ten_crop,
            job.max_side,
        )
        self._explain = None
        if job.explain is not None:
            from keras_fer.commands.explanation import Explainer

            self._explain = Explainer(job.keras_model)

    def __call__(self, task):
        """Answers one photo or video.

        Args:
            task: `Task`.

        Returns:
            A dict of plain values: "path" and "output" (see `named`), and
            "width", "height", "faces" and "skipped", or "frames" of a
            video, or "error", why there is no answer.

        Raises:
            UsageError: if what the settings ask for is not there.
            OSError: if nothing more can be written.
        """
        record = named(task)
        is_writing = False
        try:
            if task.path.suffix.lower() in VIDEOS:
                return record | self._video(task)
            picture = open_photo(task.path)
            photo, crops = self._reader.read(picture)
            is_writing = True
            self._write(task, picture, photo, crops)
            return record | dataclasses.asdict(photo)
        except UsageError:
            raise
        # A detector of the user's own may raise anything, and one photo is
        # no reason to leave the others.
        except Exception as error:
            number = error.errno if isinstance(error, OSError) else None
            if is_writing and number in _NOWHERE_TO_WRITE:
                raise
            return record | {"error": _fault(task.path, error)}

    def _write(self, task, picture, photo, crops):
        job, stem = self._job, str(task.output)
        if job.annotate is not None:
            path = job.annotate / annotated_name(task)
            _save(annotate(picture, photo.faces), path)
        for number, crop in enumerate(crops if job.crops else (), 1):
            _save(Image.fromarray(crop), job.crops / f"{stem}.{number}.png")
        if job.explain is not None and photo.faces:
            from keras_fer.figures import save_figure

            figure = self._explain(photo.faces, crops)
            save_figure(figure, job.explain / f"{stem}.png")

    def _video(self, task):
        from keras_fer.video import predict_video

        frames = []
        answers = predict_video(
            task.path,
            self._reader,
            every=self._job.every,
            smoothing=self._job.smoothing,
        )
        with contextlib.closing(answers):
            for frame in answers:
                faces = [
                    {"track": track, **dataclasses.asdict(face)}
                    for track, face in frame.faces.items()
                ]
                skipped = [dataclasses.asdict(face) for face in frame.skipped]
                time = round(frame.time, 6)
                frames.append(
                    {"time": time, "faces": faces, "skipped": skipped}
                )
        return {"frames": frames}


def named(task):
    """How a record begins: the photo's path, and what its pictures are called.

    A command that goes on reads it, so that no picture is written over.
    """
    return {"path": str(task.path), "output": task.output.as_posix()}


def annotated_name(task):
    """The annotated photo's file, within its folder."""
    suffix = ".jpg" if task.path.suffix.lower() in _JPEG else ".png"
    return f"{task.output}{suffix}"


def _fault(path, error):
    """One message, with the photo's name and what happened."""
    message = str(error)
    if not isinstance(error, (ExpectedError, ValueError)) or not message:
        message = f"{type(error).__name__}: {message}".removesuffix(": ")
    return message if str(path) in message else f"{path}: {message}"


def _save(picture, path):
    options = {"quality": 92} if path.suffix == ".jpg" else {}
    with files.atomic_path(path) as temporary:
        picture.save(temporary, **options)
