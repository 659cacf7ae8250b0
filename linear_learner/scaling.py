"""Standardise features and label, and fold the standardisation back into weights and biases."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.sparse import Features, Sparse, SparseLike

Floats = NDArray[Any]

WIDE_VALUES = 2**19  # that are held in float64 at once, and stay in a cache


@dataclass(frozen=True)
class Scaler:
    """What is subtracted from and what divides each feature, (d,), and the label; all float32 values.

    The folded bias undoes exactly the means that were subtracted, so their own rounding does not matter.
    """

    mean: Floats
    deviation: Floats
    label_mean: float = 0.0
    label_deviation: float = 1.0

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
) -> Scaler:
    """Take means and population deviations of a sample; a feature that does not vary keeps its unit."""
    label_mean, label_deviation = moments(y[:, None])
    mean, deviation = moments(X) if isinstance(X, np.ndarray) else sparse_moments(X)
    return Scaler(
        mean if unbias_data else np.zeros_like(mean),
        deviation if normalize_data else np.ones_like(deviation),
        float(label_mean[0]) if unbias_label else 0.0,
        float(label_deviation[0]) if normalize_label else 1.0,
    )


def moments(X: Floats) -> tuple[Floats, Floats]:
    """Return mean and population deviation of each column, computed in float64, as float32."""
    mean, deviation = np.empty((2, X.shape[1]), np.float32)
    width = max(1, WIDE_VALUES // len(X))
    for first in range(0, X.shape[1], width):
        columns = slice(first, first + width)
        wide = X[:, columns].astype(np.float64)
        mean[columns] = wide.mean(axis=0)
        deviation[columns] = np.sqrt(((wide - mean[columns]) ** 2).mean(axis=0))
    varies = (X.max(axis=0) > X.min(axis=0)) & (deviation > np.finfo(np.float32).tiny) & np.isfinite(deviation)
    return mean, np.where(varies, deviation, np.float32(1))


def sparse_moments(X: SparseLike) -> tuple[Floats, Floats]:
    """Return mean and population deviation of each column, zeros that are not stored included."""
    rows, width = X.shape[0], int(X.shape[1] or 0)
    counts = np.bincount(X.indices, minlength=width)
    mean = (np.bincount(X.indices, weights=X.data, minlength=width) / rows).astype(np.float32)
    squares = (X.data - mean.astype(np.float64)[X.indices]) ** 2
    left_out = (rows - counts) * mean.astype(np.float64) ** 2
    deviation = np.sqrt((np.bincount(X.indices, weights=squares, minlength=width) + left_out) / rows).astype(np.float32)
    lowest, highest = np.where(counts < rows, 0, np.array([[np.inf], [-np.inf]], np.float32))
    np.minimum.at(lowest, X.indices, X.data)
    np.maximum.at(highest, X.indices, X.data)
    varies = (highest > lowest) & (deviation > np.finfo(np.float32).tiny) & np.isfinite(deviation)
    return mean, np.where(varies, deviation, np.float32(1))
