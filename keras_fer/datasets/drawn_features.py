"""Paints what muscles move: brows, eyes, nose, mouth and the skin's folds.

`muscles` maps a unit of the Facial Action Coding System (Ekman, Friesen and
Hager, 2002) to its intensity, about 0 to 1. The units change shapes and
never a colour, so that only geometry carries the expression. Lengths are
those of `drawn_heads`.
"""

import numpy as np

from keras_fer.datasets.drawn_heads import bow
from keras_fer.datasets.drawn_heads import color_from_hsv
from keras_fer.datasets.drawn_heads import hair_color
from keras_fer.datasets.drawn_heads import mix
from keras_fer.datasets.drawn_heads import skin_color

# Closer towards the corners of eyes and lips, where edges are steep.
_ACROSS = -np.cos(np.linspace(0.0, np.pi, 21))
_ROUND = 1.0 - _ACROSS**2
_TAPERED = np.sin(np.linspace(0.15, np.pi - 0.15, 13))
_WHITE = (240, 238, 232)
_DARK = (48, 20, 22)


def jaw_drop(muscles):
    """How far unit 26 lowers the chin, pixels."""
    return 4.5 * muscles[26]


def paint_features(canvas, person, muscles):
    """Nose, mouth, eyes and brows."""
    skin = skin_color(person)
    features = canvas.moved(person["turn"])
    _paint_nose(canvas.moved(1.7 * person["turn"]), person, muscles, skin)
    _paint_mouth(features, person, muscles, skin)
    for side in (-1.0, 1.0):
        _paint_eye(features, person, muscles, skin, side)
        _paint_brow(features, person, muscles, skin, side)


def _paint_brow(canvas, person, muscles, skin, side):
    level = person["eye_level"] - person["brow_height"]
    slant, arch = person["brow_slant"], person["brow_arch"]
    lowered = muscles[4] * (1.0 - 0.55 * muscles[1])
    frown = 7.5 * lowered + 3.0 * muscles[9]
    inner = level - slant - 7.0 * muscles[1] + frown
    outer = level + slant - 5.5 * muscles[2] * (1.0 - 0.5 * muscles[4])
    outer = outer + 2.5 * muscles[1] * (1.0 - muscles[2]) - 1.5 * lowered
    middle = (inner + outer) / 2.0 - arch
    middle = middle - 3.0 * muscles[2] * (1.0 - muscles[4])
    distance = person["eye_distance"]
    x, y = bow(
        (side * (distance - 9.5 - 3.0 * muscles[4]), inner),
        (side * (distance + 0.5), middle),
        (side * (distance + 10.5), outer),
    )
    color = mix(hair_color(person), (20, 10, 10), 0.5)
    darkest = mix(skin, (20, 5, 10), 0.62)
    color = min(color, darkest, key=sum)
    width = person["brow_width"] * np.linspace(1.2, 0.5, 13)
    canvas.stroke(x, y, width, color)


def _paint_eye(canvas, person, muscles, skin, side):
    x = side * person["eye_distance"] + person["eye_width"] * _ACROSS
    level = person["eye_level"] - side * person["eye_slant"] * _ACROSS
    squeeze = 1.8 * muscles[7] + 1.6 * muscles[9] + 0.9 * muscles[6]
    upper = person["eye_opening"] * 4.3 + 2.6 * muscles[5] - squeeze
    upper = upper - 2.2 * muscles[43]
    lower = person["eye_opening"] * 3.0 + 0.9 * muscles[5]
    lower = lower - 3.6 * muscles[6] - 1.5 * muscles[7] - 1.4 * muscles[9]
    upper = max(upper, 1.2 - lower)
    top = level - upper * _ROUND**0.65
    # Lids that close in grief hang lower on the outside.
    top = top + 1.3 * muscles[43] * (1.0 + side * _ACROSS) * _ROUND**0.5
    bottom = np.maximum(level + lower * _ROUND**0.8, top + 0.2)
    canvas.fill(_both(x, x), _both(top, bottom), _WHITE)
    middle = side * person["eye_distance"] + person["gaze"]
    angle = np.linspace(0.0, 2.0 * np.pi, 25)
    iris = color_from_hsv(person["iris_hue"], 0.55, person["iris_value"])
    discs = (0.0, 3.9, iris), (0.0, 1.9, (18, 12, 14)), (1.3, 0.8, _WHITE)
    for offset, radius, color in discs:
        round_x = middle - offset + radius * np.cos(angle)
        round_y = person["eye_level"] - 0.3 - offset + radius * np.sin(angle)
        # The lids cover what of the disc lies beyond them.
        round_y = np.clip(
            round_y,
            np.interp(round_x, x, top),
            np.interp(round_x, x, bottom),
        )
        canvas.fill(round_x, round_y, color)
    lash = mix(skin, (20, 8, 10), 0.8)
    canvas.stroke(x, top - 0.3, 0.6 + 1.5 * _ROUND**0.3, lash)
    canvas.stroke(x, bottom + 0.2, 0.9 * _ROUND**0.3, mix(skin, lash, 0.5))
    fold = mix(skin, (40, 10, 15), 0.4)
    canvas.stroke(x, top - 2.6 + 0.8 * muscles[5], 1.0 * _ROUND**0.3, fold)
    bag = bottom + 2.4 - 0.6 * muscles[6]
    pouch = max(0.8 * person["age"], 1.4 * muscles[6], 1.1 * muscles[7])
    canvas.stroke(x * 1.0, bag, pouch * _ROUND, fold)


def _paint_nose(canvas, person, muscles, skin):
    shadow = mix(skin, (40, 10, 15), 0.36)
    tip = person["mouth_level"] - person["lip_gap"] - 2.2 * muscles[9]
    wing = person["nose_width"] + 1.3 * muscles[9] + 0.6 * muscles[12]
    bridge = person["eye_level"] + 2.0
    x, y = bow((2.4, bridge), (2.8, tip - 9.0), (wing - 1.0, tip - 2.0))
    canvas.stroke(x, y, np.linspace(0.6, 2.0, 13), shadow)
    x, y = bow((-wing, tip - 1.5), (0.0, tip + 1.8), (wing, tip - 1.5))
    canvas.stroke(x, y, 1.5, shadow)
    for side in (-1.0, 1.0):
        canvas.ellipse(side * wing * 0.5, tip - 0.3, 1.6, 1.0, _DARK)
        x, y = bow(
            (side * (wing - 0.6), tip - 4.5),
            (side * (wing + 1.2), tip - 2.2),
            (side * (wing - 0.3), tip - 0.3),
        )
        canvas.stroke(x, y, 1.1 + 0.8 * muscles[9], shadow)
        for number in range(3):
            level = bridge - 1.0 + 3.4 * number
            x, y = bow(
                (0.0, level + 1.2),
                (side * 2.8, level),
                (side * (5.0 + number), level + 2.4),
            )
            canvas.stroke(x, y, 1.7 * muscles[9], shadow)


def _paint_mouth(canvas, person, muscles, skin):
    x, upper, lower, level = _lips_apart(person, muscles)
    skin_red = mix(skin, (190, 40, 60), person["lip_redness"])
    lip = mix(skin_red, (60, 10, 20), 0.18)
    thick = person["lip_thickness"] * (1.0 - 0.65 * muscles[23])
    thick = thick * (1.0 - 0.25 * max(muscles[12], muscles[20]))
    bow_of_cupid = 1.0 - 0.25 * np.exp(-((_ACROSS / 0.16) ** 2))
    above = upper - 0.9 * thick * _ROUND**0.7 * bow_of_cupid
    below = lower + 1.3 * thick * _ROUND**0.8
    if person["moustache"]:
        color = mix(skin, hair_color(person), person["beard_density"])
        canvas.fill(
            _both(1.06 * x, 1.06 * x),
            _both(above - 3.4 * _ROUND**0.4, above),
            color,
        )
    canvas.fill(_both(x, x), _both(above, below), lip)
    canvas.fill(_both(x, x), _both(upper, lower), _DARK)
    gap = lower - upper
    shown = 3.4 * max(muscles[12], muscles[20], muscles[9])
    teeth = np.minimum(gap, shown + 0.8 * muscles[26])
    canvas.fill(_both(x, x), _both(upper, upper + teeth), _WHITE)
    shown = 2.6 * max(muscles[20], muscles[16])
    teeth = np.minimum(gap, shown)
    canvas.fill(_both(x, x), _both(lower - teeth, lower), _WHITE)
    tongue = np.clip(gap - 8.0, 0.0, 2.5)
    canvas.fill(_both(x, x), _both(lower - tongue, lower), (168, 70, 78))
    between = (upper + lower) / 2.0
    canvas.stroke(x, between, 0.5 + 0.9 * (_ROUND > 0), _DARK)
    corner = 2.4 + 2.0 * muscles[15] - 2.2 * muscles[26]
    for side in (-1.0, 1.0):
        end = between[0] - 0.4 * corner * (muscles[12] - 2.0 * muscles[15])
        fold_x, fold_y = bow(
            (side * x[-1] * 0.96, between[0]),
            (side * (x[-1] + 0.4 * corner), (between[0] + end) / 2.0),
            (side * (x[-1] + 0.6 * corner), end),
        )
        canvas.stroke(fold_x, fold_y, np.linspace(1.4, 0.3, 13), _DARK)
    chin = level + 8.0 + np.max(lower - level)
    fold_x, fold_y = bow((-5.0, chin + 1.2), (0.0, chin), (5.0, chin + 1.2))
    fold = mix(skin, (40, 10, 15), 0.35)
    width = 0.7 * person["age"] + 1.5 * muscles[17]
    canvas.stroke(fold_x, fold_y, width * _TAPERED, fold)


def _lips_apart(person, muscles):
    """The inner edges of both lips: x, upper y, lower y, and the middle."""
    level = person["mouth_level"] + 0.8 * muscles[12] - 1.2 * muscles[17]
    level = level + 2.5 * muscles[26]
    half = person["mouth_width"] + 3.8 * muscles[12] + 4.6 * muscles[20]
    half = half - 3.5 * muscles[23] - 6.0 * muscles[26]
    x = half * _ACROSS
    lift = person["mouth_curve"] + 5.5 * muscles[12] - 5.0 * muscles[15]
    lift = lift - 1.5 * muscles[20]
    line = level - lift * (_ACROSS**2 - 0.35)
    up = 5.0 * muscles[26] + 2.0 * muscles[25] + 2.6 * muscles[9]
    down = 9.0 * muscles[26] + 2.2 * muscles[16]
    down = down + muscles[25] * (3.2 + 2.8 * muscles[12])
    corners = 0.5 - 0.25 * max(muscles[20], muscles[9])
    upper = line - up * _ROUND**corners
    return x, upper, line + down * _ROUND**corners, level


def paint_folds(canvas, person, muscles):
    """Lines of age, which tell nothing, and lines that muscles fold."""
    canvas = canvas.moved(person["turn"])
    line = mix(skin_color(person), (40, 10, 15), 0.42)
    mouth, eye = person["mouth_level"], person["eye_level"]
    cheek = max(0.9 * person["age"], 1.5 * muscles[12], 2.2 * muscles[9])
    for side in (-1.0, 1.0):
        bulge = 13.0 + 3.5 * muscles[12] + 1.5 * muscles[9]
        x, y = bow(
            (side * 8.0, mouth - 15.0),
            (side * bulge, mouth - 9.0),
            (side * (bulge + 2.5), mouth + 1.0),
        )
        canvas.stroke(x, y, cheek * np.linspace(1.0, 0.4, 13), line)
        corner = person["eye_distance"] + person["eye_width"] + 1.5
        for slope in (-0.8, 0.1, 1.0):
            x, y = bow(
                (side * corner, eye + slope),
                (side * (corner + 2.5), eye + 2.2 * slope),
                (side * (corner + 5.0), eye + 3.0 * slope),
            )
            canvas.stroke(x, y, 1.2 * muscles[6] * _TAPERED, line)
        x, y = bow(
            (side * 2.4, eye - 8.0), (side * 2.0, eye - 4.5), (side * 2.8, eye)
        )
        frown = muscles[4] * (1.0 - 0.6 * muscles[1])
        canvas.stroke(x, y, 1.9 * frown * _TAPERED, line)
    raised = max(muscles[1], muscles[2])
    width = max(0.7 * person["age"], 1.4 * raised)
    for height in (6.5, 10.0):
        level = eye - person["brow_height"] - height - 2.0 * raised
        dip = 1.8 * muscles[4] * muscles[1] - 1.2 * muscles[2]
        x, y = bow((-12.0, level), (0.0, level + dip), (12.0, level))
        canvas.stroke(x, y, width * _TAPERED, line)


def _both(first, second):
    """A closed edge: along the first points, back along the second."""
    return np.concatenate([first, second[::-1]])
