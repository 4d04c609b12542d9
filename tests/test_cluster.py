"""What no cluster can be made of is refused before anything is loaded."""

import dataclasses
import json
from pathlib import Path

import keras
import pytest

from keras_fer import cluster
from keras_fer import configuration
from keras_fer import setting_checks
from keras_fer.errors import UsageError

HERE = "--coordinator localhost:9876"
ONE_OF_TWO = f"{HERE} --num-processes 2 --process-id 1"


@dataclasses.dataclass(frozen=True)
class Config(configuration.RunSettings):
    run_dir: Path = Path("run")
    batch_size: int = 8
    sam: float = 0.0


@pytest.fixture
def on_jax(monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.setenv("KERAS_BACKEND", "jax")


def read(words):
    return configuration.read_config(Config, {}, words.split())


def refusal(words, capsys):
    with pytest.raises(SystemExit) as end:
        read(words)
    assert end.value.code == 2
    return capsys.readouterr().err


def test_a_process_is_told_its_place(on_jax):
    config = read(ONE_OF_TWO)
    assert config.num_processes == 2 and config.process_id == 1
    assert cluster.describe(config) == "process 1 of 2"


@pytest.mark.usefixtures("on_jax")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--num-processes 2", "need --coordinator"),
        ("--process-id 0", "need --coordinator"),
        (HERE, "needs --num-processes N"),
        (f"{HERE} --num-processes 2", "needs --num-processes N"),
        (f"{HERE} --num-processes 2 --process-id 2", "expected 0 to 1"),
        (f"{HERE} --num-processes 0 --process-id 0", "must be at least 1"),
        ("--coordinator localhost", "expected HOST:PORT"),
        ("--coordinator :80", "expected HOST:PORT"),
        ("--coordinator host:70000", "expected HOST:PORT"),
        (f"{ONE_OF_TWO} --devices 2", "CUDA_VISIBLE_DEVICES"),
        (f"{ONE_OF_TWO} --sam 0.05", "--sam needs the TensorFlow backend"),
        ("--devices 2", "--devices is for the TensorFlow backend"),
        ("--sam 0.05", "Leave it, or KERAS_BACKEND=jax"),
        (f"{ONE_OF_TWO} --batch-size 7", "Take 6 or 8"),
        (f"{ONE_OF_TWO} --batch-size 1", "Take 2."),
    ],
)
def test_what_cannot_be_is_refused(words, expected, capsys):
    assert expected in refusal(words, capsys)


def test_what_one_device_does_is_refused_on_several(monkeypatch, capsys):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    for devices in ("2", "0,1"):
        assert "--sam trains on one device" in refusal(
            f"--devices {devices} --sam 0.05", capsys
        )
    for devices in ("1", "0,", "all"):
        assert read(f"--devices {devices} --sam 0.05").sam == 0.05


@pytest.mark.parametrize("backend", [None, "tensorflow", "torch"])
def test_other_backends_are_refused(backend, monkeypatch, capsys):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if backend:
        monkeypatch.setenv("KERAS_BACKEND", backend)
    message = refusal(ONE_OF_TWO, capsys)
    assert "start with KERAS_BACKEND=jax" in message


def test_where_jax_is_missing_its_extra_is_named(on_jax, monkeypatch, capsys):
    monkeypatch.setattr(
        setting_checks.importlib.util, "find_spec", lambda name: None
    )
    assert "pip install 'keras-fer[jax]'" in refusal(ONE_OF_TWO, capsys)


def test_the_environment_may_say_everything(on_jax):
    config = read("--coordinator auto")
    assert config.num_processes is None
    assert cluster.describe(config) == "this process"


def test_a_runs_settings_do_not_hold_where_it_ran(on_jax, tmp_path):
    saved = dataclasses.asdict(read(ONE_OF_TWO))
    path = tmp_path / "config.json"
    path.write_text(json.dumps(saved | {"seed": 3}, default=str))
    config = read(f"--config {path}")
    assert config.seed == 3
    assert config.coordinator is config.num_processes is config.process_id
    assert config.process_id is None


def test_processes_write_beside_each_other(tmp_path):
    run = tmp_path / "run"
    assert cluster.own_place(run, None) == cluster.own_place(run, 0) == run
    assert cluster.own_place(run, 2) == tmp_path / ".run.process-2"


def test_without_a_cluster_a_process_has_the_whole_batch():
    assert not cluster.is_joined()
    assert cluster.share() == (0, 1)
    assert cluster.is_any(True) and not cluster.is_any(False)


def test_keras_distribution_under_tensorflow_is_refused():
    distribution = keras.distribution.DataParallel(devices=["cpu:0"])
    with distribution.scope():
        with pytest.raises(UsageError, match="silently uses one"):
            cluster.share()
    assert cluster.share() == (0, 1)
