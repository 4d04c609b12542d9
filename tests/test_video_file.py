"""A video that was cut off is told, wherever; a whole one never."""

import struct

import numpy as np
import pytest

from keras_fer import video
from keras_fer.errors import DataError
from keras_fer.video_file import check_whole

KINDS = {"avi": {}, "mkv": {}, "webm": {}, "mov": {}, "mp4": {}}
# The index before the frames; in pieces; a length that nobody knows yet.
FORMS = KINDS | {
    "index first.mp4": {"movflags": "faststart"},
    "fragments.mp4": {"movflags": "frag_keyframe+empty_moov"},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A second of video of each kind."""
    av = pytest.importorskip("av")
    folder, found = tmp_path_factory.mktemp("kinds"), {}
    pictures = np.random.default_rng(0).integers(
        0, 255, (10, 64, 64, 3), np.uint8
    )
    for name, options in (FORMS | {"live.mkv": {"live": "1"}}).items():
        suffix = name.rpartition(".")[2]
        path = folder / f"{name.partition('.')[0]}.{suffix}"
        codec = "libvpx" if suffix == "webm" else "mpeg4"
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        found[name] = path
    return found


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_video_that_is_cut_off_is_refused(name, share, clips, tmp_path):
    content = clips[name].read_bytes()
    path = tmp_path / clips[name].name
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match="cannot be decoded as a video.*cut"):
        next(video.read_frames(path))


@pytest.mark.parametrize("name", [*FORMS, "live.mkv"])
def test_a_whole_video_is_read_to_its_end(name, clips, tmp_path):
    assert len(list(video.read_frames(clips[name]))) == 10
    # Some programs leave notes behind the end.
    path = tmp_path / clips[name].name
    path.write_bytes(clips[name].read_bytes() + b"noted by a phone, at length")
    check_whole(path)


def test_a_recording_that_tells_no_length_is_read_as_far_as_it_goes(
    clips, tmp_path
):
    content = clips["live.mkv"].read_bytes()
    path = tmp_path / "live.mkv"
    path.write_bytes(content[: len(content) * 2 // 3])
    assert 0 < len(list(video.read_frames(path))) < 10


def test_boxes_of_more_than_four_gigabytes_are_understood(tmp_path):
    path = tmp_path / "long.mp4"
    head = struct.pack(">I4s8x", 16, b"ftyp")
    path.write_bytes(head + struct.pack(">I4sQ", 1, b"mdat", 5 << 30))
    with pytest.raises(DataError, match="32 of 5,368,709,136 bytes"):
        check_whole(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"\x1aE\xdf\xa3", b"\x1aE\xdf\xa3\x00", b"\0" * 40, b"text"],
)
def test_what_is_no_video_is_left_to_the_reader(content, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    check_whole(path)
    check_whole(tmp_path)
    check_whole(tmp_path / "absent.mp4")
