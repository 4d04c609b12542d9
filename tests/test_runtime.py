"""Precision follows the hardware; nothing happens on import."""

import platform
import subprocess
import sys

import keras
import pytest

from keras_fer import runtime


@pytest.mark.parametrize(
    "flags, capability, policy",
    [
        ({"amx_bf16", "avx512_bf16"}, None, "mixed_bfloat16"),
        ({"avx512_bf16"}, None, "mixed_bfloat16"),
        ({"avx2"}, None, "float32"),
        ({"avx512_bf16"}, 6, "float32"),
        (set(), 7, "mixed_float16"),
        (set(), 9, "mixed_bfloat16"),
    ],
)
def test_auto_takes_what_the_hardware_multiplies(
    monkeypatch, flags, capability, policy
):
    monkeypatch.setattr(runtime, "_cpu_flags", lambda: flags)
    gpus = [] if capability is None else [("a GPU", capability)]
    monkeypatch.setattr(runtime, "_gpus", lambda: gpus)
    assert runtime.choose_precision("auto") == policy
    assert runtime.choose_precision("float32") == "float32"


def test_unknown_precision_is_named():
    with pytest.raises(ValueError, match="'half'"):
        runtime.choose_precision("half")


def test_set_up_is_global_and_says_what_it_did():
    facts = runtime.set_up(3, "mixed_bfloat16")
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert facts["seed"] == 3
    assert facts["precision"] == "mixed_bfloat16"
    assert facts["device"]


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="glibc's allocator"
)
def test_the_tuned_allocator_keeps_freed_memory_until_it_is_released():
    """Untuned, a freed block of 64 MB goes back to the system."""
    code = """
import os, sys
from keras_fer import runtime
if sys.argv[1] != "untuned":
    assert runtime.tune_allocator()
import numpy as np
def resident():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
block = np.ones(8_000_000)
del block
if sys.argv[1] == "released":
    assert runtime.release_memory()
print(resident() > 64e6 + 20e6)
"""
    for argument, kept in (
        ("tuned", "True"),
        ("released", "False"),
        ("untuned", "False"),
    ):
        printed = subprocess.run(
            [sys.executable, "-c", code, argument],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert printed.strip() == kept, argument
