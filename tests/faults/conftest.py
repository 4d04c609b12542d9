"""A data set to damage, a small model file to damage, and the commands."""

import json
import shutil

import pytest

import inject
from recipe_command import SMALL

ALIGNED = "basic/Image/aligned"


@pytest.fixture
def faces(data, tmp_path):
    """A copy of the drawn faces, in RAF-DB's layout."""
    shutil.copytree(data, tmp_path / "faces")
    return tmp_path / "faces"


@pytest.fixture
def pictures(faces):
    return faces / ALIGNED


@pytest.fixture
def commands(capsys, cache, tmp_path, monkeypatch):
    """Runs a command in this process: (status, output, message)."""
    monkeypatch.setenv("KERAS_FER_CACHE", str(cache))

    class Commands:
        run_dir = tmp_path / "run"

        def keras_fer(self, *words):
            return inject.keras_fer(capsys, *words)

        def check_data(self, directory, *words):
            return self.keras_fer(
                *("check-data", directory, "--expected-counts", "any", *words)
            )

        def rafdb(self, directory, *words):
            """The recipe, on data that it should refuse."""
            return inject.recipe(
                *(capsys, "rafdb", "--data-dir", directory),
                *("--run-dir", self.run_dir, *SMALL, *words),
            )

        def recipe(self, name, *words):
            return inject.recipe(capsys, name, *words)

        def refuse(self, directory, *words):
            """The message of recipe and check-data, which refuse the data."""
            # Should it take the data all the same, it ends before training.
            status, _, message = self.rafdb(directory, "--batch-size", "1000")
            assert status == 3
            assert not (self.run_dir / "config.json").exists()
            other, _, text = self.check_data(directory)
            assert other == 3
            for word in words:
                assert word in message and word in text
            assert "Traceback" not in message + text
            return message

    return Commands()


@pytest.fixture(scope="session")
def sweeps(shared):
    """What `checkpoint_sweep.py` found, in one child for three rows."""
    path, lock = shared[0] / "sweeps.json", shared[1]
    with lock:
        if not path.exists():
            names = "bytes", "full", "damage"
            found = inject.sweep(shared[0] / "sweeps", *names)
            path.write_text(json.dumps(found))
    return json.loads(path.read_text())


@pytest.fixture(scope="session")
def model_files(shared):
    """A small untrained network as model.keras, .weights.h5 and .tflite."""
    directory, lock = shared[0] / "model_files", shared[1]
    with lock:
        if not directory.exists():
            import keras_fer
            from keras_fer import model_file
            from keras_fer.export import tflite

            directory.mkdir()
            model = keras_fer.build_model(input_shape=(32, 32, 3), width=0.02)
            model.save(directory / "model.keras")
            model.save_weights(directory / "model.weights.h5")
            path = directory / "model.tflite"
            path.write_bytes(tflite.convert(model, "float32"))
            shutil.copy(path, directory / "bare.tflite")
            model_file.attach(
                path, model_file.Contract(keras_fer.CLASSES, 40, 32, "float32")
            )
    return directory
