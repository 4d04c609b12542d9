"""From a trained model to files that others can run."""

from keras_fer.export.labeled_images import LabeledImages
from keras_fer.export.labeled_images import calibration_sample
from keras_fer.export.labeled_images import decode
from keras_fer.export.model_export import FORMATS
from keras_fer.export.model_export import export_model
from keras_fer.export.run_export import export_run
from keras_fer.export.saved_model import export_saved_model

__all__ = [
    "FORMATS",
    "LabeledImages",
    "calibration_sample",
    "decode",
    "export_model",
    "export_run",
    "export_saved_model",
]
