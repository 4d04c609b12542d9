"""What a new user sees: the command, on two photographs that anybody has.

    pip install scikit-image
    python benchmarks/first_minute.py

Runs `keras-fer predict` as a user does on two photographs in the public
domain, which scikit-image (an astronaut, NASA) and Matplotlib (Grace Hopper,
US Navy) carry, says how long the first answer took, and writes the astronaut's
pictures, which the README shows: NAME.png with the faces, NAME-looked.png with
where the network looked. Needs the extra `faces`, and an exported run or a
preset.
"""

import dataclasses
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import tyro
from PIL import Image


@dataclasses.dataclass(frozen=True)
class Config:
    """Makes the pictures of the first minute."""

    model: Path | None = None
    """An exported run or a preset. None: the shipped preset."""
    output: Path = Path("docs/images")
    """Folder for the pictures."""


def main(config):
    photos = shown, _ = find_photos()
    with tempfile.TemporaryDirectory() as folder:
        drawn, looked = Path(folder, "drawn"), Path(folder, "looked")
        words = ["predict", *photos, "--annotate", drawn, "--explain", looked]
        if config.model is not None:
            words += ["--model", config.model]
        start = time.perf_counter()
        status = subprocess.run(
            [sys.executable, "-m", "keras_fer", *map(str, words)]
        ).returncode
        seconds = time.perf_counter() - start
        if status:
            return status
        for suffix, pictures in (("", drawn), ("-looked", looked)):
            (path,) = pictures.glob(f"{shown.stem}*.*g")
            save_small(path, config.output / f"{shown.stem}{suffix}.png")
    print(f"{seconds:.0f} s, both networks loaded: {config.output}")
    return 0


def find_photos():
    """The two photographs, in the packages that carry them."""
    images = importlib.util.find_spec("skimage")  # not imported: it is slow
    if images is None:
        sys.exit("No scikit-image here. Install it: pip install scikit-image")
    return (
        Path(images.origin).parent / "data" / "astronaut.png",
        Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg"),
    )


def save_small(source, target):
    """As PNG of 256 colours: a third of the bytes, hard to tell apart."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as picture:
        small = picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT)
    small.save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Config)))
