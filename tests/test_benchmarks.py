"""`python -m benchmarks` runs its parts and rewrites their tables."""

import re
import subprocess
import sys

import pytest

from recipe_command import environment_of
from sources import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
MARKER = r"<!-- ([\w-]+): begin -->"


def run(*arguments):
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        capture_output=True,
        cwd=ROOT,
        env=environment_of(),
        text=True,
    )
    return child.returncode, child.stdout, child.stderr


def parts():
    """The names of all parts, as the refusal of another one lists them."""
    status, _, error = run("--only", "unknown")
    assert status == 2 and "Traceback" not in error
    return re.findall(r"[\w-]+", error.partition("some of")[2])


def test_the_document_has_a_place_for_every_part_and_no_other():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert sorted(re.findall(MARKER, text)) == sorted(parts())


def test_a_part_replaces_what_stands_between_its_markers(tmp_path):
    document = tmp_path / "performance.md"
    places = [
        f"<!-- {name}: begin -->\nold {name}\n<!-- {name}: end -->\n"
        for name in ("machine", "scaling")
    ]
    document.write_text(f"before\n{places[0]}between\n{places[1]}after\n")
    status, out, error = run(
        "--quick", "--only", "machine", "--output", document
    )
    assert status == 0, error
    text = document.read_text()
    assert "old machine" not in text
    assert re.match(
        r"before\n<!-- machine: begin -->\n\| limit .*\n\| --- .*\n(\|.*\n)+",
        text,
    )
    assert "`python -m benchmarks --only machine --quick`, 20" in text
    assert text.endswith(f"between\n{places[1]}after\n")
    assert re.search(r"\| matrix product, bfloat16", out)


def test_a_document_without_the_place_is_refused_and_kept(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("nothing\n")
    status, _, error = run("--quick", "--only", "machine", "--output", document)
    assert status == 2 and "<!-- machine: begin -->" in error
    assert "Traceback" not in error
    assert document.read_text() == "nothing\n"


@pytest.mark.slow
def test_every_part_runs():
    status, out, error = run("--quick")
    assert status == 0, error
    for name in parts():
        assert f"`python -m benchmarks --only {name} --quick`" in out
    assert out.count("| ---") > len(parts())
