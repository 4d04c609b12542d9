"""Row 16: a `.keras` file that would run code, read files, or is unknown."""

import json
import shutil
import zipfile

import keras
import pytest

import keras_fer
from keras_fer import keras_file
from keras_fer.errors import ModelFileError

SEQUENTIAL = {
    "module": "keras",
    "class_name": "Sequential",
    "registered_name": "Sequential",
}


def layer(class_name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": "hidden", **config},
        "registered_name": registered,
    }


LAMBDA = layer(
    "Lambda",
    function={"class_name": "__lambda__", "config": {"code": "4wAAAAA="}},
)
HOSTILE = {
    "Lambda": LAMBDA,
    "nested Lambda": {**SEQUENTIAL, "config": {"layers": [LAMBDA]}},
    "Lambda by its file": {
        **LAMBDA,
        "module": "keras.src.layers.core.lambda_layer",
    },
    "TFSMLayer": layer("TFSMLayer", filepath="/tmp/saved_model"),
    "TorchModuleWrapper": layer("TorchModuleWrapper", module_="cGlja2xl"),
    "StringLookup": layer("StringLookup", vocabulary="/etc/passwd"),
    "unknown class": layer("Layer", "somewhere", "somewhere>Layer"),
    "function": {
        "module": "builtins",
        "class_name": "function",
        "config": "exec",
        "registered_name": "function",
    },
    "a module's function": layer("system", "os"),
    "ours by name alone": layer("LIPPooling2D", "evil", "evil>LIPPooling2D"),
    "a list for a name": layer(["Dense"]),
}


@pytest.fixture
def path(model_files, tmp_path):
    shutil.copy(model_files / "model.keras", tmp_path / "model.keras")
    return tmp_path / "model.keras"


def edit(path, change):
    """Changes the description in the archive, and nothing else."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def evaluate(commands, path, data):
    return commands.keras_fer("evaluate", path, data, "--image-size", 40)


def test_the_file_as_it_was_passes(path):
    """Through the command: tests/commands/test_evaluate.py."""
    edit(path, lambda config: None)
    assert keras_fer.load_model(path).output_shape == (None, 7)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_class_on_no_list_is_named_and_not_made(kind, path):
    edit(
        path,
        lambda config: config["config"]["layers"].insert(1, HOSTILE[kind]),
    )
    with pytest.raises(ModelFileError, match="on no list") as refusal:
        keras_fer.load_model(path)
    assert isinstance(refusal.value, ValueError)
    inner = HOSTILE[kind]
    inner = inner["config"]["layers"][0] if "nested" in kind else inner
    if "Lambda" in kind or "class" in kind:
        assert inner["class_name"] in str(refusal.value)


def test_the_command_refuses_with_status_3(path, data, commands):
    edit(path, lambda config: config["config"]["layers"].append(LAMBDA))
    status, _, message = evaluate(commands, path, data)
    assert status == 3
    assert "keras.layers.Lambda (in hidden)" in message
    assert "Traceback" not in message


def test_a_real_lambda_never_runs(tmp_path, monkeypatch):
    marker = tmp_path / "marker"
    monkeypatch.setenv("MARKER", str(marker))
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Lambda(
                lambda x: (
                    __import__("os").makedirs(
                        __import__("os").environ["MARKER"], exist_ok=True
                    ),
                    x,
                )[1]
            ),
        ]
    )
    model.save(tmp_path / "model.keras")
    marker.rmdir()
    with pytest.raises(ModelFileError, match="keras.layers.Lambda"):
        keras_fer.load_model(tmp_path / "model.keras")
    assert not marker.exists()
    # Without our list, and told to trust, Keras runs it: the fault is real.
    keras.saving.load_model(tmp_path / "model.keras", safe_mode=False)
    assert marker.exists()


def test_compilation_and_values_are_looked_at_too(path):
    edit(
        path,
        lambda config: config.update(
            compile_config={"loss": HOSTILE["function"]}
        ),
    )
    with pytest.raises(ModelFileError, match="builtins.function"):
        keras_fer.load_model(path)


def test_another_member_of_the_archive_is_refused(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/layers/lookup/vocabulary.txt", "x")
    with pytest.raises(ModelFileError, match="holds assets/layers"):
        keras_fer.load_model(path)


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_cut_file_is_named(share, path):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match="model.keras is no whole"):
        keras_fer.load_model(path)


@keras.saving.register_keras_serializable(package="mine")
class Mine(keras.layers.Layer):
    def call(self, x):
        return x


def test_a_class_that_the_caller_trusts_is_made(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), Mine()])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match="Mine"):
        keras_fer.load_model(tmp_path / "model.keras")
    loaded = keras_fer.load_model(
        tmp_path / "model.keras", trusted=["mine>Mine"]
    )
    assert type(loaded.layers[0]) is Mine


def test_networks_of_other_programs_pass():
    """Every class on the list is one that Keras has under that name."""
    for module, names in keras_file._KERAS.items():
        for name in names.split():
            if name == "Functional":  # which Keras keeps to itself
                continue
            place = keras
            for part in module.split(".")[1:]:
                place = getattr(place, part)
            assert getattr(place, name).__name__ == name, (module, name)
