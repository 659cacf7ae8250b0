"""Rows to learn from, dense and sparse, in blocks."""

import numpy as np

from open_algorithms.learning.rows.csr import Csr, compress_matrix
from open_algorithms.learning.rows.dense import Block

FEATURES = 5


def draw_blocks(rows: int, size: int = 37, *, sparse: bool = False) -> list[Block]:
    """Draw rows of FEATURES features, of which some are 0, with labels that have nothing to do with them."""
    generator = np.random.default_rng(1)
    X = (generator.normal(size=(rows, FEATURES)) * (generator.random((rows, FEATURES)) < 0.7)).astype(np.float32)
    y = generator.normal(size=rows).astype(np.float32)
    parts = [(X[i : i + size], y[i : i + size]) for i in range(0, rows, size)]
    return [(compress_matrix(X), y) for X, y in parts] if sparse else list(parts)


def draw_widening_blocks(rows: int) -> list[Block]:
    """Return sparse blocks that do not tell how wide they are; later ones use more columns."""
    result: list[Block] = []
    for i in range(rows):
        indices = np.array([0, 2 + i], np.int32)
        X = Csr(np.array([1, 2 + i], np.float32), indices, np.array([0, 2]), (1, None))
        result.append((X, np.array([i % 2], np.float32)))
    return result


def draw_problem(rows: int, *, sparse: bool) -> list[Block]:
    """Draw two classes of 20 features that a linear model tells apart, but for some noise."""
    generator = np.random.default_rng(2)
    X = (generator.normal(size=(rows, 20)) * (generator.random((rows, 20)) < 0.5)).astype(np.float32)
    y = (X @ generator.normal(size=20) + generator.normal(size=rows) > 0.3).astype(np.float32)
    parts = [(X[i : i + 7777], y[i : i + 7777]) for i in range(0, rows, 7777)]
    return [(compress_matrix(X), y) for X, y in parts] if sparse else list(parts)
