"""Where does the time go, in a training step and in one answer?

    python -m benchmarks.time_spent

TensorFlow's profiler, over a few training steps: seconds of each kind of
operation and of each block, beside what the machine could do: the rate of
matrix products for convolutions, that of memory for what passes over maps.
Then the exported network, cut off after each block and timed in turn on
LiteRT: what each block adds to one answer.
"""

import collections
import dataclasses
import math
import re
import tempfile
from pathlib import Path

import numpy as np
import tyro

from benchmarks import machine
from benchmarks import tflite_latency
from benchmarks import training_step
from keras_fer import markdown
from keras_fer import runtime
from keras_fer import timing

# The first pattern that an operation's "path:type" matches says its kind.
LOGITS = "LIP's logits, their convolutions"
POOLING = "pooling, forward and backward"
CONVOLUTIONS = {
    "convolutions, backward, to the weights": r":\w*Conv2DBackpropFilter",
    "convolutions, backward, to the inputs": r":\w*Conv2DBackpropInput",
    "convolutions, forward": r":\w*Conv2D",
}
NORMALIZATION, ACTIVATION = "batch normalisation", "ReLU"
KINDS = {
    LOGITS: r"_pool.*Conv2D",
    POOLING: r"_pool",
    **CONVOLUTIONS,
    NORMALIZATION: r"_bn|BatchNorm",
    ACTIVATION: r"_relu|:\w*Relu",
    "optimiser": r"sgd|SGD|[Aa]ssign|Resource|optimizer",
    "between precisions": r":\w*Cast",
}
REST = "everything else"
BLOCKS = ("block1", "block2", "block3", "block4", "block5", "head")
# The profiler's own events have spaces, or no type after the last colon.
OPERATION = re.compile(r"[^ :]+:_?[A-Z]\w*")


@dataclasses.dataclass(frozen=True)
class Config:
    """Profiles a training step and an answer."""

    steps: int = 8
    """Training steps under the profiler."""
    top: int = 12
    """How many single operations to name."""
    batch_size: int = 32
    side: int = 90
    width: float = 1.0
    precision: str = "auto"
    formats: tuple[str, ...] = ("float32", "int8")
    """Of keras_fer.export.FORMATS; those that are cut into blocks."""
    rounds: int = 40
    """Timed answers of each."""


def main(config):
    runtime.tune_allocator()
    from keras_fer import step_time

    precision = runtime.choose_precision(config.precision)
    model = training_step.build(config.side, config.width, precision, "lip")
    step = step_time.step_of(model, config.batch_size)
    dtype = precision.removeprefix("mixed_")
    add, num_bytes = machine.addition()
    timed = timing.in_turn(
        {"step": step, "matrix": machine.matrix_product(dtype), "memory": add},
        config.steps,
    )
    seconds = np.median(timed["step"])
    rates = {
        "matrix": machine.matrix_work() / np.median(timed["matrix"]),
        "memory": num_bytes / np.median(timed["memory"]),
    }
    least = least_milliseconds(
        model, config.batch_size, 4 if dtype == "float32" else 2, rates
    )
    spent = profile(step, config.steps)
    print(
        f"A training step with LIP, {config.side}x{config.side}, batch "
        f"{config.batch_size}, width {config.width:g}, {precision}: "
        f"{1000 * seconds:.0f} ms without the profiler. Milliseconds are sums "
        "over operations, some of which run side by side.\n"
    )
    print(by_kind(spent, least))
    print()
    print(by_block(spent))
    print()
    print(largest(spent, config.top))
    for model_format in config.formats:
        print()
        print(answer_by_block(config, model_format))


def profile(step, num_steps):
    """{operation's "path:type": milliseconds a step}."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as directory:
        with tf.profiler.experimental.Profile(directory):
            for _ in range(num_steps):
                step()
        (path,) = Path(directory).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    spent = collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                if OPERATION.fullmatch(name):
                    spent[name] += event.duration_ps / 1e9 / num_steps
    return spent


def kind_of(name):
    kinds = (kind for kind, form in KINDS.items() if re.search(form, name))
    return next(kinds, REST)


def least_milliseconds(model, batch_size, item_size, rates):
    """What each kind would take at the machine's limit.

    Of convolutions, at the rate of matrix products; each direction multiplies
    alike (but for the first one, which has no gradient to the image). Of what
    passes over maps, the time to read or write its maps once.

    Returns:
        {kind: milliseconds a step}.
    """
    import keras

    from keras_fer import costs

    parts = costs.count_costs(model)
    products = dict.fromkeys(CONVOLUTIONS, parts["trunk"][1] + parts["head"][1])
    products[LOGITS] = 3 * parts["logits"][1]
    least = {
        kind: 1e3 * 2 * batch_size * number / rates["matrix"]
        for kind, number in products.items()
    }
    for kind, is_one in {
        POOLING: lambda layer: layer.name.endswith("_pool"),
        NORMALIZATION: lambda layer: isinstance(
            layer, keras.layers.BatchNormalization
        ),
        ACTIVATION: lambda layer: layer.name.endswith("_relu"),
    }.items():
        cells = sum(
            math.prod(layer.input.shape[1:])
            for layer in model.layers
            if is_one(layer)
        )
        least[kind] = 1e3 * batch_size * cells * item_size / rates["memory"]
    return least


def by_kind(spent, least):
    kinds = collections.Counter()
    for name, milliseconds in spent.items():
        kinds[kind_of(name)] += milliseconds
    rows = []
    for kind, milliseconds in kinds.most_common():
        beside = ""
        if kind in (*CONVOLUTIONS, LOGITS):
            beside = f"{least[kind] / milliseconds:.0%} of the matrix rate"
        elif kind in least:
            beside = f"{milliseconds / least[kind]:.0f} passes over its maps"
        share = f"{milliseconds / kinds.total():.1%}"
        rows.append([kind, f"{milliseconds:.1f}", share, beside])
    header = ["kind of operation", "ms a step", "share", "beside the limit"]
    return markdown.table(header, rows)


def by_block(spent):
    blocks = collections.Counter()
    for name, milliseconds in spent.items():
        found = (block for block in BLOCKS if f"/{block}" in name)
        blocks[next(found, REST)] += milliseconds
    rows = [
        [block, f"{milliseconds:.1f}", f"{milliseconds / blocks.total():.1%}"]
        for block, milliseconds in blocks.most_common()
    ]
    return markdown.table(["part of the network", "ms a step", "share"], rows)


def largest(spent, number):
    total = spent.total()
    rows = []
    for name, milliseconds in spent.most_common(number):
        path, _, operation = name.rpartition(":")
        path = re.sub(r"keras_fer\w*/|_\d+(?=/|$)", "", path)
        share = f"{milliseconds / total:.1%}"
        rows.append([path, operation, f"{milliseconds:.1f}", share])
    header = ["operation", "type", "ms a step", "share"]
    return markdown.table(header, rows)


def answer_by_block(config, model_format):
    """What each block adds to an answer on LiteRT, with LIP and with max."""
    from keras_fer.export import latency

    with tempfile.TemporaryDirectory() as directory:
        paths = {
            (pooling, name): path
            for pooling in ("max", "lip")
            for name, path in cut_off(
                config, pooling, model_format, Path(directory)
            )
        }
        answers = dict(
            zip(
                paths,
                1e3 * latency.invoke_seconds(paths.values(), 1, config.rounds),
                strict=True,
            )
        )
    rows = []
    before = {"max": 0.0, "lip": 0.0}
    for name in dict.fromkeys(name for _, name in answers):
        row = [name]
        for pooling in before:
            until = answers[pooling, name]
            row.append(f"{np.median(until - before[pooling]):.2f}")
            before[pooling] = until
        rows.append(row)
    last = rows[-1][0]
    ratio = timing.ratio_cells(answers["lip", last], answers["max", last])
    table = markdown.table(["part", "max pooling, ms", "LIP, ms"], rows)
    whole = [f"{np.median(before[name]):.1f}" for name in ("max", "lip")]
    return (
        f"One answer on LiteRT, {model_format}, one thread, batch 1: "
        f"{whole[0]} ms with max pooling, {whole[1]} ms with LIP, ratio "
        f"{ratio[0]} ({ratio[1]}). What each part adds, from the network cut "
        f"off after it (medians of differences within rounds):\n\n{table}"
    )


def cut_off(config, pooling, model_format, directory):
    """Yields (part, path of the network that ends with it)."""
    import keras

    from keras_fer.export import tflite

    model = training_step.build(config.side, config.width, "float32", pooling)
    tflite_latency.randomize(model)
    views = np.random.default_rng(0).uniform(
        0, 255, (4, config.side, config.side, 3)
    )
    for block in BLOCKS:
        cut = model
        if block != "head":
            pooled = model.get_layer(f"{block}_pool").output
            pooled = keras.layers.GlobalAveragePooling2D()(pooled)
            cut = keras.Model(model.input, pooled)
        path = directory / f"{pooling}.{block}.tflite"
        path.write_bytes(
            tflite.convert(cut, model_format, views.astype("float32"))
        )
        yield block, path


if __name__ == "__main__":
    main(tyro.cli(Config))
