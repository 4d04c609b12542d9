"""A .tflite file on LiteRT: opened safely, run image by image.

Needs ai-edge-litert and NumPy; loads neither TensorFlow nor Keras.
"""

import os
import subprocess
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from keras_fer import model_file
from keras_fer.errors import ModelFileError

SIGNATURE_INPUT, SIGNATURE_OUTPUT = "image", "probabilities"
_PROBE_SECONDS = 120
# Opens and runs a file in a process of its own, which may die of it.
_PROBE = """
import sys
from ai_edge_litert.interpreter import Interpreter
try:
    interpreter = Interpreter(sys.argv[1], num_threads=1)
    interpreter.allocate_tensors()
    interpreter.invoke()
except Exception as error:
    sys.exit("reason: " + " ".join(str(error).split()))
"""


class LiteRTModel:
    """An image classifier in a .tflite file.

    A file that carries this package's description is compared with the hash
    in it; any other is first opened in a child process, since a damaged file
    can crash the process that opens it.

    Args:
        path: the .tflite file.
        num_threads: threads that the interpreter may use. Defaults to 1.

    Attributes:
        contract: `model_file.Contract`, or None for another program's file.
        view_size: side of the input, in pixels.
        num_classes: how many probabilities it gives.
        dtype: of the input, float32 or uint8.

    Raises:
        ModelFileError: if the file is damaged, holds operations that LiteRT
            has not, or is no classifier of RGB images.
    """

    def __init__(self, path, num_threads=1):
        if num_threads < 1:
            raise ValueError(
                f"num_threads must be at least 1. Received: {num_threads}"
            )
        self.path = os.fspath(path)
        self.contract = model_file.read(path)
        if self.contract is None:
            _probe(self.path)
        try:
            self._interpreter = Interpreter(
                self.path, num_threads=int(num_threads)
            )
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise _unusable(self.path, error) from error
        (self._input,) = self._only(self._interpreter.get_input_details())
        (self._output,) = self._only(self._interpreter.get_output_details())
        self._check()

    def predict(self, views):
        """The probabilities of every view.

        Args:
            views: `(num_views, view_size, view_size, 3)`, RGB 0..255, uint8
                or float32. A uint8 model gets floats rounded.

        Returns:
            float32 `(num_views, num_classes)`.
        """
        views = np.asarray(views)
        if views.dtype != self.dtype:
            views = np.rint(views) if self.dtype == np.uint8 else views
            views = views.astype(self.dtype)
        expected = (len(views), self.view_size, self.view_size, 3)
        if views.shape != expected:
            raise ValueError(
                f"{self.path} takes views {expected}. Received: {views.shape}"
            )
        results = np.empty((len(views), self.num_classes), np.float32)
        for view, result in zip(views, results, strict=True):
            self._interpreter.set_tensor(self._input["index"], view[None])
            self._interpreter.invoke()
            result[:] = self._interpreter.get_tensor(self._output["index"])[0]
        return results

    def invoke(self):
        """Runs the network once more on the last view: for stopwatches."""
        self._interpreter.invoke()

    def num_partitions(self):
        """How many parts the CPU delegate computes; None if unknown.

        One means that nothing falls back to slower kernels in between.
        """
        details = getattr(self._interpreter, "_get_ops_details", None)
        if details is None:  # no public call tells
            return None
        return sum(node["op_name"] == "DELEGATE" for node in details())

    def _only(self, details):
        if len(details) != 1:
            raise ModelFileError(
                f"{self.path} has {len(details)} inputs or outputs where a "
                "face classifier has one of each."
            )
        return details

    def _check(self):
        shape = tuple(int(side) for side in self._input["shape"])
        output = tuple(int(side) for side in self._output["shape"])
        self.dtype = np.dtype(self._input["dtype"])
        if (
            len(shape) != 4
            or shape[0] != 1
            or shape[1] != shape[2]
            or shape[3] != 3
            or self.dtype not in (np.float32, np.uint8)
        ):
            raise ModelFileError(
                f"{self.path} takes {self.dtype} {shape}. Expected: one RGB "
                "image (1, size, size, 3), float32 or uint8. Export the "
                "model with keras_fer.export.export_model."
            )
        if self.dtype == np.uint8 and self._input["quantization"] != (1.0, 0):
            raise ModelFileError(
                f"{self.path} takes uint8 with scale and zero point "
                f"{self._input['quantization']}. Expected: (1.0, 0), so that "
                "pixels go in as they are."
            )
        if len(output) != 2 or self._output["dtype"] != np.float32:
            raise ModelFileError(
                f"{self.path} gives {np.dtype(self._output['dtype'])} "
                f"{output}. Expected: float32 (1, classes)."
            )
        self.view_size, self.num_classes = shape[1], output[1]
        if self.contract is None:
            return
        named = len(self.contract.class_names), self.contract.view_size
        if named != (self.num_classes, self.view_size):
            raise ModelFileError(
                f"{self.path} describes {named[0]} classes and views of "
                f"{named[1]} pixels, but its graph has {self.num_classes} "
                f"and {self.view_size}. Export it again."
            )
        if self.contract.image_size < self.view_size:
            raise ModelFileError(
                f"{self.path} wants faces of {self.contract.image_size} "
                f"pixels for views of {self.view_size}. Export it again."
            )


def _probe(path):
    """Opens the file in a child process.

    Raises:
        ModelFileError: if the child does not live to tell of it.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-c", _PROBE, path],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise _unusable(
            path, f"no answer within {_PROBE_SECONDS} seconds"
        ) from None
    if child.returncode < 0:
        raise _unusable(path, f"it crashed LiteRT, signal {-child.returncode}")
    if child.returncode:
        text = child.stderr.decode(errors="replace")
        raise _unusable(path, text.rpartition("reason: ")[2].strip())


def _unusable(path, reason):
    reason = " ".join(str(reason).split())
    hint = "Copy or export it again."
    if "custom op" in reason.lower() or "flex" in reason.lower():
        hint = "It needs operations that LiteRT has not; export it again."
    return ModelFileError(f"{path} is no usable .tflite file: {reason}. {hint}")
