"""What to do where a held-out picture is also in the training part."""

import collections
import dataclasses

from keras_fer.datasets.found_copies import find_copies
from keras_fer.datasets.leaks import KINDS
from keras_fer.errors import DataError

POLICIES = ("stop", "drop", "keep")


@dataclasses.dataclass(frozen=True)
class LeakReport:
    """What was found between two parts, and what was done.

    Attributes:
        policy: one of `POLICIES`.
        pairs: kind -> how many pairs.
        num_dropped: how many pictures were left out.
        names: (training name, held-out name, kind) of each pair.
    """

    policy: str
    pairs: dict[str, int]
    num_dropped: int
    names: tuple[tuple[str, str, str], ...]

    def as_dict(self):
        """Plain values for a report."""
        return dataclasses.asdict(self)


def merge(reports):
    """Several reports under one policy as one `LeakReport`."""
    return LeakReport(
        policy=reports[0].policy,
        pairs={kind: sum(r.pairs[kind] for r in reports) for kind in KINDS},
        num_dropped=sum(report.num_dropped for report in reports),
        names=sum((report.names for report in reports), ()),
    )


def apply_leak_policy(
    train, held_out, policy="stop", *, cache=None, part="training"
):
    """Looks for held-out pictures in the training part.

    Args:
        train, held_out: `LabeledFaces`.
        policy: "stop" raises if there are any, "drop" leaves the training
            copies out, "keep" leaves everything as it is.
        cache: where results are remembered, see `found_copies`.
        part: what messages call `train`; "validation" where it only chooses
            the epoch.

    Returns:
        (`LabeledFaces` to train on, `LeakReport`).

    Raises:
        DataError: under "stop", with the pairs and the two ways on.
    """
    found, pairs = _look(
        train,
        held_out,
        policy,
        cache,
        f"of a {part} and a test picture show the same",
        f"to leave the {part} copies out, or --on-leak keep to take them all "
        "the same",
    )
    leaked = {pair.first for pair in found} if policy == "drop" else set()
    kept = [index for index in range(len(train)) if index not in leaked]
    return (
        train.take(kept) if leaked else train,
        _report(policy, found, pairs, len(leaked)),
    )


def apply_to_seen(held_out, seen, policy="stop", *, cache=None):
    """Looks for held-out pictures that given weights have learned from.

    What weights have seen cannot be taken back, so that here the held-out
    pictures go.

    Args:
        held_out: `LabeledFaces`.
        seen: `Fingerprints` of the pictures behind the weights.
        policy: "stop" raises if there are any, "drop" leaves them out of
            the held-out part, "keep" leaves everything as it is.
        cache: where results are remembered, see `found_copies`.

    Returns:
        (`LabeledFaces` to judge by, `LeakReport`).

    Raises:
        DataError: under "stop", with the pairs and the two ways on; under
            "drop" if none is left.
    """
    found, pairs = _look(
        seen,
        held_out,
        policy,
        cache,
        "of a picture that the initial weights learned from and a test "
        "picture show the same",
        "to leave these test pictures out, or --on-leak keep to be judged on "
        "them all the same",
    )
    leaked = {pair.second for pair in found} if policy == "drop" else set()
    kept = [index for index in range(len(held_out)) if index not in leaked]
    if leaked and not kept:
        raise DataError(
            "No test face is left to judge by: the initial weights learned "
            "from every one of them, and --on-leak drop leaves these out. "
            "Start from other weights, or judge by other faces."
        )
    return (
        held_out.take(kept) if leaked else held_out,
        _report(policy, found, pairs, len(leaked)),
    )


def _look(first, held_out, policy, cache, meaning, ways_on):
    """(duplicates, their names and kinds); raises under "stop"."""
    if policy not in POLICIES:
        raise ValueError(
            f"`policy` must be one of {POLICIES}. Received: {policy!r}"
        )
    found = find_copies(first, held_out, cache=cache)
    pairs = tuple(
        (str(first.names[pair.first]), held_out.names[pair.second], pair.kind)
        for pair in found
    )
    if found and policy == "stop":
        shown = "\n".join(
            f"  {ours} and {theirs} ({kind})"
            for ours, theirs, kind in pairs[:10]
        )
        more = f"\n  and {len(pairs) - 10} more" if len(pairs) > 10 else ""
        raise DataError(
            f"{len(pairs)} pairs {meaning}:\n{shown}{more}\nUse --on-leak "
            f"drop {ways_on}; the report says which."
        )
    return found, pairs


def _report(policy, found, pairs, num_dropped):
    counts = collections.Counter(pair.kind for pair in found)
    return LeakReport(
        policy=policy,
        pairs={kind: counts[kind] for kind in KINDS},
        num_dropped=num_dropped,
        names=pairs,
    )


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
