"""Starts a recipe as a user does: the real command, in a child."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py

RECIPES = Path(__file__).parents[1] / "recipes"
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

# Ends the child at the worst moments: what to run first, exit status, and the
# epochs that the child began, from 1 as it says them.
ENDS = {
    "killed in mid-epoch": (
        """
from keras_fer import training
step = training._train_step
def killing(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 4:
        import os; os.kill(os.getpid(), 9)
training._train_step = killing
""",
        -signal.SIGKILL,
        [1, 2],
    ),
    "stopped in mid-epoch": (
        """
from keras_fer import training
step = training._train_step
def stopping(model, images, labels, progress, bar):
    step(model, images, labels, progress, bar)
    if progress.epoch == 1 and progress.step == 3:
        import os, signal; os.kill(os.getpid(), signal.SIGTERM)
training._train_step = stopping
""",
        4,
        [2],
    ),
    "killed in the middle of a save": (
        """
import os
replace = os.replace
def killing(source, target):
    if str(target).endswith("previous.npz"):
        replace(source, target)
        os.kill(os.getpid(), 9)
    replace(source, target)
os.replace = killing
""",
        -signal.SIGKILL,
        [2],
    ),
    "killed between weights and checkpoint": (
        """
from keras_fer import checkpoints
def killing(directory, model, progress, best):
    import os; os.kill(os.getpid(), 9)
checkpoints.save = killing
""",
        -signal.SIGKILL,
        [3],
    ),
    "at its end": ("", 0, [3]),
}


def environment_of(**variables):
    """A quiet child's environment, on the CPU."""
    return os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **variables,
    }


def start(
    cache, *arguments, recipe="rafdb", prelude="", variables=(), **options
):
    """The recipe as a child; `prelude` is code to run in it first.

    `variables` are more of its environment, a mapping.
    """
    path = RECIPES / f"{recipe}.py"
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{str(path)!r}, *sys.argv[1:]]\n"
        f"{prelude}\n"
        f"runpy.run_path({str(path)!r}, run_name='__main__')"
    )
    command = [sys.executable, path]
    if prelude:
        command = [sys.executable, "-c", code]
    return subprocess.Popen(
        [*map(str, command), *map(str, arguments)],
        env=environment_of(KERAS_FER_CACHE=str(cache), **dict(variables)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(cache, *arguments, **options):
    child = start(cache, *arguments, **options)
    out, error = child.communicate(timeout=300)
    return child.returncode, out, error


def refusal(cache, *arguments, recipe="rafdb"):
    """Exit status and message of a run that ends without TensorFlow."""
    status, out, error = run(
        cache,
        *arguments,
        recipe=recipe,
        prelude=SAYS_WHETHER_TENSORFLOW_LOADED,
    )
    assert "Traceback" not in error
    assert "loaded: False" in out
    return status, error


def largest_difference(ours, theirs):
    """Of two `read_weights`, which must have the same arrays."""
    assert ours.keys() == theirs.keys()
    return max(abs(ours[name] - theirs[name]).max() for name in theirs)


def read_weights(run_dir):
    """Every array in a run's weight file, by its place."""
    values = {}
    with h5py.File(run_dir / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                values.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return values
