"""The sums of an update, without the rest of it: over features, and over the rows of a mini-batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.compiled import CompiledStep, ndarray, weight_gradient
from linear_learner.engine import mx

Floats = NDArray[Any]
S = mx.sym


def compile_sums(X: Floats, columns: int) -> Callable[[], list[Any]]:
    """Compile what an update of so many weights for each feature sums up, for a mini-batch X (n, d + 1).

    Return what does it and gives margins, gradient and losses. Weights and slopes are random: of zeros nobody sees in
    what order they were added up.
    """
    generator = np.random.default_rng(0)
    rows, width = X.shape
    drawn = {"W": (columns, width), "slope": (rows, columns)}
    arrays = {name: ndarray(generator.random(shape, np.float32) - np.float32(0.5)) for name, shape in drawn.items()}
    arrays |= {"X": ndarray(X), "counted": mx.nd.ones((1, rows))}
    shapes = {"margins": (rows, columns), "gradient": (columns, width), "lost": (1, columns)}
    arrays |= {name: mx.nd.zeros(shape) for name, shape in shapes.items()}
    symbols = {name: S.Variable(name) for name in (*drawn, "X", "counted")}
    z = S.FullyConnected(symbols["X"], symbols["W"], num_hidden=columns, no_bias=True)
    results = {
        "margins": z,
        "gradient": weight_gradient(S, symbols["slope"], symbols["X"], symbols["W"], z),
        "lost": S.dot(symbols["counted"], symbols["slope"]),
    }
    compiled = CompiledStep(results, arrays)

    def run() -> list[Any]:
        compiled()
        return compiled.results

    return run
