"""The project's files and settings, for the tests that read them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_fer"
PYTHON_FILES = sorted(
    path
    for folder in ("keras_fer", "recipes", "benchmarks", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
SOURCES = [path for path in PYTHON_FILES if path.is_relative_to(PACKAGE)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name_of(path):
    """A path as the reader of a failure wants it."""
    return path.relative_to(ROOT).as_posix()
