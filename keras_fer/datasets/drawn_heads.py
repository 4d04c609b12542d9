"""Paints the person: background, head, hair, beard, glasses.

Lengths are pixels of the 100x100 picture, measured from the middle of the
face, x to the right and y down, before the head is tilted and scaled. The
painting is made three times as large and then shrunk, which smooths edges.
"""

import colorsys

import numpy as np
from PIL import Image
from PIL import ImageDraw

SIZE = 100
SUPERSAMPLING = 3
_THINNEST = 0.2  # pixels; a finer line would be a row of specks
_TURN = np.linspace(0.0, 2.0 * np.pi, 40)
_SHARE = np.linspace(0.0, 1.0, 13)
_PARABOLA = np.array(
    [
        (1.0 - _SHARE) * (1.0 - 2.0 * _SHARE),
        4.0 * _SHARE * (1.0 - _SHARE),
        _SHARE * (2.0 * _SHARE - 1.0),
    ]
)


class Canvas:
    """Fills and strokes shapes given in the coordinates of a face.

    Args:
        image: RGB picture of side `SIZE * SUPERSAMPLING`, painted in place.
        person: the traits `tilt` (degrees), `scale`, `shift_x`, `shift_y`.
    """

    def __init__(self, image, person):
        angle = np.deg2rad(person["tilt"])
        cos, sin = np.cos(angle), np.sin(angle)
        scale = person["scale"] * SUPERSAMPLING
        middle = np.array([person["shift_x"], person["shift_y"]]) + SIZE / 2
        self._matrix = scale * np.array([[cos, -sin], [sin, cos]])
        self._origin = middle * SUPERSAMPLING
        self._draw = ImageDraw.Draw(image)

    def moved(self, x):
        """The same canvas, whose shapes lie `x` farther to the right."""
        canvas = object.__new__(Canvas)
        canvas._matrix, canvas._draw = self._matrix, self._draw
        canvas._origin = self._origin + self._matrix @ [x, 0.0]
        return canvas

    def fill(self, x, y, color):
        """A polygon through the points `x`, `y`."""
        points = self._matrix @ np.array([x, y]) + self._origin[:, None]
        self._draw.polygon(points.T.ravel().tolist(), fill=color)

    def stroke(self, x, y, width, color):
        """A line along the points, `width` wide (one number, or one each)."""
        if np.max(width) < _THINNEST:
            return
        points = np.array([x, y])
        along = np.empty_like(points)
        along[:, 1:-1] = points[:, 2:] - points[:, :-2]
        along[:, 0] = points[:, 1] - points[:, 0]
        along[:, -1] = points[:, -1] - points[:, -2]
        reach = width / 2.0 / np.maximum(np.hypot(*along), 1e-6)
        right, down = -along[1] * reach, along[0] * reach
        self.fill(
            np.concatenate([x + right, (x - right)[::-1]]),
            np.concatenate([y + down, (y - down)[::-1]]),
            color,
        )

    def ellipse(self, x, y, radius_x, radius_y, color):
        """A filled ellipse around the point `x`, `y`."""
        self.fill(
            x + radius_x * np.cos(_TURN), y + radius_y * np.sin(_TURN), color
        )


def bow(start, middle, end):
    """Thirteen points of a parabola through three: array `(2, 13)`."""
    return np.array([start, middle, end]).T @ _PARABOLA


def mix(first, second, share):
    """The colour `first` with `share` of `second` in it."""
    return tuple(
        round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
    )


def color_from_hsv(hue, saturation, value):
    """RGB of 0 to 255; the hue wraps, the others are clipped to 0 to 1."""
    saturation, value = np.clip([saturation, value], 0.0, 1.0)
    rgb = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return tuple(round(255 * channel) for channel in rgb)


def skin_color(person):
    """The person's skin; dark skin is the more saturated."""
    saturation = 0.74 - 0.45 * person["skin_value"] + person["skin_depth"]
    return color_from_hsv(person["skin_hue"], saturation, person["skin_value"])


def hair_color(person):
    """The person's hair, which may be dyed."""
    if person["dyed"]:
        hue, saturation = person["background_hue"] + 0.4, 0.6
    else:
        hue, saturation = person["hair_hue"], person["hair_saturation"]
    return color_from_hsv(hue, saturation, person["hair_value"])


def paint_background(image, person, generator):
    """Fills the picture with eight blots and bars in shades of two colours."""
    draw = ImageDraw.Draw(image)
    size = image.width
    shades = generator.uniform(0.5, 1.35, 8)
    places = generator.uniform(-0.1, 1.1, (8, 4)) * size
    hues = person["background_hue"], person["cloth_hue"]
    saturation, value = (
        person["background_saturation"],
        person["background_value"],
    )
    draw.rectangle(
        (0, 0, size, size), color_from_hsv(hues[0], saturation, value)
    )
    for number, (shade, place) in enumerate(zip(shades, places, strict=True)):
        hue = hues[number % 3 == 2]
        color = color_from_hsv(hue, saturation, value * shade)
        if number % 2:
            draw.line(place.tolist(), fill=color, width=int(size * shade / 9))
        else:
            x, y, *_ = place
            reach = size * shade / 4
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), color)


def face_outline(person, jaw_drop, grown=1.0):
    """The edge of the face, `grown` times as large, from its right down."""
    cos, sin = np.cos(_TURN), np.sin(_TURN)
    narrow = person["jaw_taper"] * np.maximum(sin, 0.0) ** 2
    square = 1.0 + 0.12 * np.sin(2.0 * _TURN) ** 2
    x = person["face_width"] * cos * (1.0 - narrow) * square
    y = np.where(sin > 0, person["chin"] + jaw_drop, 46.0) * sin * square
    return grown * x, grown * y


def paint_head(canvas, person, jaw_drop):
    """Shoulders, neck, the hair behind, ears and the face without features.

    Args:
        canvas: where to paint.
        person: the traits.
        jaw_drop: how far the open mouth lowers the chin, pixels.
    """
    skin = skin_color(person)
    shadow = mix(skin, (30, 10, 20), 0.22)
    width = person["face_width"]
    cloth = color_from_hsv(person["cloth_hue"], 0.55, person["cloth_value"])
    canvas.ellipse(0.0, 76.0, 54.0, 27.0, cloth)
    if person["long_hair"] and not person["bald"]:
        behind = mix(hair_color(person), (0, 0, 0), 0.25)
        x, y = face_outline(person, 0.0, person["hair_volume"])
        canvas.fill(x * 1.1, np.where(y > 0, 0.0, y), behind)
        length = person["hair_length"]
        sides = np.array([1.1, 1.16, 0.95]) * width * person["hair_volume"]
        levels = np.array([-1.0, length / 2, length])
        canvas.fill(
            np.concatenate([-sides, sides[::-1]]),
            np.concatenate([levels, levels[::-1]]),
            behind,
        )
    canvas.fill(
        np.array([-17.0, 17.0, 19.0, -19.0]),
        np.array([25.0, 25.0, 62.0, 62.0]),
        mix(skin, (30, 10, 20), 0.35),
    )
    for side in (-width, width):
        canvas.ellipse(side, -2.0, 5.0, 9.0, shadow)
        canvas.ellipse(side, -2.0, 3.4, 7.0, skin)
    x, y = face_outline(person, jaw_drop)
    canvas.fill(x, y, shadow)
    canvas.fill(0.94 * x + person["turn"] * 0.4, 0.965 * y - 0.5, skin)


def paint_hair(canvas, person, jaw_drop):
    """The beard, and the hair from the hairline to the crown."""
    if person["beard"]:
        x, y = face_outline(person, jaw_drop, 0.985)
        x, y = x[_TURN <= np.pi], y[_TURN <= np.pi]
        across = np.linspace(x[-1], x[0], 21)
        rim = 5.0 + 17.0 * np.abs(across / x[0]) ** 1.5
        canvas.fill(
            np.concatenate([x, across]),
            np.concatenate([y, person["mouth_level"] - rim]),
            mix(
                skin_color(person), hair_color(person), person["beard_density"]
            ),
        )
    if person["bald"]:
        return
    width, curl = person["face_width"], person["curl"]
    around = np.linspace(np.pi, 2.0 * np.pi, 31)
    wave = person["hair_volume"] * (1.0 + 0.12 * np.sin(2.0 * around) ** 2)
    wave = wave * (1.0 + 0.02 * curl * np.sin(17.0 * around))
    end = 4.0 if person["long_hair"] else -9.0
    across = np.linspace(1.0, -1.0, 31)
    line = person["hairline"] + person["hair_sweep"] * across
    line = line + 0.7 * curl * np.sin(15.0 * across)
    share = np.abs(across) ** 6
    x = np.concatenate(
        [
            [-width * 1.03],
            width * np.cos(around) * wave,
            [width * 1.03],
            width * 0.95 * across,
        ]
    )
    y = np.concatenate(
        [
            [end],
            46.0 * np.sin(around) * wave,
            [end],
            line * (1.0 - share) + end * share,
        ]
    )
    canvas.fill(x, y, hair_color(person))


def paint_glasses(canvas, person):
    """Round or square frames; the eyes stay visible."""
    color = color_from_hsv(person["cloth_hue"], 0.5, 0.3 * person["age"])
    power = 1.0 - 0.6 * person["frame_squareness"]
    cos, sin = np.cos(_TURN), np.sin(_TURN)
    level = person["eye_level"] + 1.0
    reach = person["eye_distance"] - 11.5
    for side in (-1, 1):
        x = side * person["eye_distance"]
        x = x + 11.5 * np.sign(cos) * np.abs(cos) ** power
        y = level + 9.0 * np.sign(sin) * np.abs(sin) ** power
        canvas.stroke(x, y, person["frame_width"], color)
        x, y = bow(
            (side * (person["eye_distance"] + 11.5), level - 2.0),
            (side * (person["face_width"] - 1.0), level - 2.5),
            (side * person["face_width"], level - 3.0),
        )
        canvas.stroke(x, y, person["frame_width"], color)
    x, y = bow((-reach, level), (0.0, level - 2.5), (reach, level))
    canvas.stroke(x, y, person["frame_width"], color)


def blank_image():
    """A black picture, `SUPERSAMPLING` times as large as the result."""
    side = SIZE * SUPERSAMPLING
    return Image.new("RGB", (side, side))
