"""Parameters and multiply-adds of the network's parts, for both heads.

    python benchmarks/costs.py

Counts every convolution and dense layer, one multiply-add for each weight and
output cell; normalisation, activation and pooling arithmetic are not counted.
"""

import math

import keras

import keras_fer
from keras_fer.layers import BottleneckLogits
from keras_fer.layers import LIPPooling2D
from keras_fer.layers import ProjectionLogits


def main():
    print("| network | part | parameters | multiply-adds |")
    print("| --- | --- | --- | --- |")
    for head in ("conv", "dense"):
        model = keras_fer.build_model(head=head)
        for part, (parameters, products) in costs(model).items():
            print(f"| {head} head | {part} | {parameters:,} | {products:,} |")
    for name, logits in (
        ("kernel 3", lambda: ProjectionLogits(kernel_size=3)),
        ("bottleneck 128", BottleneckLogits),
    ):
        model = keras_fer.build_model(pooling=pooling(logits))
        parameters, products = costs(model)["logits"]
        print(f"| {name} | logits | {parameters:,} | {products:,} |")


def pooling(logits):
    return lambda name: LIPPooling2D(logits=logits(), name=name)


def costs(model):
    """Part -> [parameters, multiply-adds]."""
    totals = {part: [0, 0] for part in ("trunk", "logits", "head")}
    for layer in model.layers[1:]:
        if isinstance(layer, LIPPooling2D):
            part = "logits"
        elif layer.name.startswith("block"):
            part = "trunk"
        else:
            part = "head"
        totals[part][0] += layer.count_params()
        cells = math.prod(layer.input.shape[1:3])
        for inner in layer._flatten_layers():
            if isinstance(inner, keras.layers.Conv2D):
                # Strides are one and padding is "same" everywhere.
                totals[part][1] += cells * math.prod(inner.kernel.shape)
            elif isinstance(inner, keras.layers.Dense):
                totals[part][1] += math.prod(inner.kernel.shape)
    return totals


if __name__ == "__main__":
    main()
