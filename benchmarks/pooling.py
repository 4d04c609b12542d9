"""What does local importance-based pooling cost in a training step?

    python benchmarks/pooling.py

Times a training step of `build_model()` and of the same network with other
pools, one after another in every round, and prints each one's time as a ratio
to max pooling's in the same round: median, and the middle half of the rounds.
"""

import dataclasses
import time

import numpy as np
import tyro

from keras_fer import runtime


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares the cost of pooling layers."""

    forms: tuple[str, ...] = (
        "max",
        "default",
        "batch",
        "instance",
        "none",
        "keras_ops",
    )
    """"default" is build_model's; batch, instance and none are norms of
    ProjectionLogits; "keras_ops" is the default without TensorFlow's
    kernel."""
    rounds: int = 8
    size: int = 90
    batch_size: int = 32
    width: float = 1.0
    precision: str = "auto"


def main(config):
    runtime.tune_allocator()
    import keras

    precision = runtime.choose_precision(config.precision)
    keras.config.set_dtype_policy(precision)
    print(f"{runtime.describe_device()}, {precision}, {config}")
    rng = np.random.default_rng(0)
    shape = (config.batch_size, config.size, config.size, 3)
    images = keras.ops.convert_to_tensor(rng.uniform(0, 255, shape), "float32")
    labels = keras.ops.one_hot(rng.integers(0, 7, config.batch_size), 7)
    models = {form: build(form, config) for form in config.forms}
    seconds = {form: [] for form in models}
    for _ in range(config.rounds + 1):
        for form, model in models.items():
            start = time.perf_counter()
            model.train_on_batch(images, labels)
            seconds[form].append(time.perf_counter() - start)
    base = np.array(seconds["max"][1:])  # the first round compiles
    print("| form | median s a step | ratio to max | middle half |")
    print("| --- | --- | --- | --- |")
    for form, values in seconds.items():
        ratios = np.array(values[1:]) / base
        low, median, high = np.percentile(ratios, (25, 50, 75))
        print(
            f"| {form} | {np.median(values[1:]):.3f} | {median:.2f} | "
            f"{low:.2f}-{high:.2f} |"
        )


def build(form, config):
    import keras_fer
    from keras_fer import optimization

    pooling = {"max": "max", "default": "lip"}.get(form)
    model = keras_fer.build_model(
        input_shape=(config.size, config.size, 3),
        width=config.width,
        pooling=pooling or pooling_form(form),
    )
    optimization.compile_model(model, steps=1000)
    return model


def pooling_form(form):
    from keras_fer.layers import LIPPooling2D
    from keras_fer.layers import ProjectionLogits

    class PortableLIPPooling2D(LIPPooling2D):
        def _has_fast_kernel(self, inputs):
            return False

    layer = PortableLIPPooling2D if form == "keras_ops" else LIPPooling2D
    norms = {"batch": "batch", "instance": "instance", "none": None}

    def pooling(name):
        if form == "keras_ops":
            return layer(name=name)
        logits = ProjectionLogits(normalization=norms[form])
        return layer(logits=logits, name=name)

    return pooling


if __name__ == "__main__":
    main(tyro.cli(Config))
