"""The whole state of a training in one file, so that none of it can be lost.

A checkpoint holds weights, optimiser, averaged weights, random state, epoch,
step, history and best value. It is written beside the last one, which stays
as the previous one.
"""

import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np

from keras_fer import cluster
from keras_fer import files


@dataclasses.dataclass
class Progress:
    """How far a training has come; everything that is not an array.

    Attributes:
        run_id: which run the checkpoint belongs to.
        epoch: the epoch under way, from 0.
        step: how many of its steps are done.
        loss_sum, accuracy_sum: metric sums over these steps.
        best: the best validation accuracy so far, or None.
        best_epoch: its epoch, or None.
        history: column -> one value for each finished epoch.
        seconds: time spent training so far.
    """

    run_id: str
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    accuracy_sum: float = 0.0
    best: float | None = None
    best_epoch: int | None = None
    history: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0


def snapshot(model):
    """All state of a compiled model: weights, optimiser, random state.

    Returns:
        A list of NumPy arrays.
    """
    return [variable.numpy() for variable in _variables(model)]


def weights(model):
    """The model's own variables, without the optimiser's, as arrays."""
    return [variable.numpy() for variable in model.variables]


def restore_weights(model, arrays):
    """Puts the arrays of `weights` back; nothing if there are none."""
    if arrays:
        _assign(model.variables, arrays)


def restore(model, arrays):
    """Puts the arrays of `snapshot` back.

    Args:
        model: the compiled model; changed in place.
        arrays: a list of NumPy arrays.

    Raises:
        ValueError: if they do not fit the model, naming the first misfit.
    """
    _assign(_variables(model), arrays)


def save(directory, model, progress, best=()):
    """Writes `last.npz`; what was there becomes `previous.npz`.

    Args:
        directory: the folder of the checkpoints.
        model: the compiled model.
        progress: `Progress`.
        best: the best epoch's `model.variables`, a list of arrays.
    """
    directory = Path(directory)
    last = directory / "last.npz"
    arrays = {
        f"{kind}{index:04d}": array
        for kind, values in (("state", snapshot(model)), ("best", best))
        for index, array in enumerate(values)
    }
    text = json.dumps(dataclasses.asdict(progress))
    with files.atomic_path(directory / "next.npz") as path:
        np.savez(path, progress=np.array(text), **arrays)
    if last.exists():
        os.replace(last, directory / "previous.npz")
    os.replace(directory / "next.npz", last)


def save_weights(target, model):
    """Writes a model's weights as `.weights.h5`, all of them or nothing.

    Args:
        target: the file.
        model: the model.
    """
    kept = [*model.variables]
    if getattr(model, "optimizer", None) is not None:
        kept += model.optimizer.variables
    with files.atomic_path(target) as path:
        # Float32, and HDF5's own tables: 1,117 bytes an array were measured.
        size = sum(4 * math.prod(v.shape) + 1216 for v in kept)
        files.reserve(path, size)
        model.save_weights(path)


def load(directory, model, run_id):
    """Restores the newest whole checkpoint of this run.

    In a cluster it is process 0's, on every process.

    Args:
        directory: where `save` wrote.
        model: the compiled model; changed in place.
        run_id: only checkpoints of this run are taken.

    Returns:
        (`Progress` or None where there is no checkpoint, the best epoch's
        `model.variables` as a list of arrays, a list of messages about files
        that had to be passed over).
    """
    progress, state, best, messages = _newest(directory, model, run_id)
    if cluster.share()[1] > 1:
        progress, state, best = _of_process_0(model, progress, state, best)
    if progress is not None:
        restore(model, state)
    return progress, best, messages


def _newest(directory, model, run_id):
    """As `load`, with the state not yet restored."""
    messages = []
    # next.npz is there if a kill fell between its writing and its renaming.
    for name in ("next.npz", "last.npz", "previous.npz"):
        path = Path(directory) / name
        if not path.exists():
            continue
        try:
            progress, state, best = _read(path)
            if progress.run_id != run_id:
                messages.append(f"{path} belongs to another run")
                continue
            _check_fit(_variables(model), state)
        except Exception as error:  # whatever damage makes NumPy raise
            messages.append(f"{path} cannot be read ({error})")
            continue
        return progress, state, best, messages
    return None, [], [], messages


def _of_process_0(model, progress, state, best):
    """What process 0 found, on every process."""
    found = None if progress is None else dataclasses.asdict(progress)
    text = cluster.broadcast_text(json.dumps([found, bool(best)]))
    found, has_best = json.loads(text)
    if found is None:
        return None, [], []
    state, best = (
        cluster.broadcast(
            np.asarray(array, template.dtype)
            for array, template in zip(arrays or likes, likes, strict=True)
        )
        for arrays, likes in (
            (state, snapshot(model)),
            (best, weights(model) if has_best else []),
        )
    )
    return Progress(**found), state, best


def _read(path):
    # np.load leaves the file open when the archive is damaged.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        progress = Progress(**json.loads(str(archive["progress"])))
        names = sorted(archive.files)
        state, best = (
            [archive[name] for name in names if name.startswith(kind)]
            for kind in ("state", "best")
        )
        return progress, state, best


def _variables(model):
    # model.variables, unlike model.weights, has the dropout's random state.
    return [*model.variables, *model.optimizer.variables]


def _check_fit(variables, arrays):
    if len(arrays) != len(variables):
        raise ValueError(
            f"a state of {len(variables)} arrays was expected. Received: "
            f"{len(arrays)}"
        )
    for variable, array in zip(variables, arrays, strict=True):
        if tuple(variable.shape) != tuple(array.shape):
            raise ValueError(
                f"{variable.path} has the shape {tuple(variable.shape)}. "
                f"Received: {tuple(array.shape)}"
            )


def _assign(variables, arrays):
    _check_fit(variables, arrays)
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
