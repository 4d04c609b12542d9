"""From a trained model to files that others can run."""

from keras_fer.export.saved_model import export_saved_model

__all__ = ["export_saved_model"]
