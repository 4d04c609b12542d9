"""Row 33: no home folder, no network, no ImageNet weights at hand."""

import subprocess
import sys

import pytest

import inject
from recipe_command import RECIPES
from recipe_command import SMALL
from recipe_command import environment_of

# Whoever asks for the network gets an error, and not an answer.
NO_NETWORK = """
import socket
def _no(*arguments, **options):
    raise OSError("Network is unreachable")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = _no
"""


def homeless(*words, prelude=NO_NETWORK):
    environment = environment_of(HOME="/nonexistent")
    environment.pop("KERAS_FER_CACHE", None)
    environment.pop("KERAS_HOME", None)
    path = str(RECIPES / "rafdb.py")
    code = (
        f"{prelude}\nimport runpy, sys\nsys.argv = [{path!r}, *sys.argv[1:]]\n"
        f"runpy.run_path({path!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow  # two children
def test_data_is_checked_and_faces_classified_all_the_same(data, model_files):
    face = data / "basic/Image/aligned/test_00001_aligned.jpg"
    for words in (
        ("check-data", data, "--expected-counts", "any"),
        ("classify", face, "--model", model_files / "model.tflite"),
    ):
        status, _, error = inject.keras_fer_child(
            *words, prelude=NO_NETWORK, HOME="/nonexistent"
        )
        assert status == 0, error


@pytest.mark.slow
def test_recipes_run_where_a_cache_is_named(data, tmp_path):
    words = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    words += ("--epochs", "1")
    status, _, error = homeless(*words)
    # Root may make any folder, a home too.
    if status:
        assert status == 3 and "--cache-dir FOLDER" in error
    status, _, error = homeless(
        *words, "--cache-dir", tmp_path / "cache", "--overwrite"
    )
    assert status == 0, error
    assert (tmp_path / "run" / "report.md").exists()


@pytest.mark.slow
def test_imagenet_offline_names_file_hash_and_folder(data, tmp_path):
    words = ("--data-dir", data, "--run-dir", tmp_path / "run", *SMALL)
    status, _, error = homeless(*words, "--weights", "imagenet")
    assert status == 2
    for part in (
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
        "/nonexistent/.keras/models",
        "Network is unreachable",
        "build_model(weights=PATH)",
    ):
        assert part in error
    assert not (tmp_path / "run" / "config.json").exists()
