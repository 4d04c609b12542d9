"""Are test faces easier that have a copy in the training part?

    python benchmarks/known_faces.py runs/fer2013

Reads the answers and the pairs that a finished run kept, and prints accuracy,
with 95 % bootstrap intervals over the faces, on the test faces with a copy and
on those without. The run must be judged on PublicTest: which faces of a part
cut from Training have a copy, no run keeps. Where it left the copies out
(`--on-leak drop`), what a network gains by having learned from them is not in
its figure: a difference is that of the faces.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import tyro

from keras_fer import comparison
from keras_fer import configuration
from keras_fer import finished_run
from keras_fer import markdown
from keras_fer.errors import UsageError

VIEWS = {"single_view": "single view", "ten_crop": "ten-crop"}


@dataclasses.dataclass(frozen=True)
class Config:
    """Splits a run's test faces by whether a copy is in training."""

    run: tyro.conf.Positional[Path]
    """The folder of a finished run of recipes/fer2013.py."""


def main(config):
    report = finished_run.open_run(config.run).report
    if report.get("split") != "PublicTest":
        raise UsageError(
            f"{config.run} was judged on {report.get('split')}. Which faces "
            "have a copy is known of PublicTest: give a run of "
            "recipes/fer2013.py --judge public-test."
        )
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
    sys.exit(configuration.run(main, tyro.cli(Config)))
