"""A run that came to its end, as later programs read it."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from keras_fer.errors import DataError
from keras_fer.errors import UsageError


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """What is known of a finished run.

    Attributes:
        directory: its folder.
        settings: of its config.json.
        report: of its report.json.
    """

    directory: Path
    settings: dict
    report: dict

    @property
    def model_path(self):
        """The trained network."""
        return self.directory / "model.keras"

    @property
    def image_size(self):
        """Side that every face was resized to, in pixels."""
        return int(self.settings["image_size"])

    @property
    def class_names(self):
        """The classes, in the order of the network's outputs."""
        return tuple(self.report["single_view"]["per_class"])

    def split_parts(self, parts):
        """The faces that the run was judged on, and those to learn from.

        Args:
            parts: {split: `LabeledFaces`} of the run's own data set.

        Returns:
            (train, held out): `LabeledFaces`. Of the training part, no face
            that was held out and none that the run found to be its copy.

        Raises:
            DataError: if the parts are not those of the run.
        """
        judged = self._judged_names(parts)
        leaks = self.report.get("leak_report") or {}
        unwanted = set(judged) | {pair[0] for pair in leaks.get("names", ())}
        train = parts["train"]
        train = train.take(
            i for i, name in enumerate(train.names) if name not in unwanted
        )
        places = {
            name: (split, index)
            for split, faces in parts.items()
            for index, name in enumerate(faces.names)
        }
        absent = [name for name in judged if name not in places]
        if absent:
            raise DataError(
                f"{self.directory} was judged on {absent[0]} and "
                f"{len(absent) - 1} more, which the data set does not have. "
                "Give the data set that it was trained on: --data-dir DIR."
            )
        # Several splits where folds were cut.
        splits = {places[name][0] for name in judged}
        if len(splits) == 1:
            (split,) = splits
            rows = [places[name][1] for name in judged]
            return train, parts[split].take(rows)
        from keras_fer.datasets.labeled_faces import concatenate

        both = concatenate([parts[split] for split in sorted(splits)])
        rows = {name: index for index, name in enumerate(both.names)}
        return train, both.take(rows[name] for name in judged)

    def _judged_names(self, parts):
        path = self.directory / "predictions.npz"
        if path.exists():
            return read_predictions(self.directory)["names"].tolist()
        # A run of an earlier version kept no list; a whole part needs none.
        split, number = self.report["split"], self.report["counts"]["test"]
        if split not in parts or len(parts[split]) != number:
            raise DataError(
                f"{self.directory} has no predictions.npz, so that the "
                f"{number} faces it was judged on are not known. Run the "
                "recipe again."
            )
        return parts[split].names


def read_predictions(directory):
    """What a finished run answered, as its predictions.npz has it.

    Args:
        directory: the run's folder.

    Returns:
        A dict of arrays: `names` and `labels` of the faces that it was judged
        on, and for each view their probabilities. Runs of later versions add
        `validation_labels` and `validation_single_view`.

    Raises:
        DataError: if the file is missing, or cannot be read.
    """
    path = Path(directory) / "predictions.npz"
    try:
        with (
            path.open("rb") as stream,
            np.load(stream, allow_pickle=False) as file,
        ):
            return dict(file)
    except Exception as error:  # whatever damage makes NumPy raise
        raise DataError(
            f"{path} cannot be read ({error}). It holds the faces that the "
            "run was judged on and its answers: run the recipe again."
        ) from error


def is_run(directory):
    """Whether a folder looks like a run's, finished or not."""
    return (Path(directory) / "config.json").is_file()


def open_run(directory):
    """Reads a finished run's folder.

    Args:
        directory: the `--run-dir` of a recipe.

    Returns:
        A `FinishedRun`.

    Raises:
        UsageError: if it is no finished run.
    """
    directory = Path(directory)
    try:
        settings, report = (
            json.loads((directory / name).read_text(encoding="utf-8"))
            for name in ("config.json", "report.json")
        )
        run = FinishedRun(directory, settings, report)
        if not run.model_path.is_file():
            raise FileNotFoundError(f"there is no {run.model_path.name}")
        if not (run.class_names and run.image_size and report["data_hash"]):
            raise ValueError("report.json names no classes or data")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{directory} is no finished run ({error}). Give the --run-dir "
            "of a recipe that came to its report."
        ) from error
    return run
