"""The same picture twice: in two parts, or under two labels.

A perceptual hash proposes pairs, the correlation of their pixels decides.
"""

import dataclasses
import hashlib
import io
import itertools

import imagehash
import numpy as np
from PIL import Image

KINDS = ("bytes", "pixels", "re-encoded", "mirrored", "near")
# Of 64 bits. Pairs of one photograph differ by up to about this many.
MAX_HASH_DISTANCE = 10
# Of grey pixels, blurred a little and without their slow variation, which
# all aligned faces share.
MIN_CORRELATION = 0.85
SAME_PICTURE_CORRELATION = 0.97
_SIDE = 48
# Second crops of one photograph differ in scale, and in place by a share of
# the side: a coarse grid first, then around its best place, twice.
_STEPS = (-1, 0, 1)
_COARSE, _REFINEMENTS = (0.06, 0.04), 2
_WORTH_REFINING = 0.45
# A closer view of one against the whole of the other proposes second crops.
_CLOSER = 1.06
_COMPARED_VIEWS = (
    ("whole", "whole", False),
    ("closer", "whole", False),
    ("whole", "closer", False),
    ("whole", "mirrored", True),
    ("closer", "mirrored", True),
    ("whole", "closer mirrored", True),
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


def find_duplicates(first, second=None, *, second_crops=True):
    """Finds pictures that show the same photograph.

    Args:
        first: `LabeledFaces`.
        second: `LabeledFaces`, or None to look within `first`.
        second_crops: whether to look for kind "near" too, which takes most
            of the time.

    Returns:
        A list of `Duplicate`, by first and second index. Within one part
        the first index is the smaller one.
    """
    left = _fingerprints(first)
    right = left if second is None else _fingerprints(second)
    duplicates = []
    for row, column, mirrored in _candidates(left, right, second is None):
        kind, correlation = _compare(left, row, right, column, mirrored)
        if kind is None and second_crops:
            kind, correlation = _compare_crops(
                left, row, right, column, mirrored, correlation
            )
        if kind:
            duplicates.append(Duplicate(row, column, kind, correlation))
    best = {}
    for found in duplicates:
        key = found.first, found.second
        if key not in best or found.correlation > best[key].correlation:
            best[key] = found
    return [best[key] for key in sorted(best)]


@dataclasses.dataclass(frozen=True)
class _Fingerprints:
    files: list[bytes]
    pixels: list[bytes]
    hashes: dict[str, np.ndarray]  # view -> uint64 (n,)
    grey: np.ndarray  # uint8 (n, side, side)


def _fingerprints(faces):
    files, pixels, grey = [], [], []
    hashes = {view: [] for view in ("whole", "closer", "mirrored")}
    hashes["closer mirrored"] = []
    for content in faces.images:
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        files.append(hashlib.sha256(content).digest())
        pixels.append(hashlib.sha256(picture.tobytes()).digest())
        small = picture.convert("L").resize(
            (_SIDE, _SIDE), Image.Resampling.BOX
        )
        grey.append(np.asarray(small))
        closer = Image.fromarray(_varied(small, _CLOSER, 0.0, 0.0))
        for view, shown in (("whole", small), ("closer", closer)):
            hashes[view].append(_hash(shown))
            view = "mirrored" if view == "whole" else "closer mirrored"
            flipped = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            hashes[view].append(_hash(flipped))
    return _Fingerprints(
        files,
        pixels,
        {view: np.array(bits, np.uint64) for view, bits in hashes.items()},
        np.array(grey, np.uint8).reshape(-1, _SIDE, _SIDE),
    )


def _hash(grey):
    return np.packbits(imagehash.phash(grey).hash).view(np.uint64)[0]


def _candidates(left, right, within):
    """(row, column, mirrored) of hashes near each other, in order."""
    found = set()
    for ours, theirs, mirrored in _COMPARED_VIEWS:
        others = right.hashes[theirs]
        for row, value in enumerate(left.hashes[ours]):
            distance = np.bitwise_count(others ^ value)
            columns = np.flatnonzero(distance <= MAX_HASH_DISTANCE)
            found.update(
                (row, int(column), mirrored)
                for column in columns
                if not within or column > row
            )
    return sorted(found)


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
    return None, same


def _compare_crops(left, row, right, column, mirrored, same):
    """The same for second crops of one photograph."""
    if same < 0.1:
        return None, same
    second = right.grey[column]
    second = second[:, ::-1] if mirrored else second
    best = _best_alignment(_detail(left.grey[row]), second)
    return ("near" if best >= MIN_CORRELATION else None), best


def _best_alignment(inner, second):
    """The highest correlation over second crops."""
    picture = Image.fromarray(np.ascontiguousarray(second))
    best, place = -1.0, (1.0, 0.0, 0.0)
    scale_step, shift_step = _COARSE
    for _ in range(1 + _REFINEMENTS):
        around = place
        for scale, row, column in itertools.product(_STEPS, repeat=3):
            tried = (
                around[0] + scale * scale_step,
                around[1] + row * shift_step,
                around[2] + column * shift_step,
            )
            value = _correlation(inner, _detail(_varied(picture, *tried)))
            if value > best:
                best, place = value, tried
        if best < _WORTH_REFINING:
            break
        scale_step, shift_step = scale_step / 2, shift_step / 2
    return best


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
