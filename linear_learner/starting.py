"""The weights that training starts from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


def start_weights(
    models: Sequence[int], outputs: int, features: int, *, seed: int, method: str, spread: float, bias: float
) -> Floats:
    """Draw the first weights of the candidates with these indices, (M, K, d + 1), each from its own stream."""
    start = np.empty((len(models), outputs, features + 1), np.float32)
    for row, index in enumerate(models):
        generator = np.random.default_rng([seed, index])
        draw = generator.uniform if method == "uniform" else generator.normal
        low_or_mean = -spread if method == "uniform" else 0.0
        start[row, :, :-1] = draw(low_or_mean, spread, (outputs, features))
    start[:, :, -1] = bias
    return start
