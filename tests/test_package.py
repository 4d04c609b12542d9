"""The package as a whole: what it loads, what it ships, who imports whom."""

import ast
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import keras_fer

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_fer"
PYTHON_FILES = sorted(
    path
    for folder in ("keras_fer", "recipes", "benchmarks", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
SOURCES = [path for path in PYTHON_FILES if path.is_relative_to(PACKAGE)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# No module imports one that stands after it. A new module takes its place.
ORDER = (
    "errors",
    "classes",
    "files",
    "configuration",
    "run_directory",
    "runtime",
    "metrics",
    "datasets",
    "augment",
    "input_pipeline",
    "layers",
    "imagenet_weights",
    "model",
    "figures",
    "optimization",
    "checkpoints",
    "training",
    "evaluation",
    "report",
    "model_file",
    "litert",
    "face_image",
    "classifier",
    "export",
)
TENSORFLOW_ANYWHERE = (
    "datasets/*.py",
    "input_pipeline.py",
    "layers/tensorflow_kernels.py",
    "export/*.py",
)
TENSORFLOW_INSIDE_FUNCTIONS = (
    "layers/batch_normalization.py",
    "runtime.py",
    "training.py",
)
KERAS_ONLY = ("layers/*.py", "model.py")

# Distributions whose import name is another one, or that only others import.
IMPORT_NAMES = {"pillow": "PIL", "scikit-learn": "sklearn"}
NEEDED_BY_OTHERS = {"importlib_resources"}  # tensorflow-datasets forgets it
OPTIONAL = {"torch"}  # tests behind the marker `torch`

# Pictures that may be in the repository: none shows a person.
PICTURES = ()
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


def name_of(path):
    """A path as the reader of a failure wants it."""
    return path.relative_to(ROOT).as_posix()


def matches(path, patterns):
    name = path.relative_to(PACKAGE).as_posix()
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def imports(path):
    """`(module, is_inside_a_function)` for every import of a file."""
    found = []

    def visit(node, inside):
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module == "keras_fer":  # from keras_fer import files
                names = [f"keras_fer.{alias.name}" for alias in node.names]
            else:
                names = [module]
            found.extend((name, inside) for name in names)
        inside |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


def roots(path):
    """The top-level modules that a file imports."""
    return {module.partition(".")[0] for module, _ in imports(path)}


def import_names(requirements):
    """The modules that a list of requirements lets a file import."""
    names = [re.match(r"[\w.-]+", line)[0].lower() for line in requirements]
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}


def test_importing_the_package_loads_no_framework(tmp_path):
    code = "import sys, keras_fer; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        text=True,
    ).stdout.split()
    assert "keras_fer.classes" in loaded
    assert not {"keras", "tensorflow", "jax", "torch"} & set(loaded)


@pytest.mark.parametrize("name", keras_fer.__all__)
def test_every_public_name_is_listed_and_resolves(name):
    assert name in dir(keras_fer)
    assert getattr(keras_fer, name) is getattr(keras_fer, name)


def test_editors_see_the_names_that_are_loaded_lazily():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in block.body for alias in node.names}
    assert seen | {"CLASSES"} == set(keras_fer.__all__)


def test_an_unknown_name_raises_attribute_error():
    with pytest.raises(AttributeError, match="'keras_fer'.*'biuld_model'"):
        _ = keras_fer.biuld_model


def test_every_import_is_absolute_and_none_goes_through_a_root_link():
    for path in PYTHON_FILES:
        found = roots(path)
        assert not found & {"layers", "export"}, name_of(path)
        assert "" not in found, f"{name_of(path)}: relative import"


def test_no_module_imports_a_later_one():
    for path in SOURCES:
        if path == PACKAGE / "__init__.py":  # loads names lazily
            continue
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        assert room in ORDER, f"give {room} its place in ORDER"
        allowed = ORDER[: ORDER.index(room) + 1]
        for module, _ in imports(path):
            if module.startswith("keras_fer."):
                imported = module.split(".")[1]
                assert imported in allowed, f"{name_of(path)}: {module}"


def test_tensorflow_stays_in_its_rooms():
    for path in SOURCES:
        for module, inside in imports(path):
            if module.partition(".")[0] == "tensorflow":
                assert matches(path, TENSORFLOW_ANYWHERE) or (
                    inside and matches(path, TENSORFLOW_INSIDE_FUNCTIONS)
                ), name_of(path)


def test_the_network_is_written_in_keras_alone():
    for path in SOURCES:
        if matches(path, KERAS_ONLY):
            foreign = roots(path) - set(sys.stdlib_module_names)
            if matches(path, TENSORFLOW_ANYWHERE):
                foreign.discard("tensorflow")
            assert foreign <= {"keras", "keras_fer"}, name_of(path)


def test_every_import_is_a_declared_dependency_and_the_reverse():
    extras = PROJECT["project"]["optional-dependencies"]
    runtime = import_names(PROJECT["project"]["dependencies"])
    testing = runtime | import_names(extras["test"] + extras["dev"]) | OPTIONAL
    helpers = {path.stem for path in (ROOT / "tests").glob("*.py")}
    own = set(sys.stdlib_module_names) | {"keras_fer"} | helpers
    used = set()
    for path in PYTHON_FILES:
        foreign = roots(path) - own
        is_test = path.is_relative_to(ROOT / "tests")
        undeclared = foreign - (testing if is_test else runtime)
        assert not undeclared, f"{name_of(path)}: {undeclared}"
        used |= foreign
    assert runtime - used == NEEDED_BY_OTHERS


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
        ".*", "build", "dist", "runs", "*.egg-info", "__pycache__"
    )
    shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
    command = "-m pip wheel --quiet --no-deps --wheel-dir wheels ./copy"
    subprocess.run([sys.executable, *command.split()], check=True, cwd=tmp_path)
    (wheel,) = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    code = {name for name in names if ".dist-info/" not in name}
    assert code == {*map(name_of, SOURCES), "keras_fer/py.typed"}
    assert any(name.endswith("/LICENSE") for name in names)


def test_no_picture_or_archive_is_in_the_repository():
    command = "git ls-files -z --cached --others --exclude-standard".split()
    try:
        listed = subprocess.check_output(command, cwd=ROOT, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if name in PICTURES or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(8)
        for signature, kind in SIGNATURES.items():
            assert not head.startswith(signature), f"{name} is a {kind}"
