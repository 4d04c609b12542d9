"""An export by its command, which several tests look at."""

import subprocess
import sys

import pytest

from photo_model import write_model
from photographed import photo_of
from recipe_command import environment_of


@pytest.fixture(scope="session")
def exported(whole, tmp_path_factory):
    """(directory, what was printed) of the whole run's export."""
    directory = tmp_path_factory.mktemp("exported") / "export"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "keras_fer", "export", whole[0]),
            *("--formats", "saved_model", "float32", "--rounds", "2"),
            *("--min-images", "14", "--output", directory),
        ],
        capture_output=True,
        text=True,
        env=environment_of(),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return directory, done.stdout


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
