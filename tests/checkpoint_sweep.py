"""Saves checkpoints under kills, full disks and damage; prints JSON.

Run as a program with KERAS_BACKEND=numpy, which starts in a second and may
fork. The arguments: the folder to write in, and the sweeps to do there.
"""

import json
import os
import resource
import shutil
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import keras
import numpy as np
from kill_sweep import STEPS
from PIL import Image

from keras_fer import checkpoints
from keras_fer import files

NAMES = ("next.npz", "last.npz", "previous.npz")


def make_model(value):
    """What `checkpoints` sees of a compiled model, every number `value`."""
    shapes = ((3, 3, 3, 4), (4,), ())
    variables = [keras.Variable(np.full(shape, value)) for shape in shapes]
    optimizer = SimpleNamespace(
        variables=[keras.Variable(np.full((4,), value))]
    )
    return SimpleNamespace(variables=variables, optimizer=optimizer)


def save(directory, epoch, run_id="run"):
    model = make_model(float(epoch))
    progress = checkpoints.Progress(run_id, epoch, best=float(epoch))
    best = checkpoints.weights(model)
    checkpoints.save(directory, model, progress, best)


def load(directory):
    """The epoch that is found, None for none, and what is said.

    Raises:
        ValueError: if it is a mixture of several epochs.
    """
    model = make_model(-1.0)
    progress, best, messages = checkpoints.load(directory, model, "run")
    arrays = [*checkpoints.snapshot(model), *best]
    found = {float(value) for array in arrays for value in np.ravel(array)}
    if progress is None:
        return [None, messages]
    if found != {float(progress.epoch)} or progress.best != progress.epoch:
        raise ValueError(f"epoch {progress.epoch} holds {found}")
    return [progress.epoch, messages]


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    for epoch in (1, 2):
        save(directory, epoch)


def kill(directory, how, stride):
    """After each kill of the third save: the epoch that is found."""
    found, step, done = [], 1, False
    while not done:
        fresh(directory)
        child = os.fork()
        if not child:
            STEPS[how](step)
            save(directory, 3)
            sys.setprofile(None)
            os._exit(0)
        done = os.waitpid(child, 0)[1] == 0
        found.append(load(directory)[0])
        files.clear_partial_files(directory)
        strangers = set(os.listdir(directory)) - set(NAMES)
        if strangers:
            raise ValueError(f"step {step} left {strangers}")
        step += stride
    return found


def write_h5(path):
    with files.atomic_path(path) as partial, h5py.File(partial, "w") as file:
        file["weights"] = np.random.default_rng(0).random(20_000)


def write_png(path):
    pixels = np.random.default_rng(0).integers(0, 256, (99, 99), np.uint8)
    with files.atomic_path(path) as partial:
        Image.fromarray(pixels).save(partial)


WRITERS = {
    "weights.h5": write_h5,
    "curves.png": write_png,
    "report.json": lambda path: files.write_json(path, list(range(3000))),
    "report.md": lambda path: files.write_text(path, "x" * 9999),
}


def fill_disk(directory):
    """Each writer under a limit on the bytes of a file: what is said."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    fresh(directory)
    writers = dict(WRITERS)
    for name, write in writers.items():
        write(directory / name)
    writers["last.npz"] = lambda path: save(path.parent, 3)
    answers = []
    for name, write in writers.items():
        before = (directory / name).read_bytes()
        for limit in (0, 1, 1000, len(before) // 2, len(before) - 1):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            try:
                write(directory / name)
                said = "nothing"
            except files.DiskFullError as error:
                said = str(error)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            whole = (directory / name).read_bytes() == before
            left = [n for n in os.listdir(directory) if "partial" in n]
            answers.append([name, limit, said, whole, left])
        write(directory / name)  # once there is room again
    return answers, load(directory)


def damage(directory):
    """What is found after each damage to the newest checkpoint."""
    fresh(directory)
    whole = (directory / "last.npz").read_bytes()
    answers = {}
    for length in range(0, len(whole), 101):
        (directory / "last.npz").write_bytes(whole[:length])
        answers[f"cut at {length}"] = load(directory)
    for place in range(0, len(whole), 37):
        flipped = bytearray(whole)
        flipped[place] ^= 0x40
        (directory / "last.npz").write_bytes(flipped)
        answers[f"flipped at {place}"] = load(directory)
    (directory / "last.npz").write_bytes(whole)
    answers["whole"] = load(directory)
    save(directory / "other", 7, run_id="another")
    shutil.copy(directory / "other/last.npz", directory / "last.npz")
    answers["another run's"] = load(directory)
    (directory / "last.npz").write_text("{}")
    answers["JSON"] = load(directory)
    (directory / "last.npz").write_bytes(whole)
    np.savez(directory / "next.npz", progress=np.array([{}], dtype=object))
    answers["a pickle"] = load(directory)
    os.remove(directory / "next.npz")
    for name in ("last.npz", "previous.npz"):
        (directory / name).write_bytes(b"")
    answers["both empty"] = load(directory)
    return answers


def main(directory, *sweeps):
    directory = Path(directory, "checkpoints")
    found = {}
    for what in sweeps:
        if what == "damage":
            found[what] = damage(directory)
        elif what == "full":
            found[what] = fill_disk(directory)
        else:
            found[what] = kill(directory, what, 1 if what == "calls" else 53)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
