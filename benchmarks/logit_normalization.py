"""Which normalisation do LIP's logits need? Accuracy and step time of each.

    python benchmarks/logit_normalization.py FER2013_FOLDER

Trains a narrow network on FER2013's training part (48x48), once a form and
seed, judges each on a tenth cut from it, and prints accuracy beside the step
time as a ratio to max pooling's in the same run. PublicTest is not used.
"""

import dataclasses
import time
from pathlib import Path

import numpy as np
import sklearn.model_selection
import tyro

from keras_fer import runtime
from keras_fer.datasets import fer2013


@dataclasses.dataclass(frozen=True)
class Config:
    """Compares forms of the logit module."""

    directory: tyro.conf.Positional[Path]
    forms: tuple[str, ...] = (
        "max",
        "batch/average",
        "instance/average",
        "none/average",
    )
    seeds: tuple[int, ...] = (0, 1)
    epochs: int = 6
    width: float = 0.25
    crop_size: int = 44
    batch_size: int = 128
    learning_rate: float = 0.04
    precision: str = "mixed_bfloat16"


def main(config):
    runtime.tune_allocator()
    import keras

    keras.config.set_dtype_policy(config.precision)
    train, validation = read_training_part(config.directory)
    print(f"{len(train)} faces to train on, {len(validation)} to judge by")
    for seed in config.seeds:
        for form in config.forms:
            accuracy, seconds = train_form(
                form, seed, train, validation, config
            )
            print(
                f"seed {seed} {form:18} accuracy {accuracy:.4f} "
                f"median step {seconds * 1000:.0f} ms",
                flush=True,
            )


def train_form(form, seed, train, validation, config):
    import keras

    from keras_fer import augment
    from keras_fer import build_model
    from keras_fer import evaluation
    from keras_fer import input_pipeline

    keras.utils.set_random_seed(seed)
    size = config.crop_size
    model = build_model(
        input_shape=(size, size, 3),
        width=config.width,
        pooling="max" if form == "max" else pooling_form(form),
    )
    steps = len(train) // config.batch_size * config.epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - steps // 20,
        warmup_target=config.learning_rate,
        warmup_steps=steps // 20,
    )
    model.compile(
        keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True),
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
        jit_compile=False,
    )
    times = []
    settings = augment.ViewSettings(48, size, max_angle=10.0)
    for epoch in range(config.epochs):
        table = input_pipeline.draw_epoch(
            train.labels,
            seed=seed,
            epoch=epoch,
            settings=settings,
        )
        batches = input_pipeline.train_batches(
            train,
            table,
            settings=settings,
            batch_size=config.batch_size,
        )
        for images, labels in batches:
            start = time.perf_counter()
            model.train_on_batch(images, labels)
            times.append(time.perf_counter() - start)
    images = input_pipeline.image_batches(
        validation, image_size=48, batch_size=config.batch_size
    )
    probabilities = evaluation.predict(model, images)
    accuracy = float((probabilities.argmax(-1) == validation.labels).mean())
    return accuracy, float(np.median(times))


def pooling_form(form):
    from keras_fer.layers import LIPPooling2D
    from keras_fer.layers import ProjectionLogits

    normalization, start = form.split("/")
    normalization = None if normalization == "none" else normalization

    def pooling(name):
        logits = ProjectionLogits(normalization=normalization, start=start)
        return LIPPooling2D(logits=logits, name=name)

    return pooling


def read_training_part(directory):
    """FER2013's training part, a stratified tenth set aside."""
    faces = fer2013.load_fer2013(directory)["train"]
    train, validation = sklearn.model_selection.train_test_split(
        np.arange(len(faces)),
        test_size=0.1,
        random_state=0,
        stratify=faces.labels,
    )
    return faces.take(train), faces.take(validation)


if __name__ == "__main__":
    main(tyro.cli(Config))
