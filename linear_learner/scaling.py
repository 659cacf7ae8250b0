"""Standardise features and label, and fold the standardisation back into weights and biases."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.hosts import ALONE, Hosts
from linear_learner.sparse import Features, Sparse, SparseLike

Floats = NDArray[Any]

BLUR = 2.0**-20  # of its size, below which a spread is less than eight steps of float32
WIDE_VALUES = 2**19  # that are held in float64 at once, and stay in a cache


@dataclass(frozen=True)
class Scaler:
    """What is subtracted from and what divides each feature, (d,), and the label; all float32 values.

    The folded bias undoes exactly the means that were subtracted, so their own rounding does not matter. `blurred` are
    the features whose digits that vary float32 does not keep, and `blurs_label` says so of the label. `constant` are
    those that did not vary in the sample.
    """

    mean: Floats
    deviation: Floats
    label_mean: float = 0.0
    label_deviation: float = 1.0
    blurred: tuple[int, ...] = ()
    constant: tuple[int, ...] = ()
    blurs_label: bool = False

    def standardise(self, X: Floats) -> Floats:
        """Return (X - mean) / deviation as a new float32 (n, d)."""
        Z = np.subtract(X, self.mean, dtype=np.float32)
        Z *= 1 / self.deviation
        return Z

    def scale(self, X: Sparse) -> Sparse:
        """Return X / deviation; features beyond those that the scaler knows keep their unit."""
        inverse = np.append(1 / self.deviation, np.float32(1))
        return X._replace(data=X.data * np.take(inverse, X.indices, mode="clip"))

    @property
    def shift(self) -> Floats | None:
        """Return what standardising subtracts after it has scaled, (d,), None if nothing."""
        return self.mean * (1 / self.deviation) if self.mean.any() else None

    def widened(self, features: int) -> "Scaler":
        """Give features that the sample did not have their own unit."""
        more = features - len(self.mean)
        return replace(
            self,
            mean=np.append(self.mean, np.zeros(more, np.float32)),
            deviation=np.append(self.deviation, np.ones(more, np.float32)),
        )

    def uncentred(self) -> "Scaler":
        """Give up subtracting means of features."""
        return replace(self, mean=np.zeros_like(self.mean))

    def restore(self, Z: Floats) -> Floats:
        """Return the raw features of standardised ones.

        They are right to a few float32 roundings of |mean| + |X - mean|, the best that was kept.
        """
        return np.asarray(Z * self.deviation + self.mean)

    def standardise_label(self, y: Floats) -> Floats:
        """Return the label in the units that training sees."""
        return np.asarray((y - self.label_mean) / self.label_deviation, dtype=np.float32)

    def restore_label(self, y: Floats) -> Floats:
        """Return the raw label of a standardised one."""
        return np.asarray(y.astype(np.float64) * self.label_deviation + self.label_mean, np.float32)

    def fold(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Turn weight (K, d) and bias (K,) for standardised data into float32 ones for raw data.

        The bias is taken from the weights as rounded, so that it undoes the means exactly as they will be weighted.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # scoring refuses a model that is not finite
            raw = (weight * (self.label_deviation / self.deviation.astype(np.float64))).astype(np.float32)
            shift = raw.astype(np.float64) @ self.mean.astype(np.float64)
            return raw, (bias.astype(np.float64) * self.label_deviation + self.label_mean - shift).astype(np.float32)

    def unfold(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Turn weight (K, d) and bias (K,) for raw data into ones for standardised data, in float64: undo `fold`."""
        shift = weight.astype(np.float64) @ self.mean.astype(np.float64)
        standard = weight * (self.deviation.astype(np.float64) / self.label_deviation)
        return standard, (bias.astype(np.float64) + shift - self.label_mean) / self.label_deviation


def fit_scaler(
    X: Features,
    y: Floats,
    *,
    unbias_data: bool,
    normalize_data: bool,
    unbias_label: bool,
    normalize_label: bool,
    hosts: Hosts = ALONE,
) -> Scaler:
    """Take means and population deviations of all hosts' samples; a feature that does not vary keeps its unit."""
    label_mean, label_deviation = moments(y[:, None], hosts)
    mean, deviation = moments(X, hosts) if isinstance(X, np.ndarray) else sparse_moments(X, hosts)
    return Scaler(
        mean if unbias_data else np.zeros_like(mean),
        deviation if normalize_data else np.ones_like(deviation),
        float(label_mean[0]) if unbias_label else 0.0,
        float(label_deviation[0]) if normalize_label else 1.0,
        tuple(np.flatnonzero(blurs(mean, deviation)).tolist()),
        constant(X, deviation) if unbias_data else (),
        bool(blurs(label_mean, label_deviation)[0]),
    )


def constant(X: Features, deviation: Floats) -> tuple[int, ...]:
    """Return the columns of dense X (n, d) that vary on no host, whose deviation is then 1."""
    if not isinstance(X, np.ndarray) or not len(X):
        return ()
    candidates = np.flatnonzero(deviation == 1)
    return tuple(candidates[np.ptp(X[:, candidates], axis=0) == 0].tolist())


def blurs(mean: Floats, deviation: Floats) -> NDArray[np.bool_]:
    """Say of which columns float32 loses the digits that vary: they are large beside their spread, (d,)."""
    return np.asarray((deviation != 1) & (deviation < np.abs(mean) * BLUR))


def moments(X: Floats, hosts: Hosts = ALONE) -> tuple[Floats, Floats]:
    """Return mean and population deviation of each column, computed in float64, as float32."""
    rows = hosts.total([len(X)])[0]
    mean = (hosts.total(column_sums(X, lambda wide, columns: wide)) / rows).astype(np.float32)
    squares = column_sums(X, lambda wide, columns: (wide - mean[columns]) ** 2)
    deviation = np.sqrt(hosts.total(squares) / rows).astype(np.float32)
    return mean, usual(deviation, X.min(axis=0, initial=np.inf), X.max(axis=0, initial=-np.inf), hosts)


def column_sums(X: Floats, function: Callable[[Floats, slice], Floats]) -> Floats:
    """Sum what a function makes of the columns of X (n, d) in float64, a few at a time, over rows, (d,)."""
    sums = np.zeros(X.shape[1])
    width = max(1, WIDE_VALUES // max(1, len(X)))
    for first in range(0, X.shape[1], width):
        columns = slice(first, first + width)
        sums[columns] = function(X[:, columns].astype(np.float64), columns).sum(axis=0)
    return sums


def sparse_moments(X: SparseLike, hosts: Hosts = ALONE) -> tuple[Floats, Floats]:
    """Return mean and population deviation of each column, zeros that are not stored included."""
    width = int(X.shape[1] or 0)
    rows = hosts.total([X.shape[0]])[0]
    counts = np.bincount(X.indices, minlength=width)
    mean = (hosts.total(np.bincount(X.indices, weights=X.data, minlength=width)) / rows).astype(np.float32)
    squares = (X.data - mean.astype(np.float64)[X.indices]) ** 2
    left_out = (X.shape[0] - counts) * mean.astype(np.float64) ** 2
    squares = np.bincount(X.indices, weights=squares, minlength=width) + left_out
    deviation = np.sqrt(hosts.total(squares) / rows).astype(np.float32)
    lowest, highest = np.where(counts < X.shape[0], 0, np.array([[np.inf], [-np.inf]], np.float32))
    np.minimum.at(lowest, X.indices, X.data)
    np.maximum.at(highest, X.indices, X.data)
    return mean, usual(deviation, lowest, highest, hosts)


def usual(deviation: Floats, lowest: Floats, highest: Floats, hosts: Hosts) -> Floats:
    """Put 1 in place of the deviation of a column that does not vary, or not as float32 can tell.

    `lowest` and `highest` (d,) are what this host's rows hold; without rows they are crossed.
    """
    ends, crossed = np.stack([lowest, highest]), lowest > highest
    with_rows = np.flatnonzero(hosts.gathered([not crossed.all()]))
    reference = hosts.total(lowest if hosts.rank == with_rows.min(initial=hosts.count) else np.zeros_like(lowest))
    elsewhere = (ends != reference).any(axis=0) & ~crossed
    varies = hosts.total(elsewhere) > 0
    varies &= (deviation > np.finfo(np.float32).tiny) & np.isfinite(deviation)
    return np.where(varies, deviation, np.float32(1))
