"""Trains the paper's network on faces of one's own: a folder for each class.

    python recipes/image_folder.py --data-dir FACES --run-dir runs/mine \
        --initial-weights fer2013

FACES holds FACES/tired/a.jpg, FACES/awake/b.jpg and so on, of any classes, or
train, validation and test folders of these. Missing parts are cut once, kept in
split.json. A run or preset gives all, or all but the last layer.
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Literal

from keras_fer import configuration
from keras_fer.errors import UsageError

HOW_TO_OBTAIN = """Put each class's faces into a folder of its name. Then:
  python recipes/image_folder.py --data-dir FACES"""


@dataclasses.dataclass(frozen=True)
class Config(configuration.RunSettings):
    """Trains the paper's network on faces of one's own."""

    # Data
    data_dir: Path | None = None
    """A folder with a folder a class in it."""
    on_leak: Literal["stop", "drop", "keep"] = "stop"
    """What to do where a test face was already learned from."""
    exclude: Path | None = None
    """A list of pictures to leave out, a name a line."""
    validation_fraction: float = 0.1
    """Share of the faces that chooses the epoch, where no folder is given."""
    test_fraction: float = 0.2
    """Share of the faces that judges, where no folder is given."""

    # Views, in pixels and degrees
    image_size: int | None = None
    """Side of every face, in pixels. None: as the initial weights, else 100."""
    crop_size: int | None = None
    """Side of the view, in pixels. None: as the initial weights, else 90."""
    max_angle: float = 10.0
    """Largest random rotation, in degrees."""
    max_zoom: float = 0.1
    """Largest random zoom, as a share of the size."""
    max_contrast: float = 0.2
    """Largest random change of contrast, as a share."""
    class_balance: float = 0.0
    """0: every face once an epoch; 1: every class equally often."""

    # Network
    weights: str | None = None
    """None, "imagenet", or a weight file."""
    initial_weights: str | None = None
    """Start from this run or preset, of the same network."""
    frozen_blocks: int = 0
    """How many of VGG16's five blocks stay as they are, from the first."""
    layer_decay: float = 1.0
    """Learning rate of a block over that of what follows it."""
    width: float | None = None
    """Multiplies all filters. None: as the initial weights, else 1."""
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
    epochs: int = 20
    """Passes through the training part."""
    batch_size: int = 32
    """Faces a step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """SGD has Nesterov momentum 0.9."""
    learning_rate: float = 0.01
    """The peak, after the warm-up; a cosine takes it to zero."""
    warmup_epochs: float = 1.0
    """Length of the linear warm-up."""
    weight_decay: float = 5e-4
    """Decoupled; not on biases and normalisations."""
    label_smoothing: float = 0.1
    """Share of each target spread over all classes."""
    average_momentum: float = 0.98
    """Of the averaged weights, which are validated and kept. 0: none."""

    # Run
    run_dir: Path = Path("runs/image_folder")
    """Where everything the run makes goes."""


say = functools.partial(print, flush=True)


def main(config):
    from keras_fer import run_directory
    from keras_fer import runtime

    if config.data_dir is None:
        raise UsageError(f"--data-dir is missing. {HOW_TO_OBTAIN}")
    runtime.tune_allocator()  # before TensorFlow is loaded
    from keras_fer import imagenet_weights
    from keras_fer import initial_weights
    from keras_fer.datasets import stored_split

    config = initial_weights.settle(config)
    with run_directory.open_run(config) as run:
        config = runtime.scale_to_devices(config)
        weights = imagenet_weights.resolve(config.weights)
        initial = initial_weights.open_initial_run(
            config.initial_weights,
            width=config.width,
            pooling=config.pooling,
            head=config.head,
            attention=config.attention,
            batch_norm=config.batch_norm,
        )
        parts, excluded = split_data(config, run)
        start = initial or initial_weights.open_weights(weights)
        faces, facts = check_data(config, parts, start)
        facts["excluded"] = len(excluded)
        from keras_fer import devices  # loads Keras: not before bad data
        from keras_fer import run_results

        facts |= runtime.set_up(
            config.seed,
            config.precision,
            config.deterministic,
            config.devices,
        )
        say(f"Device: {facts['device']}, precision {facts['precision']}")
        model = make_network(config, faces[0], weights, initial)
        facts = run.begin(facts)
        kept = run.directory / "split.json"
        stored_split.store(parts, kept, config.seed, excluded)
        with devices.on_devices(
            model, config.devices, synchronized=config.sync_batch_norm
        ) as trained:
            progress = train_network(config, run, trained, *faces[:2])
        if config.process_id:
            return  # process 0 judges and publishes
        facts["epoch"] = progress.best_epoch + 1
        run_results.write_results(
            run.directory,
            model,
            faces[2],
            image_size=config.image_size,
            batch_size=config.batch_size,
            facts=facts,
            learned=faces[:2],
            seen=start and start.learned,
            say=say,
        )


def split_data(config, run):
    """The parts as they were given, kept or cut anew; who was left out."""
    from keras_fer.datasets import exclusion
    from keras_fer.datasets import image_folder
    from keras_fer.datasets import stored_split

    source = image_folder.find_source(config.data_dir)
    classes = ", ".join(source.class_names)
    say(f"{source.directory}: {source.layout}, classes in order: {classes}")
    say("Checking every picture, then looking for copies ...")
    image_folder.check_source(source)
    given = image_folder.load_source(source)
    given, excluded = exclusion.leave_out(given, config.exclude)
    kept = run.directory / "split.json"
    if config.resume and kept.exists():
        return stored_split.restore(given, kept), excluded
    return stored_split.cut(
        given,
        validation_fraction=config.validation_fraction,
        test_fraction=config.test_fraction,
        seed=config.seed,
        say=say,
    ), excluded


def check_data(config, given, start):
    """Faces of the three parts, and what a report must say of them."""
    from keras_fer.datasets import labeled_faces
    from keras_fer.datasets import leak_policy
    from keras_fer.datasets import parts
    from keras_fer.datasets import stored_split

    train, validation, test = given.values()
    train, report = leak_policy.apply_leak_policy(
        train, labeled_faces.concatenate([validation, test]), config.on_leak
    )
    facts = {"leak_report": report.as_dict()}
    validation, report = leak_policy.apply_leak_policy(
        validation, test, config.on_leak, part="validation"
    )
    facts["validation_leak_report"] = report.as_dict()
    if start:
        test, report = start.unseen(test, config.on_leak, say=say)
        facts |= report
    faces = {"train": train, "validation": validation, "test": test}
    counts = parts.count(faces, config.batch_size, say)
    name = f"own faces in {config.data_dir.resolve().name}"
    facts |= {
        "title": f"keras_fer on {name}",
        "data_set": name,
        "data_hash": stored_split.identity(given),
        "split": "test",
        "chosen_by": "validation",
        "counts": counts,
    }
    return tuple(faces.values()), facts


def make_network(config, train, weights, initial):
    import keras_fer
    from keras_fer import input_pipeline
    from keras_fer import pooling_variants
    from keras_fer import weight_transfer

    build = functools.partial(
        keras_fer.build_model,
        input_shape=(config.crop_size, config.crop_size, 3),
        width=config.width,
        pooling=pooling_variants.pooling_variant(config.pooling),
        head=config.head,
        attention=None if config.attention == "none" else config.attention,
        batch_norm=config.batch_norm,
        dropout=config.dropout,
    )
    if initial:
        model = build(initial.weights_path, classes=len(initial.class_names))
        if initial.class_names == train.class_names:
            return model
        say("A new last layer: the initial weights know other classes")
        start, model = model, build(classes=len(train.class_names))
        return weight_transfer.copy_all_but_head(start, model)
    model = build(config.weights, classes=len(train.class_names))
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
        layer_decay=config.layer_decay,
        frozen_blocks=config.frozen_blocks,
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
            config.image_size,
            config.crop_size,
            max_angle=config.max_angle,
            max_zoom=config.max_zoom,
            max_contrast=config.max_contrast,
        ),
        class_balance=config.class_balance,
        seed=config.seed,
        say=say,
    )


if __name__ == "__main__":
    sys.exit(configuration.run(main, configuration.read_config(Config, {})))
