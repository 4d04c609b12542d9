"""The command `keras-fer`: its words and flags, and nothing else.

What a subcommand does stands in `keras_fer.commands` (for `predict`, flags
and all), and is imported when its words were understood: help, classify and
check-data load no TensorFlow.
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Annotated
from typing import Literal

import tyro

import keras_fer
from keras_fer import configuration
from keras_fer.commands.flags import at_least
from keras_fer.commands.flags import one_standard_output
from keras_fer.commands.flags import word
from keras_fer.commands.predict import Predict
from keras_fer.errors import DataError
from keras_fer.errors import TrainingInterrupted
from keras_fer.errors import UsageError

DataSet = Literal["raf_db", "sfew", "fer2013", "folder"]
Format = Literal[
    "saved_model", "float32", "float16", "dynamic", "int8", "full_int8"
]
Variant = Literal["basic", "compound"]


@dataclasses.dataclass(frozen=True)
class Export:
    """Writes the files that phones and servers run, and measures them.

    Calibrated on the run's own training part, judged on the faces that the
    run was judged on. A format that keeps less than 98 % of the accuracy is
    refused (status 3), and the files of an earlier export stay.
    """

    run: word("RUN")
    """Folder of a finished run."""
    formats: tuple[Format, ...] = (
        "saved_model",
        "float32",
        "float16",
        "dynamic",
        "int8",
        "full_int8",
    )
    """Which files to write."""
    output: Path | None = None
    """Folder to write into. None: RUN/export."""
    data_dir: Path | None = None
    """The run's data set, if it was moved."""
    num_calibration: int = 200
    """Training faces that the integer formats take their ranges from."""
    min_images: int = 500
    """Fewest held-out faces that may judge the files."""
    rounds: int = 50
    """Timed answers behind each latency."""

    def __call__(self, say):
        at_least(self, num_calibration=32, min_images=1, rounds=1)
        if not self.formats:
            raise UsageError("--formats is empty. Name one at least.")
        from keras_fer.commands import export

        export.export(
            self.run,
            formats=tuple(dict.fromkeys(self.formats)),
            output=self.output,
            data_dir=self.data_dir,
            num_calibration=self.num_calibration,
            min_images=self.min_images,
            rounds=self.rounds,
            say=say,
        )


@dataclasses.dataclass(frozen=True)
class SavePreset:
    """Keeps a run's weights so that others can use them by a name.

    A folder with calibrated weights in half precision, the int8 file for
    phones, labels, hashes and a model card with the run's figures.
    """

    run: word("RUN")
    """Folder of a finished run."""
    output: word("PRESET")
    """The new folder; its name is the preset's."""
    data_dir: Path | None = None
    """The run's data set, if it was moved."""
    data_terms: str | None = None
    """The terms of all training data, for the card."""
    num_calibration: int = 200
    """Training faces that the int8 file takes its ranges from."""
    min_images: int = 500
    """Fewest held-out faces that may judge the files."""
    rounds: int = 50
    """Timed answers behind each latency."""

    def __call__(self, say):
        at_least(self, num_calibration=32, min_images=1, rounds=1)
        from keras_fer.commands import save_preset

        save_preset.save_preset(
            self.run,
            self.output,
            data_dir=self.data_dir,
            data_terms=self.data_terms,
            num_calibration=self.num_calibration,
            min_images=self.min_images,
            rounds=self.rounds,
            say=say,
        )


@dataclasses.dataclass(frozen=True)
class Classify:
    """Tells the expressions of cropped faces, without TensorFlow.

    A line a face. Pictures that cannot be read are named at the end, with
    status 3; the others are answered.
    """

    faces: word("FACE ...", tuple[Path, ...])
    """Pictures of faces, cropped; or folders of such pictures."""
    model: str | None = None
    """A .tflite file, as keras-fer export writes it, or a preset."""
    ten_crop: bool = False
    """Average over ten views of each face; ten times the work."""
    json: str | None = None
    """File for all answers, as a JSON array; - for the standard output."""
    csv: str | None = None
    """File for all answers, a line a face; - for the standard output."""

    def __call__(self, say):
        one_standard_output(self)
        if not self.faces:
            raise UsageError("Name a face: keras-fer classify FACE --model M.")
        from keras_fer.commands import classify

        classify.classify(
            self.faces,
            self.model,
            ten_crop=self.ten_crop,
            json=self.json,
            csv=self.csv,
            say=say,
        )


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Judges a model on a data set, with the report that recipes write.

    Says whether the weights have seen these faces, if their run is known.
    """

    model: word("MODEL", str)
    """A run's folder, a preset, a .keras, a SavedModel's or a .tflite."""
    data: word("DATA")
    """Folder of the data set to judge it on."""
    dataset: DataSet | None = None
    """None: told by the layout, and printed."""
    split: Literal["train", "validation", "test"] | None = None
    """None: test; of SFEW and FER2013 validation (PublicTest)."""
    variant: Variant = "basic"
    """Of RAF-DB."""
    ten_crop: bool = False
    """Judge the average of ten views too."""
    image_size: int | None = None
    """Side that faces are resized to. None: as the model says."""
    output: Path | None = None
    """Folder for report.json, report.md and confusion.png."""

    def __call__(self, say):
        if self.image_size is not None:
            at_least(self, image_size=32)
        from keras_fer.commands import evaluate

        evaluate.evaluate(
            self.model,
            self.data,
            data_set=self.dataset,
            split=self.split,
            variant=self.variant,
            ten_crop=self.ten_crop,
            image_size=self.image_size,
            output=self.output,
            say=say,
        )


@dataclasses.dataclass(frozen=True)
class CheckData:
    """Looks for what would stop or spoil a training, before it costs one.

    Counts, broken and disguised pictures, the same picture in two parts or
    under two labels. Status 3 if a recipe would stop.
    """

    directory: word("DIR")
    """Folder of the data set."""
    dataset: DataSet | None = None
    """None: told by the layout, and printed."""
    variant: Variant = "basic"
    """Of RAF-DB."""
    expected_counts: Literal["official", "any"] = "official"
    """Whether the numbers of faces must be the known set's."""

    def __call__(self, say):
        from keras_fer.commands import check_data

        check_data.check_data(
            self.directory,
            self.dataset,
            variant=self.variant,
            expected_counts=self.expected_counts,
            say=say,
        )


_COMMANDS = (
    Annotated[Predict, tyro.conf.subcommand("predict")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[SavePreset, tyro.conf.subcommand("save-preset")]
    | Annotated[Classify, tyro.conf.subcommand("classify")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[CheckData, tyro.conf.subcommand("check-data")]
)


def main(arguments=None):
    """Runs the command.

    Args:
        arguments: the words of the command line. None takes `sys.argv`.

    Returns:
        The process's exit status: 0, 2 for wrong usage, 3 for bad data or a
        bad model, 4 where it was interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names of files may hold what no encoding has.
        stream.reconfigure(errors="backslashreplace")
    if (sys.argv[1:] if arguments is None else arguments) == ["--version"]:
        print(f"keras-fer {keras_fer.__version__}")
        return 0
    command = tyro.cli(
        _COMMANDS,
        prog="keras-fer",
        description="Facial-expression recognition: use, export and check.",
        args=arguments,
        config=(
            tyro.conf.FlagCreatePairsOff,
            tyro.conf.HelptextFromCommentsOff,
        ),
    )
    say = functools.partial(print, flush=True)
    try:
        return configuration.run(_execute(say), command)
    except KeyboardInterrupt:
        print("stopped at once.", file=sys.stderr)
        return TrainingInterrupted.exit_status
    except BrokenPipeError:  # whoever read the answers has enough
        sys.stderr.close()
        return 0


def _execute(say):
    def execute(command):
        try:
            command(say)
        except PermissionError as error:
            raise DataError(
                f"{error.filename} cannot be read or written "
                f"({error.strerror})."
            ) from error

    return execute


if __name__ == "__main__":
    sys.exit(main())
