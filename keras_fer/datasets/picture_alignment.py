"""Where one picture lies in another: moved, scaled and turned.

Points are complex numbers `x + 1j * y`, counted from the picture's centre in
half sides, so that `scale * point + shift` is every similarity transform.
"""

import numpy as np

SIDE = 40  # pixels; 48x48 faces still have more detail than this
# Blurs in pixels. Eyes and mouths of all aligned faces fall on one place;
# what is finer than a few pixels belongs to one photograph.
_FINE, _COARSE = 0.6, 2.5
_ALIGNING_BLUR = 1.2
_STEPS = 6
_LONGEST_STEP = 0.1
_LEAST_OVERLAP = 0.6


def point_grid(count, reach=1.0):
    """The points of a `count` x `count` grid: complex64 `(count ** 2,)`.

    Args:
        count: points a side.
        reach: how far the outermost lie from the centre, in half sides.
    """
    places = np.linspace(-reach, reach, count, dtype=np.float32)
    return (places + 1j * places[:, None]).ravel().astype(np.complex64)


def band(pictures, fine, coarse):
    """Structure between two sizes: the difference of two Gaussian blurs.

    Args:
        pictures: float32 `(n, side, side)`.
        fine, coarse: standard deviations of the blurs, in pixels.

    Returns:
        float32, the same shape.
    """
    return _blur(pictures, fine) - _blur(pictures, coarse)


def sample(pictures, points):
    """Reads pictures between their pixels, bilinearly.

    Args:
        pictures: float32 `(n, side, side)`.
        points: complex64 `(n, k)` or `(1, k)`.

    Returns:
        (float32 `(n, k)`, bool `(n, k)` or `(1, k)`: whether the point is
        inside; the nearest pixel is read where it is not).
    """
    side = pictures.shape[1]
    x = (points.real + 1) * (side / 2) - 0.5
    y = (points.imag + 1) * (side / 2) - 0.5
    inside = (abs(points.real) <= 1) & (abs(points.imag) <= 1)
    x = np.clip(x, 0, side - 1.001)
    y = np.clip(y, 0, side - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    x -= left
    y -= top
    pixels = pictures.reshape(-1)
    at = np.arange(len(pictures), dtype=np.int32)[:, None] * side**2
    at = at + top * side + left
    upper = pixels[at]
    upper += x * (pixels[at + 1] - upper)
    lower = pixels[at + side]
    lower += x * (pixels[at + side + 1] - lower)
    return upper + y * (lower - upper), inside


def normalize(vectors):
    """Mean 0 and length 1, so that dot products are correlations.

    A constant vector becomes zero and correlates with nothing.
    """
    vectors = vectors - vectors.mean(axis=-1, keepdims=True)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-3)


def align(first, second, scale, shift):
    """Finds each picture of `second` in its partner of `first`.

    Gauss-Newton steps on the correlation of the blurred pictures (Baker and
    Matthews' inverse compositional form: the derivatives are those of
    `first`, computed once), on every second pixel. Then the correlation of
    the fine structure judges, which does not know whether the steps led
    anywhere.

    Args:
        first, second: float32 `(n, SIDE, SIDE)`, grey.
        scale, shift: complex64 `(n,)`, where to start: the point `p` of
            `first` is expected at `scale * p + shift` of `second`.

    Returns:
        (scale, shift, float32 `(n,)`: the correlation, zero where the
        pictures overlap too little).
    """
    every_pixel = point_grid(SIDE, 1 - 1 / SIDE).reshape(SIDE, SIDE)
    points = every_pixel[1::2, 1::2].reshape(1, -1)
    blurred, searched = (
        _blur(part, _ALIGNING_BLUR) for part in (first, second)
    )
    target = normalize(_every_second(blurred))
    slopes = _derivatives(blurred, points)
    curvature = slopes @ slopes.transpose(0, 2, 1)
    trace = np.trace(curvature, axis1=1, axis2=2)[:, None, None]
    curvature += (1e-4 * trace + 1e-9) * np.eye(4, dtype=np.float32)
    solve = np.linalg.inv(curvature) @ slopes
    for _ in range(_STEPS):
        places = scale[:, None] * points + shift[:, None]
        found, inside = sample(searched, places)
        error = (normalize(found) - target) * inside
        step = (solve @ error[:, :, None])[:, :, 0]
        step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        scale = scale / (1 + step[:, 0] + 1j * step[:, 1])
        shift = shift - scale * (step[:, 2] + 1j * step[:, 3])
    places = scale[:, None] * every_pixel.reshape(1, -1) + shift[:, None]
    found, inside = sample(band(second, _FINE, _COARSE), places)
    wanted = band(first, _FINE, _COARSE).reshape(len(first), -1)
    enough = inside.mean(axis=1) >= _LEAST_OVERLAP
    return scale, shift, _correlation(wanted, found, inside) * enough


def _derivatives(pictures, points):
    """By growth, turn, move right and move down: float32 `(n, 4, k)`.

    A change of brightness must not count as a movement, so the means are
    taken out.
    """
    across, down = np.zeros_like(pictures), np.zeros_like(pictures)
    across[:, :, 1:-1] = pictures[:, :, 2:] - pictures[:, :, :-2]
    down[:, 1:-1] = pictures[:, 2:] - pictures[:, :-2]
    across, down = _every_second(across), _every_second(down)
    values = _every_second(pictures)
    values = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(values, axis=1)[:, None, None]
    slopes = np.stack(
        [
            across * points.real + down * points.imag,
            down * points.real - across * points.imag,
            across,
            down,
        ],
        axis=1,
    )
    # Half sides from pixels; a central difference spans two of them.
    slopes *= SIDE / 4 / np.maximum(length, 1e-3)
    slopes -= slopes.mean(axis=2, keepdims=True)
    return slopes


def _every_second(pictures):
    return pictures[:, 1::2, 1::2].reshape(len(pictures), -1)


def _correlation(first, second, inside):
    """Of the pixels that are inside: `(n,)`."""
    number = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    first, second = (
        (part - (part * inside).sum(axis=1, keepdims=True) / number) * inside
        for part in (first, second)
    )
    product = (first**2).sum(axis=1) * (second**2).sum(axis=1)
    return (first * second).sum(axis=1) / np.maximum(np.sqrt(product), 1e-3)


def _blur(pictures, deviation):
    places = np.arange(pictures.shape[1])
    distances = (places[:, None] - places) / deviation
    kernel = np.exp(-0.5 * distances**2)
    kernel = (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)
    return kernel @ pictures @ kernel.T
