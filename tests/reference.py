"""NumPy oracles, written from the papers and not from the code."""

import numpy as np


def lip_pool(inputs, logits, pool_size, strides, padding):
    """Equation (2) of the paper, one window after another, in float64.

    Channels last. Windows of "same" padding are placed as TensorFlow places
    them; cells outside the image do not take part.
    """
    inputs = np.asarray(inputs, "float64")
    logits = np.asarray(logits, "float64")
    batch, *sides, channels = inputs.shape
    outputs, before = [], []
    for side, window, stride in zip(sides, pool_size, strides, strict=True):
        if padding == "valid":
            outputs.append((side - window) // stride + 1)
            before.append(0)
        else:
            count = int(np.ceil(side / stride))
            outputs.append(count)
            before.append(max((count - 1) * stride + window - side, 0) // 2)
    result = np.empty((batch, *outputs, channels))
    for row in range(outputs[0]):
        for column in range(outputs[1]):
            top = row * strides[0] - before[0]
            left = column * strides[1] - before[1]
            cells = np.s_[
                :,
                max(top, 0) : top + pool_size[0],
                max(left, 0) : left + pool_size[1],
            ]
            importance = logits[cells]
            largest = importance.max(axis=(1, 2), keepdims=True)
            weights = np.exp(importance - largest)
            total = (weights * inputs[cells]).sum(axis=(1, 2))
            result[:, row, column] = total / weights.sum(axis=(1, 2))
    return result
