"""Rows whose components are known, and how tests hold them."""

import numpy as np

from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.dense import Block, build_dense_rows
from open_algorithms.learning.rows.kept import HeldRows
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import SparseRowsBuilder
from open_algorithms.learning.types.arrays import Float32s, Float64s


def draw_rows(rows: int, features: int, seed: int = 0) -> Float32s:
    """Return rows whose features are correlated, of different spread, and far from 0, (n, d)."""
    generator = np.random.default_rng(seed)
    mixed = generator.normal(size=(rows, features)) * 0.8 ** np.arange(features)
    mixed = mixed @ np.linalg.qr(generator.normal(size=(features, features)))[0]
    return np.asarray(mixed + generator.uniform(-3, 3, features), np.float32)


def draw_sparse_rows(rows: int, features: int, seed: int = 0) -> Float32s:
    """Return rows of which one number in ten is not 0, (n, d); the last feature is 2 in all of them."""
    generator = np.random.default_rng(seed)
    X = np.where(generator.random((rows, features)) < 0.1, generator.normal(1, 1, (rows, features)), 0)
    X *= 0.9 ** np.arange(features)
    X[:, -1] = 2
    return X.astype(np.float32)


def hold_rows(X: Float32s, *, sparse: bool = False, first: Float32s | None = None) -> HeldRows:
    """Hold rows (n, d) as a channel does: dense ones less the means of the first rows of all hosts."""
    first = X[:10] if first is None else first
    width, labels = X.shape[1], np.zeros(len(X), np.float32)
    ones = np.ones(width, np.float32)
    if not sparse:
        scaler = Scaler(first.mean(axis=0), ones)
        return HeldRows(build_dense_rows([(X, labels)], scaler, width), scaler)
    builder = SparseRowsBuilder(1 << 22)
    assert builder.try_add(as_csr(X), labels)
    scaler = Scaler(0 * ones, ones)
    return HeldRows(builder.build_rows(scaler), scaler)


def cut_blocks(X: Float32s, count: int, *, sparse: bool = False) -> list[Block]:
    """Return rows (n, d) as a channel yields them, in so many blocks without labels."""
    parts = np.array_split(X, count)
    return [(as_csr(part) if sparse else part, np.zeros((len(part), 0), np.float32)) for part in parts]


def exact_singular_values(X: Float32s, *, is_centred: bool = True) -> Float64s:
    """Return the singular values of rows (n, d) about their mean, or about 0, the largest first."""
    wide = X.astype(np.float64)
    return np.linalg.svd(wide - wide.mean(axis=0) if is_centred else wide, compute_uv=False)
