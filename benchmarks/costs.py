"""Parameters and multiply-adds of the network's parts, for both heads.

    python benchmarks/costs.py

See `keras_fer.costs` for what is counted.
"""

import keras_fer
from keras_fer.costs import count_costs
from keras_fer.pooling_variants import pooling_variant


def main():
    print("| network | part | parameters | multiply-adds |")
    print("| --- | --- | --- | --- |")
    for head in ("conv", "dense"):
        model = keras_fer.build_model(head=head)
        for part, (parameters, products) in count_costs(model).items():
            print(f"| {head} head | {part} | {parameters:,} | {products:,} |")
    for name in ("lip-3x3", "lip-bottleneck"):
        model = keras_fer.build_model(pooling=pooling_variant(name))
        parameters, products = count_costs(model)["logits"]
        print(f"| {name} | logits | {parameters:,} | {products:,} |")


if __name__ == "__main__":
    main()
