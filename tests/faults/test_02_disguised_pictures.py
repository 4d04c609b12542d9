"""Row 2: another kind of file under a picture's name."""

import io

import pytest
from PIL import Image


def encode(kind):
    stream = io.BytesIO()
    Image.new("RGB", (100, 100), "teal").save(stream, kind)
    return stream.getvalue()


OTHERS = {
    "unknown": b"no picture at all",
    "HTML or XML": b"<!DOCTYPE html><html></html>",
    "GIF": encode("GIF"),
    "WebP": encode("WEBP"),
    "BMP": encode("BMP"),
    "TIFF": encode("TIFF"),
    "JPEG XL": b"\xff\x0a" + bytes(100),
    "JPEG XL ": b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a" + bytes(100),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(100),
    "AVIF": b"\0\0\0\x18ftypavif" + bytes(100),
}


def test_every_kind_is_named_in_data_sets(faces, pictures, commands):
    words = []
    for number, (kind, content) in enumerate(OTHERS.items(), 1):
        path = pictures / f"train_{number:05}_aligned.jpg"
        path.write_bytes(content)
        words.append(
            f"{path} is no JPEG or PNG file (looks like: {kind.strip()})"
        )
    message = commands.refuse(faces, *words)
    assert f"{len(OTHERS)} of 84 pictures are faulty" in message


@pytest.mark.parametrize("kind", OTHERS)
def test_photos_may_be_webp_and_others_are_told_what_to_do(
    kind, tmp_path, commands, model_files
):
    path = tmp_path / "face.jpg"
    path.write_bytes(OTHERS[kind])
    status, _, message = commands.keras_fer(
        *("classify", path, "--model", model_files / "model.tflite")
    )
    if kind == "WebP":
        assert status == 0
        return
    assert status == 3
    assert f"{path} cannot be decoded" in message
    assert "0x" not in message  # an address, another one each time
    if kind != "unknown":
        assert f"It looks like {kind.strip()}: convert it to JPEG" in message


def test_a_head_alone_is_refused_in_words_that_stay(
    faces, pictures, commands, model_files
):
    path = pictures / "train_00001_aligned.jpg"
    path.write_bytes(b"\xff\xd8\xff\x01" + bytes(900))
    words = "cannot be decoded (it begins as JPEG and goes on as none)"
    message = commands.refuse(faces, f"{path} {words}")
    status, _, told = commands.keras_fer(
        *("classify", path, "--model", model_files / "model.tflite")
    )
    assert status == 3 and f"{path} {words}" in told
    assert "0x" not in message + told
