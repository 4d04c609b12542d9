"""An export by its command, which several tests look at."""

import subprocess
import sys

import pytest

from photo_model import write_model
from photographed import photo_of
from recipe_command import environment_of


@pytest.fixture(scope="session")
def exported(whole, shared):
    """(directory, what was printed) of the whole run's export."""
    folder, lock = shared
    directory, printed = folder / "export", folder / "exported.txt"
    words = ("--formats", "saved_model", "float32", "--rounds", "2")
    with lock:
        if not printed.exists():
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "keras_fer", "export", whole[0]),
                    *(*words, "--min-images", "14", "--output", directory),
                ],
                capture_output=True,
                text=True,
                env=environment_of(),
                timeout=300,
            )
            assert done.returncode == 0, done.stderr
            printed.write_text(done.stdout)
    return directory, printed.read_text()


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """A small .tflite, trained on nothing."""
    folder = tmp_path_factory.mktemp("small")
    return write_model(folder / "model.float32.tflite")


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory):
    """Photos of two faces, one and none, the second in a folder deeper."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "inner").mkdir()
    photo_of((40, 60, 160), (300, 100, 220)).save(folder / "a.png")
    photo_of((200, 90, 300), seed=1).save(folder / "inner" / "b.jpg")
    photo_of().save(folder / "c.webp")
    return folder
