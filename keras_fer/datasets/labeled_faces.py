"""What every data set becomes: compressed pictures with labels."""

import dataclasses
import functools
import operator
from collections.abc import Sequence

import numpy as np

from keras_fer.datasets.stored_pictures import StoredPictures


@dataclasses.dataclass(frozen=True, eq=False)
class LabeledFaces:
    """Faces of one split: still compressed (about 2.8 kB each), labelled.

    Attributes:
        images: the encoded pictures (JPEG or PNG), one `bytes` each: a
            tuple in memory, or `StoredPictures` where that would be too much.
        labels: int32 array `(num_faces,)`, indices into `class_names`.
        names: each picture's path inside its data set, for messages.
        class_names: the classes, in the order of the model's output.
    """

    images: tuple[bytes, ...] | StoredPictures
    labels: np.ndarray
    names: tuple[str, ...]
    class_names: tuple[str, ...]

    def __post_init__(self):
        counts = len(self.images), len(self.labels), len(self.names)
        if len(set(counts)) != 1:
            raise ValueError(
                "images, labels and names must have one length. Received: "
                f"{counts[0]} images, {counts[1]} labels, {counts[2]} names"
            )

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: Sequence[int] | np.ndarray) -> "LabeledFaces":
        """The faces at `indices`, in that order."""
        indices = [int(index) for index in indices]
        if isinstance(self.images, StoredPictures):
            images = self.images.take(indices)
        else:
            images = tuple(self.images[index] for index in indices)
        return dataclasses.replace(
            self,
            images=images,
            labels=self.labels[indices],
            names=tuple(self.names[index] for index in indices),
        )

    def class_counts(self) -> np.ndarray:
        """How many faces each class has: int64 array `(num_classes,)`."""
        return np.bincount(self.labels, minlength=len(self.class_names))


def concatenate(parts: Sequence[LabeledFaces]) -> LabeledFaces:
    """Several parts of one data set as one, in their order."""
    return dataclasses.replace(
        parts[0],
        images=functools.reduce(operator.add, (p.images for p in parts)),
        labels=np.concatenate([part.labels for part in parts]),
        names=sum((part.names for part in parts), ()),
    )
