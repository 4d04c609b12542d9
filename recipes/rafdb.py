"""Trains and judges the paper's network on RAF-DB.

    python recipes/rafdb.py --demo
    python recipes/rafdb.py --data-dir RAF-DB --run-dir runs/rafdb

Paper: Dong, Wang and Hang, "Facial expression recognition based on improved
VGG convolutional neural network", 2021. Random 90x90 crops of the 100x100
faces, mirrored and rotated; ten-crop testing. Rates, epochs and angles are
ours, since the paper gives none (docs/paper.md).
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Literal

from keras_fer import configuration
from keras_fer.datasets.raf_db_source import HOW_TO_OBTAIN
from keras_fer.errors import UsageError

OR_ELSE = """
Then: python recipes/rafdb.py --data-dir DIR
To see the whole program at work on drawn faces, without RAF-DB:
  python recipes/rafdb.py --demo"""


@dataclasses.dataclass(frozen=True)
class Config(configuration.RunSettings):
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
    exclude: Path | None = None
    """A list of pictures to leave out, a name a line."""
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
    pooling: configuration.Pooling = "lip"
    """The five pools; the baseline has max. See pooling_variants.py."""
    head: Literal["conv", "dense"] = "conv"
    """Two convolutions, or the baseline's dense layers."""
    attention: Literal["eca", "se", "none"] = "eca"
    """Channel attention; the baseline has none."""
    batch_norm: bool = True
    """Batch normalisation after each convolution."""
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
    export: bool = False
    """Export for phones at the end, as keras-fer export RUN does later."""


# The demo's own defaults, for a few minutes on two cores.
DEMO = {
    "run_dir": Path("runs/rafdb-demo"),
    "expected_counts": "any",
    "width": 0.5,
    "epochs": 15,
    "average_momentum": 0.98,  # of 590 steps
    "export": True,
}

say = functools.partial(print, flush=True)


def main(config):
    from keras_fer import run_directory
    from keras_fer import runtime

    if not config.demo and config.data_dir is None:
        raise UsageError(f"--data-dir is missing. {HOW_TO_OBTAIN}{OR_ELSE}")
    runtime.tune_allocator()  # before TensorFlow is loaded
    from keras_fer import imagenet_weights
    from keras_fer import initial_weights

    with run_directory.open_run(config) as run:
        config = runtime.scale_to_devices(config)
        weights = imagenet_weights.resolve(config.weights)
        start = initial_weights.open_weights(weights)
        train, validation, test, facts = load_data(config, start)
        from keras_fer import devices  # loads Keras: not before bad data
        from keras_fer import run_results

        facts |= runtime.set_up(
            config.seed,
            config.precision,
            config.deterministic,
            config.devices,
        )
        say(f"Device: {facts['device']}, precision {facts['precision']}")
        model = make_network(config, train, weights)
        facts = run.begin(facts)
        with devices.on_devices(
            model, config.devices, synchronized=config.sync_batch_norm
        ) as trained:
            progress = train_network(config, run, trained, train, validation)
        if config.process_id:
            return  # process 0 judges and publishes
        facts["epoch"] = progress.best_epoch + 1
        run_results.write_results(
            run.directory,
            model,
            test,
            image_size=config.image_size,
            batch_size=config.batch_size,
            facts=facts,
            learned=(train, validation),
            seen=start and start.learned,
            say=say,
        )
        if config.export:
            export_network(config, run, model, train, test, facts)


def load_data(config, start):
    """Faces of the three parts, and what a report must say of them."""
    from keras_fer.datasets import demo_faces
    from keras_fer.datasets import parts
    from keras_fer.datasets import prepared
    from keras_fer.datasets import raf_db
    from keras_fer.datasets import raf_db_source

    directory = config.data_dir
    if config.demo:
        directory = demo_faces.demo_directory("raf_db", config.cache_dir)
    source = raf_db_source.find_source(directory, config.variant)
    say(
        f"{source.directory}: {source.layout} layout, classes in order: "
        f"{', '.join(source.class_names)}"
    )
    say("Checking every picture, then looking for copies ...")
    raf_db.check_source(source, config.expected_counts)
    whole = raf_db.load_source(source, config.cache_dir, say)
    if start:
        cut = "validation_fraction seed on_leak exclude"
        start.check_cut(source.identity, config, cut.split())
        start.warn(say)
    faces, facts = parts.separate(
        **whole,
        on_leak=config.on_leak,
        validation_fraction=config.validation_fraction,
        seed=config.seed,
        seen=start and start.learned,
        cache=prepared.cache_directory(config.cache_dir),
        exclude=config.exclude,
        say=say,
    )
    counts = parts.count(faces, config.batch_size, say)
    name = "drawn faces (not photographs)" if config.demo else "RAF-DB"
    if not config.demo and config.expected_counts == "any":
        name = "faces in RAF-DB's layout, counts not checked"
    facts |= {
        "title": f"keras_fer on {name}",
        "data_set": name,
        "data_hash": source.identity,
        "split": "test",
        "chosen_by": "validation, cut from train",
        "counts": counts,
        **({"initial_weights": start.description} if start else {}),
    }
    return *faces.values(), facts


def make_network(config, train, weights):
    import keras_fer
    from keras_fer import input_pipeline
    from keras_fer import pooling_variants

    model = keras_fer.build_model(
        config.weights,
        input_shape=(config.crop_size, config.crop_size, 3),
        classes=len(train.class_names),
        width=config.width,
        pooling=pooling_variants.pooling_variant(config.pooling),
        head=config.head,
        attention=None if config.attention == "none" else config.attention,
        batch_norm=config.batch_norm,
        dropout=config.dropout,
    )
    if weights.is_vgg16:
        views = input_pipeline.sample_views(
            train, config.image_size, config.crop_size, config.seed
        )
        keras_fer.calibrate_batch_norm(model, views)
    return model


def train_network(config, run, model, train, validation):
    from keras_fer import augment
    from keras_fer import optimization
    from keras_fer import step_time
    from keras_fer import training

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
    step_time.say_estimate(model, config, steps, say)
    return training.fit(
        model,
        train,
        validation,
        directory=run.directory,
        run_id=run.run_id,
        epochs=config.epochs,
        batch_size=config.batch_size,
        views=augment.ViewSettings(
            config.image_size, config.crop_size, config.max_angle
        ),
        class_balance=config.class_balance,
        seed=config.seed,
        say=say,
    )


def export_network(config, run, model, train, test, facts):
    import keras

    from keras_fer import export

    if keras.backend.backend() != "tensorflow":
        say(f"Export it from TensorFlow: keras-fer export {run.directory}")
        return
    kept = ("data_set", "data_hash", "split", "seed", "epoch", "commit")
    # The demo shows the table; its 350 faces and few rounds measure little.
    quick = {"formats": ("float32", "int8"), "min_images": 1, "rounds": 10}
    export.export_run(
        model,
        run.directory / "export",
        train,
        test,
        image_size=config.image_size,
        facts={key: facts[key] for key in kept},
        **(quick if config.demo else {}),
        say=say,
    )


if __name__ == "__main__":
    sys.exit(configuration.run(main, configuration.read_config(Config, DEMO)))
