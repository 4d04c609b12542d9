"""Trains and judges the paper's network on FER2013.

    python recipes/fer2013.py --data-dir FER2013 --run-dir runs/fer2013
    python recipes/fer2013.py --data-dir FER2013 --judge public-test ...

Views, smoothed labels, averaged weights, one cosine and ten crops are taken
from the literature. A tenth cut from Training chooses the epoch; a second one,
the same for every --seed, compares settings; PublicTest judges candidates.
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Literal

from keras_fer import configuration
from keras_fer.datasets.fer2013_source import HOW_TO_OBTAIN
from keras_fer.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Config(configuration.RunSettings):
    """Trains and judges the paper's network on FER2013."""

    # Data
    data_dir: Path | None = None
    """The folder with fer2013.csv, icml_face_data.csv or class folders."""
    judge: Literal["screening", "public-test"] = "screening"
    """A second part cut from Training, or PublicTest."""
    expected_counts: Literal["official", "any"] = "official"
    """Whether the numbers of faces must be FER2013's."""
    on_leak: Literal["stop", "drop", "keep"] = "drop"
    """What to do where a test face is also in the training part."""
    exclude: Path | None = None
    """A list of training pictures to leave out, a name a line."""
    additional_data_dir: Path | None = None
    """Another data set, whose training part is learned from too, as grey."""
    validation_fraction: float = 0.1
    """Share of Training that chooses the epoch; as much for screening."""
    split_seed: int = 0
    """Decides what is cut from Training."""
    cache_dir: Path | None = None
    """Where prepared data is kept. None: ~/.cache/keras_fer."""

    # Views, in pixels and degrees
    image_size: int = 48
    """Side that every face is resized to, in pixels."""
    crop_size: int = 44
    """Side of the network's input, in pixels; 64 of an image of 72."""
    max_angle: float = 15.0
    """Largest random rotation, in degrees."""
    max_zoom: float = 0.2
    """Largest random zoom, as a share of the size."""
    max_contrast: float = 0.2
    """Largest random change of contrast, as a share."""
    erase_probability: float = 0.5
    """Share of the views in which a random rectangle is blanked."""
    class_balance: float = 0.0
    """0: every face once an epoch; 1: every class equally often."""

    # Network
    weights: str | None = None
    """None, "imagenet", or a weight file."""
    initial_share: float = 0.0
    """Share of those weights in the finished ones; also after --resume."""
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
    batch_size: int = 128
    """Faces a step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """SGD has Nesterov momentum 0.9."""
    learning_rate: float = 0.1
    """The peak, after the warm-up; a cosine takes it to zero."""
    warmup_epochs: float = 1.0
    """Length of the linear warm-up."""
    weight_decay: float = 5e-3
    """Decoupled; not on biases and normalisations."""
    label_smoothing: float = 0.1
    """Share of each target spread over all classes."""
    average_momentum: float = 0.998
    """Of the averaged weights, which are validated and kept. 0: none."""
    sam: float = 0.0
    """Radius of sharpness-aware minimisation; 0.05 is usual. 0: none."""
    flip_consistency: float = 0.0
    """Weight of mirrored views' agreement. 0: none."""

    # Run
    run_dir: Path = Path("runs/fer2013")
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

    with run_directory.open_run(config) as run:
        config = runtime.scale_to_devices(config)
        weights = imagenet_weights.resolve(config.weights)
        start = initial_weights.open_weights(weights, config.initial_share)
        train, validation, test, facts = load_data(config, start)
        from keras_fer import devices  # loads Keras: not before bad data
        from keras_fer import run_results
        from keras_fer.datasets import looks

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
        if config.initial_share:
            first = make_network(config, train, weights)
            facts |= initial_weights.mix(model, first, config.initial_share)
        if config.judge == "public-test":
            facts |= looks.count_run(run, facts, config.cache_dir, say)
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


def load_data(config, start):
    """Faces of the three parts, and what a report must say of them."""
    from keras_fer.datasets import additional_faces
    from keras_fer.datasets import exclusion
    from keras_fer.datasets import fer2013
    from keras_fer.datasets import fer2013_source
    from keras_fer.datasets import labeled_faces
    from keras_fer.datasets import parts
    from keras_fer.datasets import prepared

    source = fer2013_source.find_source(config.data_dir)
    say(f"{source.directory}: {source.layout}; checking, comparing ...")
    fer2013.check_source(source, config.expected_counts)
    additional = additional_faces.open_source(
        config.additional_data_dir, source.class_names, say
    )
    # With PrivateTest, if it is there: its copies are not to be learned.
    cache = prepared.cache_directory(config.cache_dir)
    whole = fer2013.load_source(source, cache, say)
    if start:
        cut = "judge validation_fraction split_seed on_leak exclude"
        start.check_cut(source.identity, config, cut.split(), additional)
    train = {"train": whole.pop("train")}  # the tests judge as they are
    train, excluded = exclusion.leave_out(train, config.exclude)
    screening = config.judge == "screening"
    share = config.validation_fraction * (2 if screening else 1)
    faces, facts = parts.separate(
        train["train"],
        labeled_faces.concatenate(list(whole.values())),
        on_leak=config.on_leak,
        validation_fraction=min(share, 0.9),
        seed=config.split_seed,
        cache=cache,
        say=say,
    )
    faces["test"], judge = whole["validation"], "PublicTest"
    if screening:  # the one half chooses, the other judges
        judge = "a part cut from Training, for comparing settings"
        faces["validation"], faces["test"] = parts.halve(
            faces["validation"], config.split_seed, cache
        )
    if additional:
        faces, added = additional_faces.add_faces(
            faces,
            additional,
            judges=whole.values(),
            validation_fraction=config.validation_fraction,
            seed=config.split_seed,
            on_leak=config.on_leak,
            cache=cache,
            say=say,
        )
        facts |= added
    if start:
        test, report = start.unseen(faces["test"], config.on_leak, cache, say)
        faces["test"], facts = test, facts | report
    name = fer2013.describe(config.expected_counts)
    return *faces.values(), {
        "title": f"keras_fer on {name}",
        "data_set": name,
        "data_hash": source.identity,
        "split": judge,
        "chosen_by": "another part cut from Training",
        "counts": parts.count(faces, config.batch_size, say),
        "excluded": len(excluded),
    } | facts


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
    from keras_fer import train_steps
    from keras_fer import training

    model = train_steps.variant(
        model, sam=config.sam, flip_consistency=config.flip_consistency
    )
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
            config.image_size,
            config.crop_size,
            max_angle=config.max_angle,
            max_zoom=config.max_zoom,
            max_contrast=config.max_contrast,
            erase_probability=config.erase_probability,
        ),
        class_balance=config.class_balance,
        seed=config.seed,
        say=say,
    )


if __name__ == "__main__":
    sys.exit(configuration.run(main, configuration.read_config(Config, {})))
