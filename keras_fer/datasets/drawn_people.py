"""Who is drawn, and what their muscles do.

A person's traits come from regions that the splits do not share; the
muscles follow from the expression, and from nothing else.
"""

from types import MappingProxyType

import numpy as np

from keras_fer.classes import CLASSES

# Ekman and Friesen's action units: those that make the expression, and those
# that often go with it (each comes in half of the faces).
ACTION_UNITS = MappingProxyType(
    {
        "surprise": ((1, 2, 5, 26), ()),
        "fear": ((1, 2, 4, 5, 20, 25), ()),
        "disgust": ((9, 15, 16), (7,)),
        "happiness": ((6, 12), (25,)),
        "sadness": ((1, 4, 15, 43), (17,)),
        "anger": ((4, 5, 7, 23), (17,)),
        "neutral": ((), ()),
    }
)
INTENSITIES = 0.7, 1.0

# Each trait's lowest and highest value. Lengths in pixels of the 100x100
# picture, angles in degrees, colours as hue, saturation and value of 0 to 1.
TRAITS = MappingProxyType(
    {
        # pose
        "shift_x": (-8.0, 8.0),
        "shift_y": (-6.0, 8.0),
        "tilt": (-17.0, 17.0),
        "scale": (0.88, 1.12),
        "turn": (-3.0, 3.0),
        "gaze": (-1.3, 1.3),
        # proportions
        "face_width": (31.0, 37.0),
        "chin": (40.0, 45.0),
        "jaw_taper": (0.05, 0.3),
        "eye_distance": (16.0, 19.0),
        "eye_width": (7.4, 9.2),
        "eye_opening": (0.85, 1.15),
        "eye_level": (-11.0, -7.0),
        "eye_slant": (-0.6, 1.2),
        "brow_height": (8.5, 10.5),
        "brow_width": (2.2, 3.8),
        "brow_slant": (-0.5, 0.9),
        "brow_arch": (0.8, 2.2),
        "nose_width": (4.8, 6.8),
        "lip_gap": (9.5, 12.0),
        "mouth_level": (21.0, 25.0),
        "mouth_width": (10.0, 12.5),
        "mouth_curve": (-0.6, 0.8),
        "lip_thickness": (1.6, 3.0),
        "age": (0.0, 1.0),
        # hair and glasses
        "hairline": (-37.0, -30.0),
        "hair_volume": (1.04, 1.16),
        "hair_sweep": (-4.0, 4.0),
        "hair_length": (10.0, 60.0),
        "curl": (0.0, 2.5),
        "beard_density": (0.45, 0.9),
        "frame_width": (1.0, 2.4),
        "frame_squareness": (0.0, 1.0),
        # colours
        "skin_hue": (0.04, 0.085),
        "skin_value": (0.36, 0.97),
        "skin_depth": (-0.07, 0.07),
        "hair_hue": (0.02, 0.12),
        "hair_saturation": (0.1, 0.65),
        "hair_value": (0.08, 0.8),
        "iris_hue": (0.05, 0.62),
        "iris_value": (0.25, 0.6),
        "lip_redness": (0.2, 0.65),
        "background_hue": (0.0, 1.0),
        "background_saturation": (0.1, 0.7),
        "background_value": (0.2, 0.95),
        "cloth_hue": (0.0, 1.0),
        "cloth_value": (0.15, 0.9),
        # light and camera
        "light_angle": (0.0, 360.0),
        "light_slope": (0.1, 0.45),
        "exposure": (0.75, 1.15),
        "warmth": (-0.08, 0.08),
        "blur": (0.0, 0.8),
        "noise": (2.0, 8.0),
    }
)
# What a person has or has not, with its probability.
ATTRIBUTES = MappingProxyType(
    {
        "long_hair": 0.45,
        "bald": 0.08,
        "dyed": 0.12,
        "beard": 0.2,
        "moustache": 0.15,
        "glasses": 0.25,
    }
)
# Every trait's range is cut into five bands. Train has the outer ones and
# the middle, test those between; a tenth of a band at each end stays empty.
_NUM_BANDS = 5
_BANDS = MappingProxyType({"train": (0, 2, 4), "test": (1, 3)})
_MARGIN = 0.1


def draw_person(
    generator: np.random.Generator, *, split: str = "train"
) -> dict[str, float]:
    """Draws who is in the picture, how the head is held and lit.

    No value of a trait in one split lies within a twenty-fifth of its range
    of a value in the other, so the splits share no person, pose or colour.

    Args:
        generator: the source of randomness.
        split: "train" or "test".

    Returns:
        Every name of `TRAITS` with its value and every name of `ATTRIBUTES`
        with 0 or 1.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in _BANDS:
        raise ValueError(
            f'split must be "train" or "test". Received: {split!r}'
        )
    bands = generator.choice(_BANDS[split], size=len(TRAITS))
    inside = generator.uniform(_MARGIN, 1.0 - _MARGIN, len(TRAITS))
    places = (bands + inside) / _NUM_BANDS
    chances = generator.uniform(size=len(ATTRIBUTES))
    return {
        name: float(low + (high - low) * place)
        for (name, (low, high)), place in zip(
            TRAITS.items(), places, strict=True
        )
    } | {
        name: float(chance < probability)
        for (name, probability), chance in zip(
            ATTRIBUTES.items(), chances, strict=True
        )
    }


def draw_muscles(
    expression: str, generator: np.random.Generator
) -> dict[int, float]:
    """Draws how strongly each facial muscle acts in an expression.

    The generator advances equally whatever the expression.

    Args:
        expression: one of `keras_fer.CLASSES`.
        generator: the source of randomness.

    Returns:
        FACS action unit 1 to 43 -> intensity, 0 where the unit rests.

    Raises:
        ValueError: if there is no such expression.
    """
    if expression not in ACTION_UNITS:
        raise ValueError(
            f"expression must be one of {', '.join(CLASSES)}. "
            f"Received: {expression!r}"
        )
    always, often = ACTION_UNITS[expression]
    strength = generator.uniform(*INTENSITIES)
    varied = generator.uniform(0.85, 1.1, 44)
    joins = generator.uniform(size=44) < 0.5
    return {
        unit: float(strength * varied[unit])
        if unit in always or (unit in often and joins[unit])
        else 0.0
        for unit in range(1, 44)
    }
