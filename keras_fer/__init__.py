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

__version__ = "0.1.0"

_LAZY = {
    "build_model": "keras_fer.model",
    "calibrate_batch_norm": "keras_fer.model",
    "layers": None,
    "load_model": "keras_fer.model",
}

__all__ = [
    "CLASSES",
    "build_model",
    "calibrate_batch_norm",
    "layers",
    "load_model",
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
