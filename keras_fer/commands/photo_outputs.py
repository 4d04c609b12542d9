"""Answers about photos as text, and how far the command is."""

import collections
import itertools

from keras_fer.commands.picture_paths import shown


def as_text(record):
    """Lines for people.

    Args:
        record: as `photo_job.PhotoWorker` gives it, with an answer.

    Yields:
        Lines without their ends.
    """
    if "frames" in record:
        yield from _video_text(record)
        return
    faces, num_skipped = record["faces"], len(record["skipped"])
    rest = f", {num_skipped} left out" if num_skipped else ""
    yield f"{shown(record['path'])}: {_counted(len(faces))}{rest}"
    width = max((len(face["label"]) for face in faces), default=0)
    for face in faces:
        left, top, right, bottom = map(round, face["box"])
        share = face["probabilities"][face["label"]]
        yield (
            f"  {face['label']:{width}} {share:6.1%}  "
            f"({left}, {top}) to ({right}, {bottom})"
        )


def _video_text(record):
    frames = record["frames"]
    tracks = collections.defaultdict(collections.Counter)
    for frame in frames:
        for face in frame["faces"]:
            tracks[face["track"]][face["label"]] += 1
    yield (
        f"{shown(record['path'])}: {len(frames)} frames, "
        f"{_counted(len(tracks))}"
    )
    for track, labels in tracks.items():
        number = labels.total()
        text = ", ".join(
            f"{label} {count / number:.0%}"
            for label, count in labels.most_common(3)
        )
        yield f"  face {track} in {number} frames: {text}"


def left_out(record):
    """What is said at the end of faces that have no answer.

    Args:
        record: as `photo_job.PhotoWorker` gives it.

    Returns:
        A message for each such face in a photo, and one for a video.
    """
    path = record["path"]
    found = [
        f"{path}: {_place(face)} was left out: {face['reason']}"
        for face in record.get("skipped", ())
    ]
    skipped = [
        (frame["time"], face)
        for frame in record.get("frames", ())
        for face in frame["skipped"]
    ]
    if skipped:
        time, face = skipped[0]
        found.append(
            f"{path}: {_counted(len(skipped))} in its frames left out, the "
            f"first {_place(face)} at {time:.3f} s: {face['reason']}"
        )
    return found


def _counted(number):
    return f"{number or 'no'} {'face' if number == 1 else 'faces'}"


def _place(face):
    if face["box"] is None:
        return "a face"
    left, top, right, bottom = map(round, face["box"])
    return f"the face ({left}, {top}) to ({right}, {bottom})"


class ProgressBar:
    """How far a long command is, on a terminal's line.

    Args:
        total: how many photos there are.
        stream: where to draw; nothing is drawn where it is no terminal.
        clock: seconds, such as `time.monotonic`.
    """

    _WIDTH = 24

    def __init__(self, total, stream, clock):
        self._total, self._stream, self._clock = total, stream, clock
        self._is_drawn = stream.isatty()
        self._start, self._counts = clock(), itertools.count(1)

    def step(self):
        """One photo more is answered."""
        done = next(self._counts)
        if not self._is_drawn:
            return
        seconds = max(self._clock() - self._start, 1e-6)
        left = round(seconds / done * (self._total - done))
        filled = round(self._WIDTH * done / self._total)
        bar = "#" * filled + "." * (self._WIDTH - filled)
        self._stream.write(
            f"\r\x1b[K[{bar}] {done}/{self._total} photos, "
            f"{done / seconds:.1f} a second, {left // 60}:{left % 60:02} left"
        )
        self._stream.flush()

    def clear(self):
        """Makes room for other lines."""
        if self._is_drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
