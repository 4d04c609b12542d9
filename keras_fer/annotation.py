"""Expressions drawn on the photo: boxes, labels and bars, by Pillow alone."""

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

# Small photos are enlarged, so that the text has room, and large ones shrunk.
_SMALLEST, _LARGEST = 720, 1920
_TEXT = 11, 26  # pixels
# A face that fills more of the photo than this gets its panel beside it.
_FILLED = 0.4
_GAP = 6  # pixels between a face and its panel
_PANEL = (16, 18, 24, 215)  # dark enough for white text on any photo
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_BAR, _BEST, _TRACK = (120, 170, 220), (255, 190, 60), (70, 75, 85)


def annotate(picture, faces):
    """A copy of a photo with a box, a label and all shares for each face.

    Several faces are numbered from 1, as the command's other outputs do.

    Args:
        picture: upright RGB `PIL.Image.Image`.
        faces: `photos.PhotoFace`s, in the picture's pixels.

    Returns:
        `PIL.Image.Image` of mode "RGB", at least 720 and at most 1920 pixels
        on its longer side. Where a face fills the photo, a margin is added
        for what is said of it.
    """
    longest = max(picture.size)
    scale = min(max(longest, _SMALLEST), _LARGEST) / longest
    if scale != 1:
        shape = [max(1, round(side * scale)) for side in picture.size]
        kind = (
            Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BILINEAR
        )
        picture = picture.resize(shape, kind, reducing_gap=3.0)
    boxes = [np.multiply(face.box, scale) for face in faces]
    fills = [
        _area(box) > _FILLED * picture.width * picture.height for box in boxes
    ]
    margin = max(
        (
            _panel(face, _text_size(face, box)).width + 2 * _GAP
            for face, box, is_full in zip(faces, boxes, fills, strict=True)
            if is_full
        ),
        default=0,
    )
    shape = picture.width + margin, picture.height
    canvas = Image.new("RGB", shape, _PANEL[:3])
    canvas.paste(picture)
    draw = ImageDraw.Draw(canvas)
    for box in boxes:
        _outline(draw, box, max(2, round(max(picture.size) / 500)))
    taken = list(boxes)
    # Large faces choose their place first.
    for index in sorted(range(len(boxes)), key=lambda i: -_area(boxes[i])):
        number = f"{index + 1}  " if len(boxes) > 1 else ""
        panel, place = _fit(
            faces[index], number, boxes[index], canvas.size, taken
        )
        taken.append((*place, *np.add(place, panel.size)))
        canvas.paste(panel, place, panel)
        if number:
            _tag(draw, number.strip(), boxes[index])
    return canvas


def _outline(draw, box, width):
    """White between two black lines: seen on any photo."""
    for inset, color, thickness in (
        (-1, _BLACK, width + 2),
        (0, _WHITE, width),
    ):
        left, top, right, bottom = np.add(box, (inset, inset, -inset, -inset))
        draw.rectangle((left, top, right, bottom), None, color, thickness)


def _text_size(face, box):
    """Pixels of text that make the panel as high as the face."""
    lines = len(face.probabilities) + 1.5
    return round(np.clip((box[3] - box[1]) / lines / 1.3, *_TEXT))


def _tag(draw, number, box):
    """A face's number, over the upper left corner of its box."""
    font = ImageFont.load_default(_TEXT[0] + 3)
    width, height = font.getlength(number) + 8, _TEXT[0] + 8
    left, top = max(box[0], 0), max(box[1] - height, 0)
    draw.rectangle((left, top, left + width, top + height), _PANEL[:3])
    middle = (left + width / 2, top + height / 2)
    draw.text(middle, number, _BEST, font, anchor="mm")


def _fit(face, number, box, canvas, taken):
    """The largest panel that hides nothing, or else the smallest, and where."""
    for places in (_beside, _corners):
        for size in range(_text_size(face, box), _TEXT[0] - 1, -1):
            panel = _panel(face, size, number)
            place, hidden = _place(panel.size, box, canvas, taken, places)
            if not hidden:
                return panel, place
    return panel, place


def _panel(face, size, number=""):
    """Label and bars, as a picture with transparency."""
    lines = len(face.probabilities) + 1.5
    font = ImageFont.load_default(size)
    bold = ImageFont.load_default(round(size * 1.25))
    step, pad = round(size * 1.3), round(size * 0.5)
    shares = face.probabilities
    title = f"{number}{face.label} {shares[face.label]:.0%}"
    names = max(font.getlength(name) for name in shares)
    bar = 5 * size
    percent = font.getlength("100%")
    width = round(
        max(names + bar + percent + 2 * pad, bold.getlength(title)) + 2 * pad
    )
    panel = Image.new(
        "RGBA", (width, round(step * lines + 2 * pad)), (0, 0, 0, 0)
    )
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle(
        (0, 0, panel.width - 1, panel.height - 1), pad, _PANEL
    )
    draw.text((pad, pad), title, _BEST, bold)
    left = 2 * pad + names
    for line, (name, share) in enumerate(shares.items()):
        top = pad + step * (line + 1.5)
        is_best = name == face.label
        draw.text((pad, top), name, _BEST if is_best else _WHITE, font)
        row = (left, top + 0.2 * size, left + bar, top + size)
        draw.rectangle(row, _TRACK)
        if bar * share >= 1:
            filled = (*row[:2], left + bar * share, row[3])
            draw.rectangle(filled, _BEST if is_best else _BAR)
        right = panel.width - pad
        draw.text((right, top), f"{share:.0%}", _WHITE, font, anchor="ra")
    return panel


def _beside(size, box, canvas):
    """Places next to a face."""
    (width, height), (left, top, right, bottom) = size, box
    beside = (top, bottom - height, (top + bottom - height) / 2)
    along = ((left + right - width) / 2, left, right - width)
    return (
        *((right + _GAP, y) for y in beside),
        *((left - _GAP - width, y) for y in beside),
        *((x, bottom + _GAP) for x in along),
        *((x, top - _GAP - height) for x in along),
    )


def _corners(size, box, canvas):
    """The photo's corners, and at last the face's own."""
    own = (box[2] - size[0], box[3] - size[1])
    return *((x, y) for x in (0, canvas[0]) for y in (0, canvas[1])), own


def _place(size, box, canvas, taken, places):
    """Where a panel hides least of faces and other panels, and how much."""
    limits = np.maximum(np.subtract(canvas, size), 0)
    candidates = [
        np.clip(np.rint(place), 0, limits)
        for place in places(size, box, canvas)
    ]
    hidden = [
        sum(_overlap((*place, *(place + size)), other) for other in taken)
        for place in candidates
    ]
    best = int(np.argmin(hidden))
    return tuple(map(int, candidates[best])), hidden[best]


def _area(box):
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _overlap(first, second):
    low = np.maximum(first[:2], second[:2])
    high = np.minimum(first[2:], second[2:])
    return _area((*low, *high))
