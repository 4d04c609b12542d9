"""Are test faces easier that have a copy in the training part?

    python benchmarks/known_faces.py runs/fer2013

Reads the answers and the pairs that a finished run kept, and prints accuracy,
with 95 % bootstrap intervals over the faces, on the test faces with a copy and
on those without. Where the run left the copies out (`--on-leak drop`), what a
network gains by having learned from them is not in its figure: a difference is
that of the faces.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import tyro

from keras_fer import comparison
from keras_fer import markdown

VIEWS = {"single_view": "single view", "ten_crop": "ten-crop"}


@dataclasses.dataclass(frozen=True)
class Config:
    """Splits a run's test faces by whether a copy is in training."""

    run: tyro.conf.Positional[Path]
    """The folder of a finished run."""


def main(config):
    report = json.loads((config.run / "report.json").read_text("utf-8"))
    leaks = report["leak_report"]
    known = {held_out for _, held_out, _ in leaks["names"]}
    rows = []
    for view, label in VIEWS.items():
        answers = comparison.read_predictions([[config.run]], view)
        correct = answers.correct[0].astype(float)
        with_copy = np.isin(answers.names, sorted(known))
        for group, chosen in (
            ("with a copy", with_copy),
            ("without", ~with_copy),
            ("all", np.full(len(correct), True)),
        ):
            if not chosen.any():
                continue
            low, high = comparison.bootstrap_interval(correct[chosen])
            rows.append(
                [
                    f"{label}, {group}",
                    f"{chosen.sum():,}",
                    f"{correct[chosen].mean():.1%}",
                    f"{low:.1%} to {high:.1%}",
                ]
            )
    print(f"Copies: --on-leak {leaks['policy']}")
    print(markdown.table(["", "test faces", "accuracy", "95 %"], rows))


if __name__ == "__main__":
    main(tyro.cli(Config))
