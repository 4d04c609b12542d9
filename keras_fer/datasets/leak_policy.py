"""What to do where a held-out picture is also in the training part."""

import collections
import dataclasses

from keras_fer.datasets.leaks import KINDS
from keras_fer.datasets.leaks import find_duplicates
from keras_fer.errors import DataError

POLICIES = ("stop", "drop", "keep")


@dataclasses.dataclass(frozen=True)
class LeakReport:
    """What was found between two parts, and what was done.

    Attributes:
        policy: one of `POLICIES`.
        pairs: kind -> how many pairs.
        num_dropped: how many training pictures were left out.
        names: (training name, held-out name, kind) of each pair.
    """

    policy: str
    pairs: dict[str, int]
    num_dropped: int
    names: tuple[tuple[str, str, str], ...]

    def as_dict(self):
        """Plain values for a report."""
        return dataclasses.asdict(self)


def apply_leak_policy(train, held_out, policy="stop"):
    """Looks for held-out pictures in the training part.

    Args:
        train, held_out: `LabeledFaces`.
        policy: "stop" raises if there are any, "drop" leaves the training
            copies out, "keep" leaves everything as it is.

    Returns:
        (`LabeledFaces` to train on, `LeakReport`).

    Raises:
        DataError: under "stop", with the pairs and the two ways on.
    """
    if policy not in POLICIES:
        raise ValueError(
            f"`policy` must be one of {POLICIES}. Received: {policy!r}"
        )
    found = find_duplicates(train, held_out)
    pairs = tuple(
        (train.names[pair.first], held_out.names[pair.second], pair.kind)
        for pair in found
    )
    if found and policy == "stop":
        shown = "\n".join(
            f"  {ours} and {theirs} ({kind})"
            for ours, theirs, kind in pairs[:10]
        )
        more = f"\n  and {len(pairs) - 10} more" if len(pairs) > 10 else ""
        raise DataError(
            f"{len(pairs)} pairs of a training and a test picture show the "
            f"same:\n{shown}{more}\nUse --on-leak drop to leave the training "
            "copies out, or --on-leak keep to train on them all the same; "
            "the report says which."
        )
    leaked = {pair.first for pair in found} if policy == "drop" else set()
    kept = [index for index in range(len(train)) if index not in leaked]
    counts = collections.Counter(pair.kind for pair in found)
    report = LeakReport(
        policy=policy,
        pairs={kind: counts[kind] for kind in KINDS},
        num_dropped=len(leaked),
        names=pairs,
    )
    return (train.take(kept) if leaked else train), report


def contradictions(faces, copies):
    """Names of pictures that are the same under two labels.

    Args:
        faces: `LabeledFaces`.
        copies: `leaks.find_duplicates(faces, ...)`.

    Returns:
        A list of (name, name).
    """
    return [
        (faces.names[pair.first], faces.names[pair.second])
        for pair in copies
        if faces.labels[pair.first] != faces.labels[pair.second]
    ]
