"""The same trunk in plain PyTorch, with the authors' pooling formula.

Started by pooling.py in a process of its own, since two frameworks in one
would fight for the cores: each line on its standard input is a training step.
PyTorch is no dependency: pip install torch.
"""

import contextlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ABSENT = (
    "PyTorch is not installed here, so that the authors' formula in it was "
    "not measured: pip install torch"
)
# Filters of VGG16's convolutions, "P" for its pools, and our head.
_TRUNK = (64, 64, "P", 128, 128, "P", 256, 256, 256, "P")
_TRUNK += (512, 512, 512, "P", 512, 512, 512, "P", 512, 512)


def is_installed():
    return importlib.util.find_spec("torch") is not None


@contextlib.contextmanager
def steps(pooling, *, side, batch_size, width, precision):
    """Training steps in a child process, for `timing.in_turn`.

    Args:
        pooling: "max" or "lip".
        side: of the views, in pixels.
        batch_size: images a step.
        width: multiplies every number of filters.
        precision: "float32", or "mixed_bfloat16" for PyTorch's autocast.

    Yields:
        A callable without arguments.
    """
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.torch_network", pooling),
            *map(str, (side, batch_size, width, precision)),
        ],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def step():
        print("step", file=child.stdin, flush=True)
        if not child.stdout.readline():
            raise RuntimeError(f"PyTorch ended with status {child.wait()}")

    with child:
        try:
            yield step
        finally:
            child.stdin.close()


def main(pooling, side, batch_size, width, precision):
    import torch

    torch.manual_seed(0)
    side, batch_size = int(side), int(batch_size)
    network = build(pooling, float(width))
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        network.parameters(),
        0.01,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
    )
    images = torch.full((batch_size, 3, side, side), 0.5)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.zeros(batch_size, dtype=torch.long)
    for _ in sys.stdin:
        with torch.autocast(
            "cpu", torch.bfloat16, enabled=precision == "mixed_bfloat16"
        ):
            logits = network(images)
        loss = torch.nn.functional.cross_entropy(
            logits.float(), labels, label_smoothing=0.1
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(loss.item(), flush=True)


def build(pooling, width):
    """VGG16's trunk with batch norm, and our head without its attention."""
    import torch
    from torch import nn

    class LIP(nn.Module):
        """Gao et al.: F.avg_pool2d(x * w) / F.avg_pool2d(w), w = exp(G(x)).

        G as in our default: 1x1 convolution, then 12 * sigmoid.
        """

        def __init__(self, channels):
            super().__init__()
            self.logits = nn.Conv2d(channels, channels, 1, bias=False)
            nn.init.zeros_(self.logits.weight)

        def forward(self, x):
            weight = (12 * torch.sigmoid(self.logits(x))).exp()
            pool = nn.functional.avg_pool2d
            return pool(x * weight, 2) / pool(weight, 2)

    layers, channels = [], 3
    for filters in _TRUNK:
        if filters == "P":
            layers.append(
                LIP(channels) if pooling == "lip" else nn.MaxPool2d(2)
            )
            continue
        filters = max(round(filters * width), 1)
        layers += [
            nn.Conv2d(channels, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(inplace=True),
        ]
        channels = filters
    return nn.Sequential(
        *layers,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(channels, 7),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
