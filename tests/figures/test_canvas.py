import os
import subprocess
import sys

import pytest
from PIL import Image

from keras_fer.figures import confusion_matrix_figure
from keras_fer.figures import save_figure


def test_a_saved_figure_is_a_picture_with_150_dots_an_inch(tmp_path):
    path = tmp_path / "new folder" / "picture.png"
    save_figure(confusion_matrix_figure([[1]], ["a"]), path)
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)


def test_a_failed_save_leaves_the_old_picture(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    figure = confusion_matrix_figure([[1]], ["a"])
    figure.savefig = lambda *_, **__: (_ for _ in ()).throw(OSError("full"))
    with pytest.raises(OSError, match="full"):
        save_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_users_backend_and_pyplot_stay_untouched(tmp_path):
    script = """
import matplotlib
matplotlib.rcParams["backend"] = "svg"
from keras_fer.figures import confusion_matrix_figure, save_figure
save_figure(confusion_matrix_figure([[1]], ["a"]), "confusion.png")
import sys
print(matplotlib.rcParams["backend"], "matplotlib.pyplot" in sys.modules)
"""
    environment = {
        name: value for name, value in os.environ.items() if name != "DISPLAY"
    }
    child = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert child.stdout == "svg False\n", child.stderr
    assert (tmp_path / "confusion.png").exists()
