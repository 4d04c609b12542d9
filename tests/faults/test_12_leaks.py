"""Row 12: test pictures in the training part."""

import json

import pytest
from PIL import Image

from recipe_command import SMALL
from recipe_command import run

FLIP = Image.Transpose.FLIP_LEFT_RIGHT


def save(image, path):
    image.save(path, quality=92)


def copy_bytes(source, target):
    target.write_bytes(source.read_bytes())


def encode_again(source, target):
    with Image.open(source) as image:
        image.save(target, quality=60)


def mirror(source, target):
    with Image.open(source) as image:
        save(image.transpose(FLIP), target)


def turn(source, target):
    with Image.open(source) as image:
        save(image.rotate(10, Image.Resampling.BILINEAR), target)


def jitter(source, target):
    with Image.open(source) as image:
        image = image.crop((4, 2, 97, 95)).resize(image.size)
        save(image.point(lambda value: min(value * 1.1 + 4, 255)), target)


ALWAYS_FOUND = {
    "bytes": copy_bytes,
    "re-encoded": encode_again,
    "mirrored": mirror,
}
NUMBERS = (1, 3, 6, 9, 13)


def plant(pictures, make):
    """Training pictures made of five test pictures; the pairs' names."""
    pairs = []
    for number in NUMBERS:
        source = pictures / f"test_{number:05}_aligned.jpg"
        target = pictures / f"train_{number + 20:05}_aligned.jpg"
        make(source, target)
        pairs.append((f"train_{number + 20:05}.jpg", f"test_{number:05}.jpg"))
    return pairs


@pytest.mark.parametrize("kind", ALWAYS_FOUND)
def test_copies_are_always_found(kind, faces, pictures, commands):
    pairs = plant(pictures, ALWAYS_FOUND[kind])
    status, out, message = commands.check_data(faces)
    assert status == 3
    for ours, theirs in pairs:
        assert f"{ours} and {theirs} ({kind})" in out
    assert f"5 {kind}" in out and "--on-leak drop" in message


# A search for likeness, no proof: benchmarks/planted_copies.py has the shares.
@pytest.mark.parametrize(("make", "least"), [(turn, 3), (jitter, 5)])
def test_second_views_are_reported_as_near(
    make, least, faces, pictures, commands
):
    pairs = plant(pictures, make)
    _, out, _ = commands.check_data(faces)
    found = [f"{ours} and {theirs} (near)" in out for ours, theirs in pairs]
    assert sum(found) >= least


def test_without_a_planted_copy_nothing_is_found(data, commands):
    status, out, _ = commands.check_data(data)
    assert status == 0 and "0 pairs" in out


def test_the_recipe_stops_drops_or_keeps(faces, pictures, commands):
    pairs = plant(pictures, copy_bytes)
    status, _, message = commands.rafdb(faces)
    assert status == 3
    for ours, theirs in pairs:
        assert f"{ours} and {theirs} (bytes)" in message
    assert "--on-leak drop" in message and "--on-leak keep" in message
    for policy, counts in (("drop", "51 train"), ("keep", "56 train")):
        # A batch of a thousand: ends when the data is sound, untrained.
        words = ("--on-leak", policy, "--batch-size", "1000")
        status, out, message = commands.rafdb(faces, *words)
        assert status == 2 and "do not fill one batch" in message
        assert f"Faces: {counts}" in out


@pytest.mark.slow
def test_the_report_says_what_was_done(faces, pictures, cache, tmp_path):
    plant(pictures, encode_again)
    for policy, dropped in (("drop", 5), ("keep", 0)):
        run_dir = tmp_path / policy
        words = ("--data-dir", faces, "--run-dir", run_dir, *SMALL)
        status, _, error = run(
            cache, *words, "--epochs", "1", "--on-leak", policy
        )
        assert status == 0, error
        report = json.loads((run_dir / "report.json").read_text())
        leaks = report["leak_report"]
        assert (leaks["policy"], leaks["num_dropped"]) == (policy, dropped)
        assert leaks["pairs"]["re-encoded"] == 5
        assert "5" in (run_dir / "report.md").read_text()
