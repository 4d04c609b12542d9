"""What ends a program on purpose, each with its exit status."""


class ExpectedError(Exception):
    """A fault with a message for the user, who needs no traceback."""

    exit_status = 1


class UsageError(ExpectedError):
    """The settings cannot be what the user meant."""

    exit_status = 2


class DataError(ExpectedError):
    """The data cannot be used as it is."""

    exit_status = 3


class ModelFileError(ExpectedError):
    """A model file is missing, damaged, or not what it should be."""

    exit_status = 3


class ExportError(ExpectedError):
    """A model cannot be exported, or its export is not good enough."""

    exit_status = 3


class NonFiniteLossError(ExpectedError):
    """The loss became NaN or infinite; the last checkpoint is kept."""

    exit_status = 3


class TrainingInterrupted(ExpectedError):
    """A signal asked to stop; a checkpoint was written first."""

    exit_status = 4


class PeerLostError(ExpectedError):
    """Another process of the cluster has ended, or cannot be reached."""

    exit_status = 4


class PredictionInterrupted(ExpectedError):
    """Stopped by a signal or a full disk; a journal keeps the answers."""

    exit_status = 4


class DiskFullError(ExpectedError, OSError):
    """Nothing more can be written; what was there before is whole."""

    exit_status = 4

    def __str__(self):
        return str(self.strerror)


def raise_faults(faults, fix, most=200):
    """Raises one `DataError` for all faults; nothing if there are none.

    Args:
        faults: list of messages, each naming its file.
        fix: what to do about them.
        most: how many are listed; the rest is counted.
    """
    if faults:
        rest = len(faults) - most
        more = f"\n... and {rest} more" if rest > 0 else ""
        raise DataError("\n".join(faults[:most]) + f"{more}\n{fix}")
