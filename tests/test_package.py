"""The package as a whole: what it ships, and what the checkout holds."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import keras_fer
from keras_fer import presets
from sources import PROJECT
from sources import PYTHON_FILES
from sources import ROOT
from sources import SOURCES
from sources import name_of

# Pictures that may be in the repository: of people NASA's portraits alone.
PICTURES = ("docs/images/astronaut.png", "docs/images/astronaut-looked.png")
SHIPPED = {name_of(path) for path in presets.SHIPPED.glob("*/*")}
SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n": "PNG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"PK\x03\x04": "zip archive",
    b"\x1f\x8b": "gzip archive",
    b"\x89HDF": "HDF5 file",
}


def test_no_python_file_is_longer_than_300_lines():
    for path in PYTHON_FILES:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 300, f"{name_of(path)}: {lines} lines are two files"


def test_the_version_is_the_same_everywhere():
    change_log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert {
        PROJECT["project"]["version"],
        re.search(r"^## \[(.+?)\]", change_log, re.MULTILINE)[1],
        re.search(r"^version: (\S+)", citation, re.MULTILINE)[1],
    } == {keras_fer.__version__}


@pytest.mark.parametrize("name", ["layers", "export"])
def test_the_root_links_are_relative_and_resolve(name):
    assert os.readlink(ROOT / name) == f"keras_fer/{name}"
    assert (ROOT / name / "__init__.py").is_file()


def test_every_requirement_is_reviewed_with_its_floor():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    text = text.split("## Dependencies")[1].split("The page's packages")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    reviewed = {}
    for line in lines[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name, purpose, floor, _, licence, release = cells
        assert purpose and licence and release, name
        name, _, extras = name.partition(" (")
        for extra in re.findall(r"`(\w+)`", extras) or [""]:
            reviewed[name, extra] = floor
    asked = {"": PROJECT["project"]["dependencies"]}
    asked |= PROJECT["project"]["optional-dependencies"]
    asked[""] = [*asked[""], *PROJECT["build-system"]["requires"]]
    asked = {
        (name, extra): floor
        for extra, lines in asked.items()
        for name, _, floor in (line.partition(">=") for line in lines)
        if name != "keras-fer[test]"
    }
    assert reviewed == asked


def test_pytest_enters_every_folder_of_tests_and_no_other(pytestconfig):
    assert pytestconfig.getini("testpaths") == ["tests"]
    tests = {path for path in PYTHON_FILES if path.name.startswith("test_")}
    for path in tests:
        assert path.is_relative_to(ROOT / "tests"), name_of(path)
        for pattern in pytestconfig.getini("norecursedirs"):
            found = fnmatch.filter(path.relative_to(ROOT).parts, pattern)
            assert not found, f"norecursedirs hides {name_of(path)}"


def test_ruff_checks_every_file_once():
    pytest.importorskip("ruff")
    shown = subprocess.run(
        [sys.executable, "-m", "ruff", "check", ".", "--show-files"],
        check=True,
        capture_output=True,
        cwd=ROOT,
        text=True,
    ).stdout.splitlines()
    checked = [line for line in shown if line.endswith(".py")]
    assert sorted(checked) == sorted(map(str, PYTHON_FILES))


def test_every_folder_of_the_package_is_shipped():
    folders = {path.parent for path in SOURCES}
    packages = {".".join(path.relative_to(ROOT).parts) for path in folders}
    assert packages == set(PROJECT["tool"]["setuptools"]["packages"])
    for folder in folders:
        assert (folder / "__init__.py").is_file(), name_of(folder)


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(tmp_path):
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(
        ".*",
        "build",
        "dist",
        "node_modules",
        "runs",
        "*.egg-info",
        "__pycache__",
    )
    shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
    command = "-m pip wheel --quiet --no-deps --wheel-dir wheels ./copy"
    subprocess.run([sys.executable, *command.split()], check=True, cwd=tmp_path)
    (wheel,) = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    held = {name for name in names if ".dist-info/" not in name}
    assert SHIPPED
    assert held == {*map(name_of, SOURCES), *SHIPPED, "keras_fer/py.typed"}
    assert wheel.stat().st_size < 90e6
    assert any(name.endswith("/LICENSE") for name in names)


def test_no_picture_or_archive_is_in_the_repository():
    command = "git ls-files -z --cached --others --exclude-standard".split()
    try:
        listed = subprocess.check_output(command, cwd=ROOT, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if name in SHIPPED or name in PICTURES:
            continue
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(8)
        for signature, kind in SIGNATURES.items():
            assert not head.startswith(signature), f"{name} is a {kind}"
