"""Forms of pooling beside the four that `build_model` names itself.

What the paper leaves open of LIP, one name each, for comparing them.
"""

import dataclasses

from keras_fer.layers import BottleneckLogits
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits

_LOGITS = {
    "lip-batch": lambda: ProjectionLogits(normalization="batch"),
    "lip-instance": lambda: ProjectionLogits(normalization="instance"),
    "lip-3x3": lambda: ProjectionLogits(kernel_size=3),
    "lip-authors": lambda: ProjectionLogits(
        kernel_size=3, normalization="instance"
    ),
    "lip-bottleneck": BottleneckLogits,
    "lip-from-max": lambda: ProjectionLogits(start="max"),
}


def pooling_variant(name):
    """What `build_model(pooling=...)` takes for a name.

    Args:
        name: "lip", "max", "avg" or "soft", which are passed through, or
            LIP with other logits than the default ones (1x1, no norm, start
            from average pooling): "lip-batch" and "lip-instance" normalise
            them, "lip-3x3" computes them from 3x3 neighbours, "lip-authors"
            does both as SimplifiedLIP does, "lip-bottleneck" computes them
            in three convolutions, "lip-from-max" has `start="max"` of
            `ProjectionLogits`.

    Returns:
        A string, or a callable from a pool's name to a layer.
    """
    if name not in _LOGITS:
        return name
    return _Variant(name)


@dataclasses.dataclass(frozen=True)
class _Variant:
    """A callable that equals another one of its name."""

    name: str

    def __call__(self, pool):
        return LIPPooling2D(logits=_LOGITS[self.name](), name=pool)
