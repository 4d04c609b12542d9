"""Who imports whom, what is loaded when, and what is declared."""

import ast
import fnmatch
import re
import subprocess
import sys

import pytest

import keras_fer
from sources import PACKAGE
from sources import PROJECT
from sources import PYTHON_FILES
from sources import ROOT
from sources import SOURCES
from sources import name_of

# No module imports one that stands after it. A new module takes its place.
ORDER = (
    "errors",
    "classes",
    "files",
    "markdown",
    "timing",
    "provenance",
    "setting_checks",
    "supervisor",
    "cluster",
    "configuration",
    "paper_experiments",
    "resumption",
    "run_directory",
    "planned_runs",
    "runtime",
    "metrics",
    "calibration",
    "tables",
    "datasets",
    "finished_run",
    "comparison",
    "model_file",
    "presets",
    "earlier_trainings",
    "initial_run",
    "initial_weights",
    "augment",
    "tensorflow_views",
    "input_pipeline",
    "weight_file",
    "keras_file",
    "imagenet_weights",
    "paper_plan",
    "paper_report",
    "layers",
    "luminance",
    "weight_transfer",
    "pooling_variants",
    "model",
    "importance",
    "figures",
    "devices",
    "optimization",
    "train_steps",
    "checkpoints",
    "step_time",
    "costs",
    "training",
    "evaluation",
    "report",
    "model_card",
    "preset_writer",
    "run_results",
    "paper_figures",
    "litert",
    "face_image",
    "exported_model",
    "classifier",
    "face_detectors",
    "faces",
    "photos",
    "annotation",
    "photo_journal",
    "video_file",
    "video",
    "export",
    "commands",
    "cli",
    "__main__",
)
TENSORFLOW_ANYWHERE = (
    "datasets/*.py",
    "input_pipeline.py",
    "layers/tensorflow_kernels.py",
    "tensorflow_views.py",
    "export/*.py",
)
TENSORFLOW_INSIDE_FUNCTIONS = (
    "devices.py",
    "face_detectors.py",
    "layers/batch_normalization.py",
    "runtime.py",
    "train_steps.py",
    "training.py",
)
KERAS_ONLY = ("importance.py", "layers/*.py", "model.py")

# Distributions whose import name is another one, or that only others import.
IMPORT_NAMES = {"pillow": "PIL", "scikit-learn": "sklearn"}
NEEDED_BY_OTHERS = {"importlib_resources"}  # tensorflow-datasets forgets it
OPTIONAL = {"torch"}  # tests behind the marker `torch`, and one benchmark
# Who may import, inside functions, what an extra installs.
EXTRAS = {
    "benchmarks/photos.py": "faces",
    "keras_fer/cluster.py": "jax",
    "keras_fer/face_detectors.py": "faces",
    "keras_fer/runtime.py": "jax",
    "keras_fer/video.py": "video",
}


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


def roots(path, inside=None):
    """The top-level modules that a file imports, inside functions or not."""
    return {
        module.partition(".")[0]
        for module, is_inside in imports(path)
        if inside in (None, is_inside)
    }


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
    tools = [*extras["test"], *extras["dev"], *extras["browser"]]
    of_extras = {
        ROOT / name: import_names(extras[extra])
        for name, extra in EXTRAS.items()
    }
    of_extras[ROOT / "benchmarks" / "torch_network.py"] = OPTIONAL
    of_extras[ROOT / "benchmarks" / "detectors.py"] = {"playwright"}
    testing = runtime | import_names(tools) | OPTIONAL
    testing = testing.union(*of_extras.values())
    helpers = {path.stem for path in (ROOT / "tests").glob("*.py")}
    own = set(sys.stdlib_module_names) | {"keras_fer"} | helpers
    used = set()
    for path in PYTHON_FILES:
        foreign = roots(path) - own
        is_test = path.is_relative_to(ROOT / "tests")
        undeclared = foreign - (testing if is_test else runtime)
        if path.is_relative_to(ROOT / "benchmarks"):
            undeclared -= {"benchmarks"}
        lazy = roots(path, inside=True) - roots(path, inside=False)
        undeclared -= of_extras.get(path, set()) & lazy
        assert not undeclared, f"{name_of(path)}: {undeclared}"
        used |= foreign
    assert runtime - used == NEEDED_BY_OTHERS
    assert set().union(*of_extras.values()) <= used
