"""The same picture twice: in two parts, or under two labels.

A perceptual hash proposes pairs, the correlation of their pixels decides.
"""

import collections
import dataclasses
import hashlib
import io

import imagehash
import numpy as np
from PIL import Image

from keras_fer.errors import DataError

KINDS = ("bytes", "pixels", "re-encoded", "mirrored", "near")
POLICIES = ("stop", "drop", "keep")
# Of 64 bits. Pairs of one photograph differ by up to about this many.
MAX_HASH_DISTANCE = 10
# Of grey pixels, blurred a little and without their slow variation, which
# all aligned faces share.
MIN_CORRELATION = 0.80
SAME_PICTURE_CORRELATION = 0.97
_SIDE = 48
# Second crops of one photograph: scale, and shift as a share of the side.
_VARIATIONS = tuple(
    (scale, row, column)
    for scale in (0.94, 1.0, 1.06)
    for row in (-0.04, 0.0, 0.04)
    for column in (-0.04, 0.0, 0.04)
)


@dataclasses.dataclass(frozen=True)
class Duplicate:
    """Two pictures that show the same.

    Attributes:
        first, second: their indices.
        kind: one of `KINDS`, the strongest that holds.
        correlation: of their pixels, at most 1.
    """

    first: int
    second: int
    kind: str
    correlation: float


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


def find_duplicates(first, second=None):
    """Finds pictures that show the same photograph.

    Args:
        first: `LabeledFaces`.
        second: `LabeledFaces`, or None to look within `first`.

    Returns:
        A list of `Duplicate`, by first and second index. Within one part
        the first index is the smaller one.
    """
    left = _fingerprints(first)
    right = left if second is None else _fingerprints(second)
    duplicates = []
    for row, column, mirrored in _candidates(left, right, second is None):
        kind, correlation = _compare(left, row, right, column, mirrored)
        if kind:
            duplicates.append(Duplicate(row, column, kind, correlation))
    best = {}
    for found in duplicates:
        key = found.first, found.second
        if key not in best or found.correlation > best[key].correlation:
            best[key] = found
    return [best[key] for key in sorted(best)]


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


def contradictions(faces):
    """Pairs within one part that show the same under two labels."""
    return [
        pair
        for pair in find_duplicates(faces)
        if faces.labels[pair.first] != faces.labels[pair.second]
    ]


@dataclasses.dataclass(frozen=True)
class _Fingerprints:
    files: list[bytes]
    pixels: list[bytes]
    hashes: np.ndarray  # uint64 (n,)
    mirrored_hashes: np.ndarray  # uint64 (n,)
    grey: np.ndarray  # uint8 (n, side, side)


def _fingerprints(faces):
    files, pixels, hashes, mirrored, grey = [], [], [], [], []
    for content in faces.images:
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        files.append(hashlib.sha256(content).digest())
        pixels.append(hashlib.sha256(picture.tobytes()).digest())
        small = picture.convert("L").resize(
            (_SIDE, _SIDE), Image.Resampling.BOX
        )
        grey.append(np.asarray(small))
        for flipped, bits in (
            (small, hashes),
            (small.transpose(Image.Transpose.FLIP_LEFT_RIGHT), mirrored),
        ):
            value = imagehash.phash(flipped).hash
            bits.append(np.packbits(value).view(np.uint64)[0])
    return _Fingerprints(
        files,
        pixels,
        np.array(hashes, np.uint64),
        np.array(mirrored, np.uint64),
        np.array(grey, np.uint8).reshape(-1, _SIDE, _SIDE),
    )


def _candidates(left, right, within):
    """Yields (row, column, mirrored) of hashes near each other."""
    for mirrored in (False, True):
        others = right.mirrored_hashes if mirrored else right.hashes
        for row, value in enumerate(left.hashes):
            distance = np.bitwise_count(others ^ value)
            columns = np.flatnonzero(distance <= MAX_HASH_DISTANCE)
            if within:
                columns = columns[columns > row]
            for column in columns:
                yield row, int(column), mirrored


def _compare(left, row, right, column, mirrored):
    """(kind, correlation) of a pair, kind None if it is none."""
    if left.files[row] == right.files[column]:
        return "bytes", 1.0
    if left.pixels[row] == right.pixels[column]:
        return "pixels", 1.0
    first, second = left.grey[row], right.grey[column]
    if mirrored:
        second = second[:, ::-1]
    inner = _detail(first)
    same = _correlation(inner, _detail(second))
    if same >= SAME_PICTURE_CORRELATION:
        return ("mirrored" if mirrored else "re-encoded"), same
    if same < 0.25:
        return None, same
    picture = Image.fromarray(np.ascontiguousarray(second))
    best = max(
        _correlation(inner, _detail(_varied(picture, *variation)))
        for variation in _VARIATIONS
    )
    return ("near" if best >= MIN_CORRELATION else None), best


def _varied(picture, scale, row, column):
    """A crop at another scale and place, of the same size."""
    half = _SIDE / (2 * scale)
    centre = _SIDE / 2 + column * _SIDE, _SIDE / 2 + row * _SIDE
    box = (
        centre[0] - half,
        centre[1] - half,
        centre[0] + half,
        centre[1] + half,
    )
    return np.asarray(
        picture.transform(
            (_SIDE, _SIDE),
            Image.Transform.EXTENT,
            box,
            Image.Resampling.BILINEAR,
        )
    )


def _detail(grey):
    """Fine structure of the middle: what tells one face from the next."""
    values = grey.astype("float32")
    fine = values - _BLUR @ values @ _BLUR.T
    middle = fine[4:-4, 4:-4].ravel()
    return middle - middle.mean()


def _correlation(first, second):
    norm = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / norm) if norm > 1e-6 else 0.0


def _blur_matrix(sigma):
    positions = np.arange(_SIDE)
    kernel = np.exp(
        -0.5 * ((positions[:, None] - positions[None]) / sigma) ** 2
    )
    kernel /= kernel.sum(axis=1, keepdims=True)
    return kernel.astype("float32")


_BLUR = _blur_matrix(4.0)
