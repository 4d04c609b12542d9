"""Trains and judges the paper's network on RAF-DB.

    python recipes/rafdb.py --demo
    python recipes/rafdb.py --data-dir RAF-DB --run-dir runs/rafdb

Paper: Dong, Wang and Hang, "Facial expression recognition based on improved
VGG convolutional neural network", 2021. Random 90x90 crops of the 100x100
faces, mirrored and rotated; ten-crop testing. Rates, epochs and angles are
ours, since the paper gives none (docs/paper.md).

Without data, `--demo` trains a half-width network on drawn faces, in less
than 8 minutes on two CPU cores.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Literal

from keras_fer import configuration
from keras_fer.errors import UsageError

WHAT_TO_TYPE = """\
Then: python recipes/rafdb.py --data-dir DIR
To see the whole program at work on drawn faces, without RAF-DB:
  python recipes/rafdb.py --demo"""

Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]


@dataclasses.dataclass(frozen=True)
class Config:
    """Trains and judges the paper's network on RAF-DB."""

    # Data
    data_dir: Path | None = None
    """RAF-DB's folder: the official layout, or one folder per class."""
    demo: bool = False
    """Train a half-width network on drawn faces instead of RAF-DB."""
    variant: Literal["basic", "compound"] = "basic"
    """Seven basic or eleven compound expressions."""
    expected_counts: Literal["official", "any"] = "official"
    """Whether the numbers of faces must be RAF-DB's."""
    on_leak: Literal["stop", "drop", "keep"] = "stop"
    """What to do where a test face is also in the training part."""
    validation_fraction: float = 0.1
    """Share of the training part that chooses the epoch."""
    cache_dir: Path | None = None
    """Where prepared data is kept. None: ~/.cache/keras_fer."""

    # Views, in pixels and degrees
    image_size: int = 100
    """Side that every face is resized to, in pixels."""
    crop_size: int = 90
    """Side of the network's input, in pixels."""
    max_angle: float = 10.0
    """Largest random rotation, in degrees."""
    class_balance: float = 0.0
    """0: every face once an epoch; 1: every class equally often."""

    # Network
    weights: str | None = None
    """None, "imagenet", or a weight file."""
    width: float = 1.0
    """Multiplies every number of filters."""
    pooling: Literal["lip", "max", "avg", "soft"] = "lip"
    """The five pools; the paper's baseline has max."""
    head: Literal["conv", "dense"] = "conv"
    """Two convolutions, or the baseline's dense layers."""
    attention: Literal["eca", "se", "none"] = "eca"
    """Channel attention; the baseline has none."""
    dropout: float = 0.5
    """Share of features dropped before a dense layer."""

    # Optimiser
    epochs: int = 40
    """Passes through the training part."""
    batch_size: int = 32
    """Faces a step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """SGD has Nesterov momentum 0.9."""
    learning_rate: float = 0.02
    """The peak, after the warm-up; a cosine takes it to zero."""
    warmup_epochs: float = 1.0
    """Length of the linear warm-up."""
    weight_decay: float = 5e-4
    """Decoupled; not on biases and normalisations."""
    label_smoothing: float = 0.1
    """Share of each target spread over all classes."""
    average_momentum: float = 0.995
    """Of the averaged weights, which are validated and kept. 0: none."""

    # Run
    run_dir: Path = Path("runs/rafdb")
    """Where everything the run makes goes."""
    resume: bool = False
    """Go on with the run in --run-dir."""
    overwrite: bool = False
    """Replace the run in --run-dir."""
    config: Path | None = None
    """Take the settings of another run: RUN/config.json."""
    seed: int = 0
    """Decides weights, split, order and views."""
    precision: Precision = "auto"
    """auto: the fastest that the device computes natively."""
    deterministic: bool = False
    """Resume bit for bit as if never stopped; slower."""


# The demo's own defaults, for a few minutes on two cores.
DEMO = {
    "run_dir": Path("runs/rafdb-demo"),
    "expected_counts": "any",
    "width": 0.5,
    "epochs": 15,
    "average_momentum": 0.98,  # of 590 steps
}


def main(config):
    from keras_fer import run_directory
    from keras_fer import runtime

    train, validation, test, facts = load_data(config)
    with run_directory.open_run(
        config.run_dir,
        config,
        resume=config.resume,
        overwrite=config.overwrite,
    ) as run:
        facts |= runtime.set_up(
            config.seed, config.precision, config.deterministic
        )
        print(f"Device: {facts['device']}, precision {facts['precision']}")
        facts |= run.write_manifest(facts)
        model = train_network(config, run, train, validation)
        judge(config, run, model, test, facts)


def load_data(config):
    """Faces of the three parts, and what a report must say of them."""
    from keras_fer.datasets import drawn_faces
    from keras_fer.datasets import leak_policy
    from keras_fer.datasets import raf_db
    from keras_fer.datasets import splits

    directory = config.data_dir
    if config.demo:
        directory = drawn_faces.write_drawn_faces(
            raf_db.cache_directory(config.cache_dir) / "drawn-faces"
        )
    elif directory is None:
        raise UsageError(
            f"--data-dir is missing. {raf_db.HOW_TO_OBTAIN}\n{WHAT_TO_TYPE}"
        )
    parts = raf_db.load_raf_db(
        directory,
        config.variant,
        expected_counts=config.expected_counts,
        cache_dir=config.cache_dir,
    )
    train, leaks = leak_policy.apply_leak_policy(
        parts["train"], parts["test"], config.on_leak
    )
    for names in leaks.contradictions:
        print("warning: the same face has two labels:", *names)
    train, validation = splits.split_validation(
        train, config.validation_fraction, config.seed
    )
    counts = {
        "train": len(train),
        "validation": len(validation),
        "test": len(parts["test"]),
    }
    print("Faces:", ", ".join(f"{n} {part}" for part, n in counts.items()))
    name = "drawn faces (not photographs)" if config.demo else "RAF-DB"
    if not config.demo and config.expected_counts == "any":
        name = "faces in RAF-DB's layout, counts not checked"
    return (
        train,
        validation,
        parts["test"],
        {
            "data_set": name,
            "data_hash": raf_db.source_identity(directory, config.variant),
            "split": "test",
            "chosen_by": "validation, cut from train",
            "counts": counts,
            "leak_report": leaks.as_dict(),
        },
    )


def train_network(config, run, train, validation):
    import keras_fer
    from keras_fer import optimization
    from keras_fer import training

    size = (config.crop_size, config.crop_size, 3)
    model = keras_fer.build_model(
        config.weights,
        input_shape=size,
        classes=len(train.class_names),
        width=config.width,
        pooling=config.pooling,
        head=config.head,
        attention=None if config.attention == "none" else config.attention,
        dropout=config.dropout,
    )
    if config.weights is not None:
        calibrate(config, model, train)
    steps = len(train) // config.batch_size
    optimization.compile_model(
        model,
        steps=steps * config.epochs,
        optimizer=config.optimizer,
        learning_rate=config.learning_rate,
        warmup_steps=round(steps * config.warmup_epochs),
        weight_decay=config.weight_decay,
        label_smoothing=config.label_smoothing,
        average_momentum=config.average_momentum,
    )
    seconds = training.estimate_step_seconds(model, size, config.batch_size)
    print(
        f"{config.epochs} epochs of {steps} steps, {seconds:.2f} s a step: "
        f"about {seconds * steps * config.epochs / 60:.0f} minutes",
        flush=True,
    )
    _, messages = training.fit(
        model,
        train,
        validation,
        directory=run.directory,
        run_id=run.run_id,
        epochs=config.epochs,
        batch_size=config.batch_size,
        image_size=config.image_size,
        crop_size=config.crop_size,
        max_angle=config.max_angle,
        class_balance=config.class_balance,
        seed=config.seed,
    )
    for message in messages:
        print("warning:", message, file=sys.stderr)
    return model


def calibrate(config, model, train):
    import keras_fer
    from keras_fer import augment
    from keras_fer import input_pipeline

    faces = input_pipeline.image_batches(
        train, image_size=config.image_size, batch_size=64
    )
    views = augment.eval_view(next(iter(faces)), config.crop_size)
    keras_fer.calibrate_batch_norm(model, views)


def judge(config, run, model, test, facts):
    """Single view and ten-crop on the test part; writes the run's files."""
    from keras_fer import evaluation
    from keras_fer import figures
    from keras_fer import files
    from keras_fer import input_pipeline
    from keras_fer import metrics
    from keras_fer import report

    directory = run.directory
    images = input_pipeline.image_batches(
        test, image_size=config.image_size, batch_size=config.batch_size
    )
    results = {}
    for view, predict in (
        ("single_view", evaluation.predict),
        ("ten_crop", evaluation.predict_ten_crop),
    ):
        results[view] = metrics.compute_metrics(
            predict(model, images), test.labels, test.class_names
        )
        accuracy = results[view]["accuracy"]
        print(f"Test part, {view}: accuracy {accuracy:.1%}", flush=True)
    for name, save in (
        ("model.keras", model.save),
        ("model.weights.h5", model.save_weights),
    ):
        with files.atomic_path(directory / name) as path:
            save(path)
    figures.save_figure(
        figures.training_curves_figure(
            figures.read_history(directory / "history.csv")
        ),
        directory / "curves.png",
    )
    title = f"keras_fer on {facts['data_set']}"
    report.write_report(directory, **results, context={"title": title, **facts})
    print(f"Report: {directory / 'report.md'}")


if __name__ == "__main__":
    sys.exit(configuration.run(main, configuration.read_config(Config, DEMO)))
