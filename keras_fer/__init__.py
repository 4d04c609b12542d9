"""Facial-expression recognition on Keras 3.

Names are loaded when they are first used, so `import keras_fer` itself pulls
in neither Keras nor TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

from keras_fer.classes import CLASSES

if TYPE_CHECKING:
    from keras_fer import layers
    from keras_fer.model import build_model
    from keras_fer.model import calibrate_batch_norm
    from keras_fer.model import load_model
    from keras_fer.photos import predict
    from keras_fer.preset_writer import save_preset
    from keras_fer.presets import list_presets
    from keras_fer.presets import load_preset

__version__ = "0.1.0"

_LAZY = {
    "build_model": "keras_fer.model",
    "calibrate_batch_norm": "keras_fer.model",
    "layers": None,
    "list_presets": "keras_fer.presets",
    "load_model": "keras_fer.model",
    "load_preset": "keras_fer.presets",
    "predict": "keras_fer.photos",
    "save_preset": "keras_fer.preset_writer",
}

__all__ = [
    "CLASSES",
    "build_model",
    "calibrate_batch_norm",
    "layers",
    "list_presets",
    "load_model",
    "load_preset",
    "predict",
    "save_preset",
]


def __getattr__(name):
    if name not in _LAZY:
        raise AttributeError(f"module 'keras_fer' has no attribute {name!r}")
    module = _LAZY[name]
    if module is None:
        return importlib.import_module(f"keras_fer.{name}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *_LAZY])
