"""Videos frame by frame: faces followed, their expressions smoothed."""

import dataclasses
import math

import numpy as np
from PIL import Image

from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from keras_fer.face_detectors import SkippedFace
from keras_fer.face_image import MAX_PIXELS
from keras_fer.photos import PhotoFace
from keras_fer.video_file import check_whole

SMOOTHING = 0.5  # seconds
_UNTOLD_RATE = 25  # frames a second, as FFmpeg takes it
# A face that was not seen for so long is another face.
_PATIENCE = 1.0
_LEAST_OVERLAP = 0.3
_NO_AV = (
    "Reading videos needs the package av (PyAV). Install it: pip install "
    "'keras-fer[video]'"
)


@dataclasses.dataclass(frozen=True)
class VideoFrame:
    """What was found in one frame.

    Attributes:
        time: seconds from the video's beginning.
        faces: track number -> `PhotoFace`, whose label and probabilities
            are smoothed over time.
        skipped: a tuple of `SkippedFace`; see `photos.Photo`.
    """

    time: float
    faces: dict[int, PhotoFace]
    skipped: tuple[SkippedFace, ...] = ()


def predict_video(path, reader, *, every=1, smoothing=SMOOTHING):
    """The expressions in a video, frame by frame.

    Args:
        path: of the video.
        reader: `photos.PhotoReader`.
        every: look at one frame of so many.
        smoothing: time constant of the exponential smoothing, in seconds;
            0 for none.

    Yields:
        A `VideoFrame` for each frame that was looked at.

    Raises:
        UsageError: if PyAV is not installed.
        DataError: if the video cannot be decoded to its end.
    """
    tracks = FaceTracks(smoothing)
    for time, picture in read_frames(path, every):
        photo, _ = reader.read(picture)
        yield VideoFrame(time, tracks.follow(time, photo.faces), photo.skipped)


def read_frames(path, every=1):
    """The frames of a video's first stream, one after another.

    Args:
        path: of the video.
        every: give one frame of so many.

    Yields:
        (seconds from the beginning, upright RGB `PIL.Image.Image`).

    Raises:
        UsageError: if PyAV is not installed.
        DataError: if the video cannot be decoded to its end.
    """
    try:
        import av
    except ImportError as error:
        raise UsageError(_NO_AV) from error
    check_whole(path)
    try:
        # Names of metadata may be in any encoding.
        with av.open(str(path), metadata_errors="replace") as container:
            if not container.streams.video:
                raise DataError(f"{path} holds no video.")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if stream.width * stream.height > MAX_PIXELS:
                raise DataError(
                    f"{path} claims frames of {stream.width}x{stream.height} "
                    f"pixels; at most {MAX_PIXELS:,} are read."
                )
            # AVI has times of packets alone, and frames that are predicted
            # from later ones are shown in another order.
            is_told = not (
                container.format.name == "avi"
                and stream.codec_context.has_b_frames
            )
            frames = _timed(
                container.decode(stream),
                stream.guessed_rate or _UNTOLD_RATE,
                is_told,
            )
            number = -1
            for number, (time, frame) in enumerate(frames):
                if number % every == 0:
                    yield time, _upright(frame)
            if number < 0:
                raise DataError(f"{path} holds no frame: it is cut off.")
    except FileNotFoundError:
        raise DataError(f"There is no video {path}.") from None
    except av.FFmpegError as error:
        raise DataError(
            f"{path} cannot be decoded as a video ({error.strerror})."
        ) from error


def _timed(frames, rate, is_told=True):
    """Frames, each later than the one before, with their times.

    Args:
        frames: with `time` in seconds or None, in the order they are shown.
        rate: frames a second, where a frame tells no time or no later one.
        is_told: whether the frames' own times are their times at all.

    Yields:
        (seconds from the first frame, frame).
    """
    first = elapsed = None
    for frame in frames:
        told = frame.time if is_told else None
        if elapsed is None:
            elapsed = 0
        elif told is None or first is None or told - first <= elapsed:
            elapsed += 1 / rate
        else:
            elapsed = told - first
        if told is not None:
            first = told - elapsed  # later ones count from here
        yield float(elapsed), frame


def _upright(frame):
    """A frame as players show it: phones store it as their sensor lies.

    The container's display matrix says where a pixel belongs: to
    (a x + c y, b x + d y), in whole quarter turns and mirrored or not.
    """
    pixels = frame.to_ndarray(format="rgb24")
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is not None:
        a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).tolist()
        if abs(b) + abs(c) > abs(a) + abs(d):
            pixels, a, d = pixels.transpose(1, 0, 2), c, b
        pixels = pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
    return Image.fromarray(np.ascontiguousarray(pixels))


class FaceTracks:
    """Which face of a frame is which of the frames before.

    Faces are matched by the overlap of their boxes, the best pair first.

    Args:
        smoothing: time constant in seconds: after so long a new answer
            counts for 63 % (exponential smoothing, so that the rate of
            frames does not matter). 0 for none.
    """

    def __init__(self, smoothing=SMOOTHING):
        self._smoothing = smoothing
        self._last = {}  # track -> (time, PhotoFace, smoothed)
        self._next = 0

    def follow(self, time, faces):
        """Numbers the faces of the next frame and smooths their answers.

        Args:
            time: of the frame, in seconds.
            faces: `PhotoFace`s.

        Returns:
            Track number -> `PhotoFace` with smoothed probabilities and their
            label, in the order of `faces`.
        """
        self._last = {
            track: seen
            for track, seen in self._last.items()
            if time - seen[0] <= _PATIENCE
        }
        pairs = sorted(
            (
                (overlap(face.box, seen[1].box), track, index)
                for track, seen in self._last.items()
                for index, face in enumerate(faces)
            ),
            reverse=True,
        )
        tracks = {}
        for share, track, index in pairs:
            if share < _LEAST_OVERLAP:
                break
            if index not in tracks and track not in tracks.values():
                tracks[index] = track
        found = {}
        for index, face in enumerate(faces):
            track = tracks.get(index)
            if track is None:
                track, self._next = self._next, self._next + 1
            found[track] = self._smooth(track, time, face)
        return found

    def _smooth(self, track, time, face):
        shares = np.array(list(face.probabilities.values()))
        if track in self._last and self._smoothing:
            before, _, smoothed = self._last[track]
            kept = math.exp(-max(time - before, 0) / self._smoothing)
            shares = kept * smoothed + (1 - kept) * shares
        self._last[track] = time, face, shares
        named = dict(zip(face.probabilities, shares.tolist(), strict=True))
        label = max(named, key=named.get)
        return dataclasses.replace(face, label=label, probabilities=named)


def overlap(first, second):
    """Intersection over union of two boxes (left, top, right, bottom)."""
    low = np.maximum(first[:2], second[:2])
    high = np.minimum(first[2:], second[2:])
    inner = np.prod(np.maximum(high - low, 0))
    areas = [np.prod(np.subtract(box[2:], box[:2])) for box in (first, second)]
    return float(inner / (sum(areas) - inner))
