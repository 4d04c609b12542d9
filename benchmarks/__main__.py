"""Measures everything and rewrites the tables of docs/performance.md.

    python -m benchmarks
    python -m benchmarks --only training-step pooling
    python -m benchmarks --quick

Each part is a program of its own, run in a fresh process, and prints ratios of
what was timed in turn. What it prints replaces what stands between its two
markers in the document, with date, commit, processor and versions. Give it a
quiet machine. `--quick` runs every part on tiny sizes, to see that it works:
its figures mean nothing and go to the screen alone.
"""

import contextlib
import dataclasses
import datetime
import importlib.metadata
import os
import re
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import tyro

from keras_fer import files
from keras_fer import provenance
from keras_fer import runtime
from keras_fer.errors import UsageError

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"

_TINY = "--side 32 --width 0.05"
_TINY_STEP = f"{_TINY} --batch-size 4 --rounds 2"


@dataclasses.dataclass(frozen=True)
class Part:
    """One part: the program, and what it is told.

    Attributes:
        module: its name in this folder.
        runs: the flags of each of its runs.
        quick: flags that are added under `--quick`.
    """

    module: str
    quick: str
    runs: tuple[str, ...] = ("",)


PARTS = {
    "machine": Part("machine", "--matrix-size 64 --megabytes 1 --rounds 2"),
    "training-step": Part(
        "training_step",
        "--views 32x4 --widths 0.05 --rounds 1 --matrix-size 64",
    ),
    "pooling": Part(
        "pooling",
        "--forms max default autodiff torch_max torch_lip "
        "--size 32 --width 0.05 --batch-size 4 --rounds 1",
        ("--precision float32 --rounds 5", "--precision mixed_bfloat16"),
    ),
    "time-spent": Part(
        "time_spent",
        f"{_TINY} --batch-size 4 --steps 1 --rounds 2 --formats float32",
    ),
    "growth": Part(
        "growth",
        f"{_TINY} --batch 4 --batches 2 --sides 40 --widths 0.1 --rounds 1",
    ),
    "input-pipeline": Part("input_pipeline", "--num-faces 64 --rounds 1"),
    "large-data": Part(
        "large_data",
        "--num-faces 320 --num-drawn 14 --num-shards 2 --rounds 1",
    ),
    "ten-crop": Part(
        "ten_crop",
        f"{_TINY} --image-size 36 --num-faces 2 --batch-size 2 --rounds 1 "
        "--model-format float32",
    ),
    "tflite": Part(
        "tflite_latency",
        "--size 32 --width 0.05 --formats float32 --threads 1 --rounds 2",
    ),
    "first-answer": Part(
        "first_answer",
        f"{_TINY} --rounds 1 --model-format float32 --cases "
        "'import keras_fer' 'first answer, Classifier' "
        "'first answer, Keras model'",
    ),
    "processes": Part(
        "processes",
        f"{_TINY} --num-faces 6 --rounds 1 --model-format float32",
    ),
    "scaling": Part("scaling", _TINY_STEP),
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Measures everything and rewrites docs/performance.md."""

    only: tuple[str, ...] = ()
    """Names of the parts to run; none means all."""
    quick: bool = False
    """Tiny sizes, to see that it works; nothing is written."""
    output: Path | None = None
    """The document to rewrite. None: docs/performance.md, or nothing where
    --quick is given."""


def main(config):
    """Runs the parts; gives how many failed."""
    for name in config.only:
        if name not in PARTS:
            raise UsageError(
                f"--only {name}: expected some of {', '.join(PARTS)}."
            )
    document = config.output
    if document is None and not config.quick:
        document = DOCUMENT
    if document is not None and not document.is_file():
        raise UsageError(f"--output {document}: there is no such document.")
    for name in config.only or PARTS if document is not None else ():
        replace_part(document.read_text(encoding="utf-8"), name, "")
    # Now: the document that is written would count as a change.
    commit = provenance.commit()
    failed = []
    for name in config.only or PARTS:
        part = PARTS[name]
        # Not in one process: they differ in precision, allocator, memory.
        start = time.monotonic()
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            texts = [run(part, flags, config.quick) for flags in part.runs]
        except subprocess.CalledProcessError as error:
            failed.append(name)
            print(f"{name} ended with {error.returncode}", file=sys.stderr)
            continue
        texts.append(circumstances(name, commit, config.quick))
        text = "\n\n".join(map(wrapped, texts))
        print(f"\n{text}\n", flush=True)
        minutes = (time.monotonic() - start) / 60
        print(f"{name}: {minutes:.1f} minutes", file=sys.stderr)
        if document is not None:
            files.write_text(
                document,
                replace_part(document.read_text(encoding="utf-8"), name, text),
            )
    if failed:
        print(f"error: failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def run(part, flags, quick):
    """What one run of a part prints."""
    # Later flags win.
    words = shlex.split(f"{flags} {part.quick if quick else ''}")
    child = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{part.module}", *words],
        check=True,
        cwd=ROOT,
        # TensorFlow's greetings.
        env={"TF_CPP_MIN_LOG_LEVEL": "2"} | os.environ,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return child.stdout.strip()


def circumstances(name, commit, quick):
    """When, on what and by which command a part was measured."""
    versions = provenance.versions()
    for package in ("ai-edge-litert", "torch"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    command = f"python -m benchmarks --only {name}{' --quick' * quick}"
    facts = [
        f"`{command}`",
        f"{datetime.date.today()}",
        runtime.describe_processor(),
        *(f"{package} {version}" for package, version in versions.items()),
        *([f"commit {commit}"] if commit else []),
    ]
    return f"{', '.join(facts)}."


def wrapped(text):
    """The text in lines of 80 characters, tables as they are."""
    return "\n".join(
        line if line.startswith("|") else textwrap.fill(line, 80)
        for line in text.splitlines()
    )


def replace_part(document, name, text):
    """The document with another text between a part's markers.

    Raises:
        UsageError: if the markers are not there, once each.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if document.count(begin) != 1 or document.count(end) != 1:
        raise UsageError(
            f"The document has no place for {name}. Expected, once each and "
            f"each on a line of its own: {begin} and {end}."
        )
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    return re.sub(
        pattern,
        lambda _: f"{begin}\n{text}\n{end}",
        document,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    try:
        sys.exit(min(main(tyro.cli(Config)), 1))
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
