"""Frames are read at their times, faces followed, answers smoothed."""

import math
import struct
import sys
import types

import numpy as np
import pytest

from keras_fer import photos
from keras_fer import video
from keras_fer.classifier import Classifier
from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from keras_fer.face_detectors import Face
from photo_model import write_model
from photographed import find_marked
from photographed import photo_of
from turned import STORED


def face_at(left, first=1.0, label="x"):
    shares = {"x": first, "y": 1 - first}
    box = (left, 0.0, left + 100.0, 100.0)
    return photos.PhotoFace(box, None, 1.0, label, shares)


# a, b, c, d of the display matrix that shows what is stored as an orientation
# of EXIF upright: (x, y) comes to (a x + c y, b x + d y).
MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def write_clip(path, pictures, codec="mpeg4", kind=None, **options):
    """Five frames a second, from RGB arrays of one size."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=5, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for picture in pictures:
            picture = np.ascontiguousarray(picture)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def set_display_matrix(path, a, b, c, d):
    """Writes it where phones do: into the track's header (ISO 14496-12)."""
    content = bytearray(path.read_bytes())
    assert content.count(b"tkhd\0") == 1  # of version 0
    place = content.index(b"tkhd") + 44
    one = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    assert content[place : place + 36] == one
    fixed = (number << 16 for number in (a, b, 0, c, d, 0, 0, 0))
    content[place : place + 36] = struct.pack(">9i", *fixed, 1 << 30)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds: a face that moves, and one that comes in the middle."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    pictures = []
    for number in range(10):
        places = [(10 + 4 * number, 60, 120)]
        if number >= 5:
            places.append((200, 80, 100))
        pictures.append(np.asarray(photo_of(*places, size=(320, 240))))
    write_clip(path, pictures)
    return path


@pytest.mark.parametrize("orientation", MATRICES)
def test_a_turned_or_mirrored_video_gives_upright_faces(orientation, tmp_path):
    upright = photo_of((30, 20, 130), (190, 110, 100), size=(320, 240))
    stored = STORED[orientation](np.asarray(upright))
    path = tmp_path / "turned.mp4"
    write_clip(path, [stored] * 2)
    set_display_matrix(path, *MATRICES[orientation])
    frames = list(video.read_frames(path))
    assert len(frames) == 2
    for _, picture in frames:
        assert picture.size == upright.size
        apart = np.subtract(picture, upright, dtype=float)
        assert np.abs(apart).mean() < 8  # compressed; turned wrongly: over 50
        found = find_marked(np.asarray(picture))
        boxes = [face.box for face in find_marked(np.asarray(upright))]
        assert len(found) == 2
        for face, box in zip(found, boxes, strict=True):
            assert np.abs(np.subtract(face.box, box)).max() <= 3


@pytest.mark.parametrize("every", [1, 3])
def test_frames_come_with_their_times(clip, every):
    frames = list(video.read_frames(clip, every))
    assert [time for time, _ in frames] == pytest.approx(
        np.arange(0, 10, every) / 5
    )
    for number, (_, picture) in zip(range(0, 10, every), frames, strict=True):
        assert picture.size == (320, 240) and picture.mode == "RGB"
        left = find_marked(np.asarray(picture))[0].box[0]
        assert abs(left - 10 - 4 * number) <= 3


@pytest.mark.parametrize("kind", ["avi", "mp4", "h264"])
def test_frames_stored_out_of_order_have_their_own_times(kind, tmp_path):
    """AVI tells times of packets alone, and a bare stream none."""
    av = pytest.importorskip("av")
    if "libx264" not in av.codecs_available:
        pytest.skip("FFmpeg has no libx264 here")
    path = tmp_path / "clip.mp4"
    greys = [np.full((64, 64, 3), 20 * n, np.uint8) for n in range(12)]
    write_clip(path, greys, "libx264", kind, bf="2", b_strategy="0")
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.has_b_frames
    frames = list(video.read_frames(path))
    assert [np.mean(picture) for _, picture in frames] == pytest.approx(
        np.arange(0, 240, 20), abs=5
    )
    assert [time for time, _ in frames] == pytest.approx(np.arange(12) / 5)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([None] * 4, [0, 0.5, 1, 1.5]),
        ([7.0, 7.5, 7.6, 9.0], [0, 0.5, 0.6, 2]),  # of no steady rate
        ([-1.0, None, 0.25, None], [0, 0.5, 1.25, 1.75]),
        ([None, 7.0, 8.0], [0, 0.5, 1.5]),
        ([1.0, 3.0, 2.0, 2.0, 2.25], [0, 2, 2.5, 3, 3.25]),
    ],
)
def test_each_frame_is_later_than_the_one_before(told, expected):
    frames = [types.SimpleNamespace(time=time) for time in told]
    found = list(video._timed(frames, 2))
    assert [time for time, _ in found] == pytest.approx(expected)
    assert [frame for _, frame in found] == frames


def test_a_video_has_the_tracks_of_its_faces(clip, tmp_path):
    classifier = Classifier(write_model(tmp_path / "model.tflite"))
    reader = photos.PhotoReader(classifier, find_marked)
    frames = list(video.predict_video(clip, reader, smoothing=0))
    tracks = [tuple(frame.faces) for frame in frames]
    assert tracks == [(0,)] * 5 + [(0, 1)] * 5
    smoothed = list(video.predict_video(clip, reader, smoothing=0.4))
    kept = math.exp(-0.2 / 0.4)
    expected = None
    for raw, frame in zip(frames, smoothed, strict=True):
        shares = np.array(list(raw.faces[0].probabilities.values()))
        expected = (
            shares
            if expected is None
            else kept * expected + (1 - kept) * shares
        )
        found = list(frame.faces[0].probabilities.values())
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_face_that_cannot_be_cut_out_costs_no_frame(clip, tmp_path):
    bad = Face((0.0, 0.0, 8.0, 9.0))
    classifier = Classifier(write_model(tmp_path / "model.tflite"))
    reader = photos.PhotoReader(
        classifier, lambda photo: [*find_marked(photo), bad]
    )
    frames = list(video.predict_video(clip, reader, every=5))
    assert [tuple(frame.faces) for frame in frames] == [(0,), (0, 1)]
    for frame in frames:
        (skipped,) = frame.skipped
        assert skipped.box == bad.box and "8x9" in skipped.reason


def test_smoothing_does_not_depend_on_the_frame_rate():
    last = {}
    for rate in (5, 50):
        tracks = video.FaceTracks(0.5)
        tracks.follow(0.0, [face_at(0, 1.0)])
        for number in range(1, rate + 1):
            found = tracks.follow(number / rate, [face_at(0, 0.0)])
        last[rate] = found[0].probabilities["x"]
        assert found[0].label == "y"
    assert last[5] == pytest.approx(last[50]) == pytest.approx(math.exp(-2))


def test_faces_keep_their_numbers_when_they_move_and_cross_in_the_list():
    tracks = video.FaceTracks()
    assert list(tracks.follow(0.0, [face_at(0), face_at(300)])) == [0, 1]
    assert list(tracks.follow(0.1, [face_at(320), face_at(20)])) == [1, 0]
    assert list(tracks.follow(0.2, [face_at(600)])) == [2]
    # Away for a moment, and away for long.
    assert list(tracks.follow(0.8, [face_at(20)])) == [0]
    assert list(tracks.follow(9.0, [face_at(20)])) == [3]


def test_no_face_takes_two_tracks_nor_two_faces_one():
    tracks = video.FaceTracks()
    tracks.follow(0.0, [face_at(0)])
    found = tracks.follow(0.1, [face_at(30), face_at(5)])
    assert list(found) == [1, 0]


def test_overlap_is_that_of_the_areas():
    assert video.overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert video.overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert video.overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "cannot be decoded"), (b"text", "cannot be decoded")],
)
def test_what_is_no_video_is_refused(content, message, tmp_path):
    pytest.importorskip("av")
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(video.read_frames(path))


def test_half_a_video_is_refused(clip, tmp_path):
    content = clip.read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="half.mp4 cannot be decoded"):
        list(video.read_frames(path))
    with pytest.raises(DataError, match="no video .*none.mp4"):
        list(video.read_frames(tmp_path / "none.mp4"))


def test_without_pyav_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UsageError, match=r"keras-fer\[video\]"):
        next(video.read_frames("clip.mp4"))
