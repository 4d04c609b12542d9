"""The examples in docstrings give what they say."""

import doctest
import importlib

import pytest

MODULES = [
    "batch_normalization",
    "channel_attention",
    "image_normalization",
    "importance_logits",
    "lip_pooling",
]


@pytest.mark.parametrize(
    "name", ["model", *(f"layers.{module}" for module in MODULES)]
)
def test_examples(name):
    module = importlib.import_module(f"keras_fer.{name}")
    names = vars(module) | {"keras": importlib.import_module("keras")}
    failed, tried = doctest.testmod(module, extraglobs=names)
    assert tried > 0
    assert failed == 0
