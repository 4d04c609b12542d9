"""Pictures for reports and papers: matplotlib figures, without pyplot."""

from keras_fer.figures.canvas import save_figure
from keras_fer.figures.confusion_matrix import confusion_matrices_figure
from keras_fer.figures.confusion_matrix import confusion_matrix_figure
from keras_fer.figures.importance import importance_figure
from keras_fer.figures.pooling import pooling_figure
from keras_fer.figures.structure import structure_figure
from keras_fer.figures.training_curves import read_history
from keras_fer.figures.training_curves import training_curves_figure

__all__ = [
    "confusion_matrices_figure",
    "confusion_matrix_figure",
    "importance_figure",
    "pooling_figure",
    "read_history",
    "save_figure",
    "structure_figure",
    "training_curves_figure",
]
