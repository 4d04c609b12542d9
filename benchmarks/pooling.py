"""What does local importance-based pooling cost in a training step?

    python -m benchmarks.pooling

Times a training step of `build_model()`, of the same network with other
pools, and of plain PyTorch with the authors' formula if it is installed, one
after another in every round, and prints each one's time as a ratio to max
pooling's in the same round: median, and the middle half of the rounds.
"""

import contextlib
import dataclasses
import sys

import numpy as np
import tyro

from benchmarks import torch_network
from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing

TORCH = {"torch_max": "max", "torch_lip": "lip"}
TITLES = {
    "max": "max pooling",
    "avg": "average pooling",
    "default": "LIP, default (no norm)",
    "batch": "LIP, batch norm on the logits",
    "instance": "LIP, instance norm",
    "none": "LIP, no norm",
    "keras_ops": "LIP, default, without TensorFlow's kernel",
    "autodiff": "LIP, the authors' formula in keras.ops, float32, autodiff",
    "torch_max": "PyTorch, max pooling",
    "torch_lip": "PyTorch, LIP, the authors' formula",
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares the cost of pooling layers."""

    forms: tuple[str, ...] = (
        "max",
        "default",
        "batch",
        "instance",
        "keras_ops",
        "autodiff",
        "torch_max",
        "torch_lip",
    )
    """"default" is build_model's; batch, instance and none are norms of
    ProjectionLogits; "keras_ops" is the default without TensorFlow's
    kernel; "autodiff" is the authors' formula as it stands; torch_max and
    torch_lip are plain PyTorch."""
    rounds: int = 8
    size: int = 90
    batch_size: int = 32
    width: float = 1.0
    precision: str = "auto"


def main(config):
    runtime.tune_allocator()
    precision = runtime.choose_precision(config.precision)
    print(f"{runtime.describe_device()}, {config}", file=sys.stderr)
    from keras_fer import step_time

    actions, note = {}, ""
    with contextlib.ExitStack() as stack:
        for form in config.forms:
            if form not in TORCH:
                model = build(form, config, precision)
                actions[form] = step_time.step_of(model, config.batch_size)
            elif torch_network.is_installed():
                actions[form] = stack.enter_context(
                    torch_network.steps(
                        TORCH[form],
                        side=config.size,
                        batch_size=config.batch_size,
                        width=config.width,
                        precision=precision,
                    )
                )
            else:
                note = f"\n\n{torch_network.ABSENT}."
        seconds = timing.in_turn(actions, config.rounds)
    rows = [
        [
            TITLES[form],
            f"{np.median(values):.3f}",
            *timing.ratio_cells(values, seconds["max"]),
        ]
        for form, values in seconds.items()
    ]
    header = ["pooling", "s a step", "ratio to max", "middle half"]
    print(markdown.table(header, rows))
    print(
        f"\n{config.size}x{config.size}, batch {config.batch_size}, width "
        f"{config.width:g}, {precision}.{note}"
    )


def build(form, config, precision):
    import keras

    import keras_fer
    from keras_fer import optimization

    keras.config.set_dtype_policy(precision)
    pooling = {"max": "max", "avg": "avg", "default": "lip"}.get(form)
    model = keras_fer.build_model(
        input_shape=(config.size, config.size, 3),
        width=config.width,
        pooling=pooling or pooling_form(form),
    )
    optimization.compile_model(model, steps=1000)
    return model


def pooling_form(form):
    """What `build_model(pooling=...)` takes for a form of LIP."""
    import keras

    from keras_fer.layers import LIPPooling2D
    from keras_fer.layers import ProjectionLogits

    class PortableLIPPooling2D(LIPPooling2D):
        def _has_fast_kernel(self, inputs):
            return False

    class AutodiffLIPPooling2D(keras.layers.Layer):
        def build(self, shape):
            self.convolution = keras.layers.Conv2D(
                shape[-1], 1, use_bias=False, kernel_initializer="zeros"
            )
            self.convolution.build(shape)

        def call(self, inputs):
            ops = keras.ops
            x = ops.cast(inputs, "float32")
            logits = ops.cast(self.convolution(inputs), "float32")
            weight = ops.exp(12 * ops.sigmoid(logits))
            pooled = ops.average_pool(x * weight, 2)
            pooled = pooled / ops.average_pool(weight, 2)
            return ops.cast(pooled, inputs.dtype)

    norms = {"batch": "batch", "instance": "instance", "none": None}

    def pooling(name):
        if form == "autodiff":
            return AutodiffLIPPooling2D(name=name)
        if form == "keras_ops":
            return PortableLIPPooling2D(name=name)
        logits = ProjectionLogits(normalization=norms[form])
        return LIPPooling2D(logits=logits, name=name)

    return pooling


if __name__ == "__main__":
    main(tyro.cli(Config))
