"""Row 3: a small file that claims a giant picture."""

import struct
import zlib

import inject

REPORT_MEMORY = """
import atexit, re, sys
def _report():
    # Not getrusage: its largest size is the parent's where that was larger.
    status = open("/proc/self/status").read()
    kilobytes = re.search(r"VmHWM:\\s+(\\d+)", status)[1]
    print(int(kilobytes) // 1024, file=sys.stderr)
atexit.register(_report)
"""


def png(side):
    """A whole black picture of one bit a pixel; 30,000 wide it has 0.1 MB."""

    def chunk(name, content):
        body = name + content
        return (
            struct.pack(">I", len(content))
            + body
            + struct.pack(">I", zlib.crc32(body))
        )

    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def test_a_giant_is_refused_from_its_header(faces, pictures, model_files):
    content = png(30_000)
    assert len(content) < 200_000
    path = pictures / "train_00001_aligned.jpg"
    path.write_bytes(content)
    for words, expected in (
        (("check-data", faces, "--expected-counts", "any"), "too large"),
        (
            ("classify", path, "--model", model_files / "model.tflite"),
            "exceeds limit",
        ),
    ):
        status, _, error = inject.keras_fer_child(*words, prelude=REPORT_MEMORY)
        *lines, megabytes = error.splitlines()
        assert status == 3 and path.name in error
        assert expected in " ".join(lines)
        assert int(megabytes) < 300


def test_a_picture_of_usual_size_made_alike_passes(faces, pictures, commands):
    (pictures / "train_00001_aligned.jpg").write_bytes(png(100))
    assert commands.check_data(faces)[0] == 0
