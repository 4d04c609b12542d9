"""Starts the recipe as a user does: the real command, in a child."""

import os
import subprocess
import sys
from pathlib import Path

RECIPE = Path(__file__).parents[1] / "recipes" / "rafdb.py"
# Augmentation, dropout and averaged weights on, so that a resumed run has
# something to get wrong; narrow, so that it is quick.
SMALL = (
    "--expected-counts any --width 0.05 --epochs 3 --batch-size 8 "
    "--image-size 40 --crop-size 32 --validation-fraction 0.2 "
    "--average-momentum 0.9 --precision float32 --deterministic"
).split()

# For `prelude`: prints at the end whether TensorFlow was loaded.
SAYS_WHETHER_TENSORFLOW_LOADED = """
import atexit
atexit.register(lambda: print("loaded:", "tensorflow" in sys.modules))
"""


def start(cache, *arguments, prelude="", **options):
    """The recipe as a child; `prelude` is code to run in it first."""
    environment = dict(os.environ, KERAS_FER_CACHE=str(cache))
    environment |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{str(RECIPE)!r}, *sys.argv[1:]]\n"
        f"{prelude}\n"
        f"runpy.run_path({str(RECIPE)!r}, run_name='__main__')"
    )
    command = [sys.executable, RECIPE]
    if prelude:
        command = [sys.executable, "-c", code]
    return subprocess.Popen(
        [*map(str, command), *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(cache, *arguments, prelude=""):
    child = start(cache, *arguments, prelude=prelude)
    out, error = child.communicate(timeout=300)
    return child.returncode, out, error
