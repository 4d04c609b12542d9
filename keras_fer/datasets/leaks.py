"""The same picture twice: in two parts, or under two labels.

Equal files and pixels are found by hash. For all else, thumbnails of fine
structure propose pairs, and the pair's own alignment decides.
"""

import collections
import dataclasses
import itertools

import numpy as np

from keras_fer.datasets import picture_alignment
from keras_fer.datasets.fingerprints import take_fingerprints
from keras_fer.datasets.picture_alignment import SIDE

KINDS = ("bytes", "pixels", "re-encoded", "mirrored", "near")
# Of the fine structure after alignment. 123 million pairs of wild faces and
# of FER2013 were compared, and the hits looked at: above this they are one
# photograph or neighbouring frames of one film, below 0.8 different faces.
MIN_CORRELATION = 0.85
# Hard compression destroys fine structure and little else. No two different
# faces of those pairs are this much alike.
_SAME_GREY_CORRELATION = 0.98
# What is only re-encoded lies where it lay (in half sides), with the same
# brightness (in levels of 255) and contrast (as a ratio).
_LARGEST_MOVE, _LARGEST_BRIGHTENING, _LARGEST_GAIN = 0.02, 4.0, 1.1

# A thumbnail: structure between these blurs (in pixels) at the points of a
# grid that stays inside the picture when the view moves.
_THUMBNAIL_BAND = SIDE / 24, SIDE / 6
_THUMBNAIL_POINTS = picture_alignment.point_grid(10, 0.82)
_MIN_THUMBNAIL_CORRELATION = 0.81
# Views of the second picture, as (scale, shift): second crops differ in
# scale and place. The alignment finds what lies between them.
_VIEWS = [
    *itertools.product(
        (1, 1 / 0.93, 1 / 1.07), (0, 0.08, -0.08, 0.08j, -0.08j)
    ),
    (np.exp(1j * np.radians(8)), 0),
    (np.exp(-1j * np.radians(8)), 0),
]
_SCALES, _SHIFTS = np.array(_VIEWS, np.complex64).T
# A set of look-alikes (drawings, one person's film) must not take hours.
_MOST_CANDIDATES = 100  # for each first picture
_ROWS, _COLUMNS, _PAIRS = 256, 2048, 256  # pieces that fit a core's cache


@dataclasses.dataclass(frozen=True)
class Duplicate:
    """Two pictures that show the same.

    Attributes:
        first, second: their indices.
        kind: one of `KINDS`, the strongest that holds.
        correlation: of their fine structure, at most 1.
    """

    first: int
    second: int
    kind: str
    correlation: float


def find_duplicates(first, second=None, *, second_crops=True):
    """Finds pictures that show the same photograph.

    Args:
        first: `LabeledFaces` or their `Fingerprints`.
        second: the same, or None to look within `first`.
        second_crops: whether to look for kind "near" too, which takes most
            of the time.

    Returns:
        A list of `Duplicate`, by first and second index. Within one part
        the first index is the smaller one.
    """
    within = second is None
    ours = take_fingerprints(first)
    theirs = ours if within else take_fingerprints(second)
    views = range(len(_VIEWS) if second_crops else 1)
    found = []
    for candidates in _candidates(ours, theirs, views, within):
        for start in range(0, len(candidates), _PAIRS):
            pairs = candidates[start : start + _PAIRS]
            found += _judge(ours.grey, theirs.grey, pairs)
    found += _equal(ours, theirs, within)
    if not second_crops:
        found = [pair for pair in found if pair.kind != "near"]
    found.sort(key=lambda pair: (-KINDS.index(pair.kind), pair.correlation))
    best = {(pair.first, pair.second): pair for pair in found}
    return [best[key] for key in sorted(best)]


def _equal(ours, theirs, within):
    """Pairs of equal files, pixels and mirrored pixels."""
    found = []
    for kind, first, second in (
        ("bytes", ours.files, theirs.files),
        ("pixels", ours.pixels, theirs.pixels),
        ("mirrored", ours.pixels, theirs.mirrored_pixels),
    ):
        places = collections.defaultdict(list)
        for column, key in enumerate(second):
            places[key.tobytes()].append(column)
        found += [
            Duplicate(row, column, kind, 1.0)
            for row, key in enumerate(first)
            for column in places.get(key.tobytes(), ())
            if not within or column > row
        ]
    return found


def _candidates(ours, theirs, views, within):
    """Yields int64 `(pairs, 4)`: first, second, view, is mirrored."""
    first = _thumbnails(ours.grey, 1, 0)
    # In half precision: with every view, they are the largest thing here.
    second = {
        (view, mirrored): _thumbnails(
            theirs.grey[:, :, ::-1] if mirrored else theirs.grey,
            *_VIEWS[view],
        ).astype(np.float16)
        for view, mirrored in itertools.product(views, (0, 1))
    }
    for start in range(0, len(first), _ROWS):
        rows = first[start : start + _ROWS]
        hits = [
            _look_alikes(rows, start, thumbnails, column, view, within)
            for column in range(
                start if within else 0, len(theirs.grey), _COLUMNS
            )
            for view, thumbnails in second.items()
        ]
        yield (
            _strongest(np.concatenate(hits)) if hits else np.empty((0, 4), int)
        )


def _thumbnails(grey, scale, shift):
    """What a view shows: float32 `(n, points)`, by which to correlate."""
    points = (scale * _THUMBNAIL_POINTS + shift)[None]
    return np.concatenate(
        [np.empty((0, points.size), np.float32)]
        + [
            picture_alignment.normalize(
                picture_alignment.sample(
                    picture_alignment.band(
                        grey[start : start + _COLUMNS].astype(np.float32),
                        *_THUMBNAIL_BAND,
                    ),
                    points,
                )[0]
            )
            for start in range(0, len(grey), _COLUMNS)
        ]
    )


def _look_alikes(rows, start, thumbnails, column, view, within):
    """float64 `(hits, 5)`: first, second, view, is mirrored, correlation."""
    columns = thumbnails[column : column + _COLUMNS].astype(np.float32)
    values = (rows @ columns.T).ravel()
    hits = np.flatnonzero(values > _MIN_THUMBNAIL_CORRELATION)
    most = _MOST_CANDIDATES * len(rows)
    if len(hits) > most:
        hits = hits[np.argpartition(values[hits], -most)[-most:]]
    first, second = start + hits // len(columns), column + hits % len(columns)
    if within:
        later = second > first
        hits, first, second = hits[later], first[later], second[later]
    table = np.empty((len(hits), 5))
    for place, value in enumerate((first, second, *view, values[hits])):
        table[:, place] = value
    return table


def _strongest(hits):
    """Each pair once, in its best view; the best pairs of each picture."""
    hits = hits[np.argsort(-hits[:, 4], kind="stable")]
    _, once = np.unique(hits[:, [0, 1, 3]], axis=0, return_index=True)
    hits = hits[np.sort(once)]
    hits = hits[np.argsort(hits[:, 0], kind="stable")]
    _, starts, counts = np.unique(
        hits[:, 0], return_index=True, return_counts=True
    )
    rank = np.arange(len(hits)) - np.repeat(starts, counts)
    return hits[rank < _MOST_CANDIDATES, :4].astype(int)


def _judge(ours, theirs, pairs):
    """The duplicates among candidates."""
    rows, columns, views, mirrored = pairs.T
    first, second = ours[rows].astype(np.float32), theirs[columns].astype("f4")
    second[mirrored == 1] = second[mirrored == 1, :, ::-1]
    scale, shift, correlation = picture_alignment.align(
        first, second, _SCALES[views], _SHIFTS[views]
    )
    first, second = (part.reshape(len(pairs), -1) for part in (first, second))
    same_grey = np.einsum(
        "np,np->n", *map(picture_alignment.normalize, (first, second))
    )
    moved = np.maximum(abs(scale - 1), abs(shift)) > _LARGEST_MOVE
    brightening = abs(first.mean(axis=1) - second.mean(axis=1))
    gain = np.log((first.std(axis=1) + 1) / (second.std(axis=1) + 1))
    is_same = (correlation >= MIN_CORRELATION) & ~moved
    is_same |= same_grey >= _SAME_GREY_CORRELATION
    is_same &= brightening <= _LARGEST_BRIGHTENING
    is_same &= abs(gain) <= np.log(_LARGEST_GAIN)
    is_near = (correlation >= MIN_CORRELATION) | is_same
    return [
        Duplicate(
            int(rows[i]),
            int(columns[i]),
            ("mirrored" if mirrored[i] else "re-encoded")
            if is_same[i]
            else "near",
            float(correlation[i]),
        )
        for i in np.flatnonzero(is_near)
    ]
