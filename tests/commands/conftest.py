"""An export by its command, which several tests look at."""

import subprocess
import sys

import pytest

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
