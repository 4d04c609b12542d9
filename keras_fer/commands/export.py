"""`keras-fer export`: a finished run to the files that phones run."""

import contextlib
from pathlib import Path

from keras_fer.datasets import image_folder
from keras_fer.datasets import layouts
from keras_fer.datasets import prepared
from keras_fer.datasets import stored_split
from keras_fer.datasets.drawn_faces import MANIFEST_NAME
from keras_fer.errors import DataError
from keras_fer.errors import UsageError
from keras_fer.finished_run import open_run


def export(
    directory,
    *,
    formats,
    output=None,
    data_dir=None,
    num_calibration=200,
    min_images=500,
    rounds=50,
    say=print,
):
    """Exports a run's network, calibrated and judged on the run's own data.

    Args:
        directory: the run's folder.
        formats: of `keras_fer.export.FORMATS`.
        output: the folder to write into. None: `export` in the run's.
        data_dir: the data set, where it no longer lies at its old place.
        num_calibration: how many faces of the training part to calibrate on.
        min_images: how many held-out faces there must be.
        rounds: timed answers for each latency.
        say: called with each message, the parity table at last.

    Raises:
        UsageError: if it is no finished run, or its data is gone.
        DataError: if the data is not that of the run.
        ExportError: if a format is not good enough.
    """
    run, train, held_out = open_parts(directory, data_dir, min_images, say)
    from keras_fer import model
    from keras_fer import provenance
    from keras_fer.export import export_run

    kept = ("data_set", "data_hash", "split", "seed", "epoch", "commit")
    added = run.report.get("additional_data")
    export_run(
        model.load_model(run.model_path),
        Path(output or run.directory / "export"),
        train,
        held_out,
        image_size=run.image_size,
        facts={
            "run": run.directory.name,
            **{key: run.report.get(key) for key in kept},
            **({"additional_data": added} if added else {}),
            "command": provenance.command(),
        },
        formats=formats,
        num_calibration=num_calibration,
        min_images=min_images,
        rounds=rounds,
        say=say,
    )


def open_parts(directory, data_dir=None, min_images=0, say=print):
    """A finished run with the faces to calibrate on and to judge by.

    Args:
        directory: the run's folder.
        data_dir: the data set, where it no longer lies at its old place.
        min_images: how many held-out faces there must be.
        say: called with each message.

    Returns:
        (`FinishedRun`, train, held out: `LabeledFaces`).

    Raises:
        UsageError: if it is no finished run, its data is gone, or too few
            faces were held out.
        DataError: if the data is not that of the run.
    """
    run = open_run(directory)
    split = run.directory / "split.json"
    if split.exists():
        folder = find_folder(run, data_dir)
        source = image_folder.find_source(folder)
        parts = stored_split.restore(image_folder.load_source(source), split)
        if stored_split.identity(parts) != run.report["data_hash"]:
            raise DataError(
                f"{split} is not that of the run: its report says "
                f"{run.report['data_hash'][:16]}.... Put the run's own back."
            )
    else:
        source = find_data(run, data_dir)
        parts = image_folder.load_source(source)
    say(f"{source.directory}: the data of {run.directory}")
    train, held_out = run.split_parts(parts)
    if len(held_out) < min_images:
        raise UsageError(
            f"{run.directory} was judged on {len(held_out)} faces, fewer than "
            f"--min-images {min_images}. Where there are no more: "
            f"--min-images {len(held_out)}; the report gives their number."
        )
    say(f"{len(train)} faces to calibrate on, {len(held_out)} to judge by")
    return run, train, held_out


def find_data(run, data_dir=None):
    """The data set that a run was trained on, known by its hash.

    Args:
        run: `FinishedRun`.
        data_dir: its folder. None takes the one in the run's settings, and
            for drawn faces looks among those that recipes keep.

    Returns:
        A `PictureSource`.

    Raises:
        UsageError: if nothing lies there any more.
        DataError: if what lies there is other data.
    """
    variant = run.settings.get("variant", "basic")
    wanted = run.report["data_hash"]

    def read(folder):
        """The folder as the run may have read it, and otherwise as it is."""
        likely = layouts.recognize(folder)
        source = layouts.find_source(likely, folder, variant)
        if source.identity == wanted:
            return source
        for name in layouts.DATA_SETS:
            with contextlib.suppress(DataError):
                other = layouts.find_source(name, folder, variant)
                if other.identity == wanted:
                    return other
        return source

    if data_dir is None and run.settings.get("demo"):
        kept = prepared.cache_directory(run.settings.get("cache_dir"))
        for manifest in sorted(kept.glob(f"*/{MANIFEST_NAME}")):
            source = read(manifest.parent)
            if source.identity == wanted:
                return source
        raise UsageError(
            f"The drawn faces of {run.directory} are no longer in {kept}. Run "
            "the recipe's --demo again, or name their folder: --data-dir DIR."
        )
    folder = find_folder(run, data_dir)
    source = read(folder)
    if source.identity != wanted:
        raise DataError(
            f"{folder} is not the data that {run.directory} was trained on: "
            f"it hashes to {source.identity[:16]}..., and the run's report "
            f"says {wanted[:16]}.... Calibration and judgement need the run's "
            "own parts: give its data set by --data-dir DIR, or train anew."
        )
    return source


def find_folder(run, data_dir=None):
    """The folder that a run was trained on, or the one given in its place.

    Raises:
        UsageError: if nothing lies there any more.
    """
    folder = Path(data_dir or run.settings["data_dir"])
    if data_dir is None and not folder.is_dir():
        raise UsageError(
            f"{run.directory} was trained on {folder}, which is not there. "
            "Say where the data lies now: --data-dir DIR."
        )
    return folder
