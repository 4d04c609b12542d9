"""The layers on PyTorch, which the test extra does not install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.torch
def test_the_layers_pass_their_tests_on_torch():
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent)],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        check=True,
    )
