"""Row 36: no display, no TensorBoard, no framework at all."""

import pytest

import inject
from recipe_command import SMALL
from recipe_command import run


def test_faces_are_classified_without_any_framework(data, model_files):
    face = data / "basic/Image/aligned/test_00001_aligned.jpg"
    words = ("classify", face, "--model", model_files / "model.tflite")
    blocked = "tensorflow", "keras", "h5py", "matplotlib", "sklearn"
    status, out, error = inject.keras_fer_child(
        *words, prelude=inject.block_import(*blocked, "tensorflow_datasets")
    )
    assert status == 0, error
    assert out == inject.keras_fer_child(*words)[1]
    # The blocker is real: without LiteRT there is no answer.
    status, out, _ = inject.keras_fer_child(
        *words, prelude=inject.block_import("ai_edge_litert")
    )
    assert status != 0 and not out


@pytest.mark.slow
def test_a_run_needs_neither_display_nor_tensorboard(data, cache, tmp_path):
    prelude = inject.block_import("tensorboard", "tkinter", "PyQt5", "PyQt6")
    prelude += "import os\nos.environ.pop('DISPLAY', None)\n"
    prelude += "os.environ['MPLBACKEND'] = 'TkAgg'\n"
    words = ("--data-dir", data, "--run-dir", tmp_path, *SMALL)
    status, _, error = run(cache, *words, "--epochs", "1", prelude=prelude)
    assert status == 0, error
    for name in ("curves.png", "confusion.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
