"""Standardise features and label, and transform weights between standardised and raw units."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.csr import Csr, Features, fits_dense
from open_algorithms.learning.types.arrays import Bools, Floats

BLUR_RATIO = 2.0**-20  # of its size, below which a spread is less than eight steps of float32
FAR_FROM_CENTER = 100  # times the variance, that the square of the mean is
WIDE_VALUES = 2**15  # that are held in float64 at once, and stay in a cache


@dataclass(frozen=True)
class Scaler:
    """The means to subtract from, and deviations to divide, each feature, (d,), and the label; all are float32 values.

    Rounding of the means does no harm: the raw bias undoes exactly the means that were subtracted. `blurred` are the
    features whose variation is below float32's resolution at their magnitude; `is_label_blurred` says the same of the
    label. `constant_features` are those that did not vary in the sample. `measured` are the deviations of features that
    are not divided by them, (d,).
    """

    mean: Floats
    deviation: Floats
    label_mean: float = 0.0
    label_deviation: float = 1.0
    blurred: tuple[int, ...] = ()
    constant_features: tuple[int, ...] = ()
    is_label_blurred: bool = False
    measured: Floats | None = None

    def standardise_features(self, X: Floats) -> Floats:
        """Return (X - mean) / deviation as a new float32 (n, d)."""
        Z = np.subtract(X, self.mean, dtype=np.float32)
        Z *= 1 / self.deviation
        return Z

    def scale_features(self, X: Csr) -> Csr:
        """Return X / deviation, without centring; features that the scaler does not cover are not scaled."""
        inverse = np.append(1 / self.deviation, np.float32(1))
        return X._replace(data=X.data * np.take(inverse, X.indices, mode="clip"))

    @property
    def shift(self) -> Floats | None:
        """The means in standardised units, (d,), which centring subtracts after scaling; None if all are 0."""
        return self.mean * (1 / self.deviation) if self.mean.any() else None

    @property
    def spread(self) -> Floats:
        """The deviation of each feature in the sample, (d,), 1 where it did not vary, divided by or not."""
        return self.deviation if self.measured is None else self.measured

    def widened_to(self, features: int) -> "Scaler":
        """Return a scaler for this many features, which leaves those beyond its own unchanged."""
        more = features - len(self.mean)
        ones = np.ones(more, np.float32)
        return replace(
            self,
            mean=np.append(self.mean, np.zeros(more, np.float32)),
            deviation=np.append(self.deviation, ones),
            measured=None if self.measured is None else np.append(self.measured, ones),
        )

    def keeping_units(self, kept: Bools) -> "Scaler":
        """Return the scaler without the deviations of features that are `kept` in their units, (d,)."""
        return replace(self, deviation=np.where(kept, np.float32(1), self.deviation))

    def without_centring(self) -> "Scaler":
        """Return the scaler without the means of features."""
        return replace(self, mean=np.zeros_like(self.mean))

    def restore_features(self, Z: Floats) -> Floats:
        """Return the raw features of standardised ones, (n, d).

        They are accurate to a few float32 roundings of |mean| + |X - mean|, the best that standardised values allow.
        """
        return np.asarray(Z * self.deviation + self.mean)

    def standardise_label(self, y: Floats) -> Floats:
        """Return the standardised label, float32 (n,)."""
        return np.asarray((y - self.label_mean) / self.label_deviation, dtype=np.float32)

    def restore_label(self, y: Floats) -> Floats:
        """Return the raw label of a standardised one, (n,)."""
        return np.asarray(y.astype(np.float64) * self.label_deviation + self.label_mean, np.float32)

    def unstandardise_weights(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Convert weight (K, d) and bias (K,) for standardised data to float32 ones for raw data.

        The bias is computed from the rounded weights, so that it cancels the means exactly as they will be weighted.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # scoring refuses a model that is not finite
            raw = (weight * (self.label_deviation / self.deviation.astype(np.float64))).astype(np.float32)
            shift = raw.astype(np.float64) @ self.mean.astype(np.float64)
            return raw, (bias.astype(np.float64) * self.label_deviation + self.label_mean - shift).astype(np.float32)

    def standardise_weights(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Convert weight (K, d) and bias (K,) for raw data to float64 ones for standardised data.

        The inverse of `unstandardise_weights`.
        """
        shift = weight.astype(np.float64) @ self.mean.astype(np.float64)
        standard = weight * (self.deviation.astype(np.float64) / self.label_deviation)
        return standard, (bias.astype(np.float64) + shift - self.label_mean) / self.label_deviation


@dataclass(frozen=True)
class Scaling:
    """Which of features and label are divided by their deviation, and which are centred."""

    normalize_data: bool
    normalize_label: bool
    unbias_data: bool
    unbias_label: bool


def fit_scaler(
    X: Features,
    y: Floats,
    *,
    unbias_data: bool,
    normalize_data: bool,
    unbias_label: bool,
    normalize_label: bool,
    hosts: Hosts = SINGLE_HOST,
) -> Scaler:
    """Compute means and population deviations of all hosts' samples.

    A feature that does not vary gets the deviation 1.
    """
    label_mean, label_deviation = column_moments(y[:, None], hosts)
    mean, deviation = csr_column_moments(X, hosts) if isinstance(X, Csr) else column_moments(X, hosts)
    return Scaler(
        mean if unbias_data else np.zeros_like(mean),
        deviation if normalize_data else np.ones_like(deviation),
        float(label_mean[0]) if unbias_label else 0.0,
        float(label_deviation[0]) if normalize_label else 1.0,
        tuple(np.flatnonzero(blurred_columns(mean, deviation)).tolist()),
        constant_columns(X, deviation) if unbias_data else (),
        bool(blurred_columns(label_mean, label_deviation)[0]),
        None if normalize_data else deviation,
    )


def is_off_center(X: Csr, hosts: Hosts = SINGLE_HOST) -> bool:
    """Return whether sparse rows (n, d) of all hosts are better held dense, less their means.

    That is where they are far from 0, compared to their spread, and do not take many times the room. Products of such
    rows lose in float32 the digits that vary.
    """
    rows, stored = hosts.all_reduce([X.shape[0], len(X.data)]).tolist()
    width = int(X.shape[1] or 0)
    if not fits_dense(rows, stored, width):
        return False
    values = X.data.astype(np.float64)
    means = hosts.all_reduce(np.bincount(X.indices, values, width)) / rows
    of_means, of_rows = float((means**2).sum()), float(hosts.all_reduce([values @ values])[0]) / rows
    return bool(of_means > FAR_FROM_CENTER * max(of_rows - of_means, 0.0))


def find_flags(X: Features, hosts: Hosts = SINGLE_HOST) -> Bools:
    """Return which features are flags, 0 or 1 in every row X (n, d) of all hosts, (d,)."""
    if isinstance(X, Csr):
        others = np.zeros(int(X.shape[1] or 0))
        others[X.indices[(X.data != 0) & (X.data != 1)]] = 1
    else:
        others = ((X != 0) & (X != 1)).any(axis=0)
    return np.asarray(hosts.all_reduce(others) == 0)


def constant_columns(X: Features, deviation: Floats) -> tuple[int, ...]:
    """Return the columns of dense X (n, d) that are constant on every host, recognised by their deviation of 1."""
    if isinstance(X, Csr) or not len(X):
        return ()
    candidates = np.flatnonzero(deviation == 1)
    return tuple(candidates[np.ptp(X[:, candidates], axis=0) == 0].tolist())


def blurred_columns(mean: Floats, deviation: Floats) -> Bools:
    """Return which columns lose their variation in float32, because it is small relative to their mean, (d,)."""
    return np.asarray((deviation != 1) & (deviation < np.abs(mean) * BLUR_RATIO))


def column_moments(X: Floats, hosts: Hosts = SINGLE_HOST) -> tuple[Floats, Floats]:
    """Return mean and population deviation of each column over all hosts, (d,), computed in float64, as float32."""
    rows = hosts.all_reduce([len(X)])[0]
    mean = (hosts.all_reduce(column_sums(X, lambda wide: wide)) / rows).astype(np.float32)
    squares = column_sums(X, lambda wide: (wide - mean) ** 2)
    deviation = np.sqrt(hosts.all_reduce(squares) / rows).astype(np.float32)
    return mean, replace_constant_deviations(
        deviation, X.min(axis=0, initial=np.inf), X.max(axis=0, initial=-np.inf), hosts
    )


def column_sums(X: Floats, transform: Callable[[Floats], Floats]) -> Floats:
    """Sum `transform(rows)` of X's rows, (d,), in float64, a few rows at a time, one row after the other."""
    sums = np.zeros(X.shape[1])
    rows = max(1, WIDE_VALUES // max(1, X.shape[1]))
    for first in range(0, len(X), rows):
        wide = transform(X[first : first + rows].astype(np.float64))
        wide[0] += sums
        sums = wide.sum(axis=0)
    return sums


def csr_column_moments(X: Csr, hosts: Hosts = SINGLE_HOST) -> tuple[Floats, Floats]:
    """Return mean and population deviation of each column, counting entries not stored as 0.

    Over the rows of all hosts, (d,) each, as float32.
    """
    width = int(X.shape[1] or 0)
    rows = hosts.all_reduce([X.shape[0]])[0]
    counts = np.bincount(X.indices, minlength=width)
    mean = (hosts.all_reduce(np.bincount(X.indices, weights=X.data, minlength=width)) / rows).astype(np.float32)
    squares = (X.data - mean.astype(np.float64)[X.indices]) ** 2
    left_out = (X.shape[0] - counts) * mean.astype(np.float64) ** 2
    squares = np.bincount(X.indices, weights=squares, minlength=width) + left_out
    deviation = np.sqrt(hosts.all_reduce(squares) / rows).astype(np.float32)
    lowest, highest = np.where(counts < X.shape[0], 0, np.array([[np.inf], [-np.inf]], np.float32))
    np.minimum.at(lowest, X.indices, X.data)
    np.maximum.at(highest, X.indices, X.data)
    return mean, replace_constant_deviations(deviation, lowest, highest, hosts)


def replace_constant_deviations(deviation: Floats, lowest: Floats, highest: Floats, hosts: Hosts) -> Floats:
    """Replace by 1 the deviation of columns that do not vary, or whose deviation is not a normal float32 number.

    `lowest` and `highest` (d,) are the extremes of this host's rows; lowest > highest where it has none.
    """
    ends, crossed = np.stack([lowest, highest]), lowest > highest
    with_rows = np.flatnonzero(hosts.all_gather([not crossed.all()]))
    reference = hosts.all_reduce(lowest if hosts.rank == with_rows.min(initial=hosts.count) else np.zeros_like(lowest))
    elsewhere = (ends != reference).any(axis=0) & ~crossed
    varies = hosts.all_reduce(elsewhere) > 0
    varies &= (deviation > np.finfo(np.float32).tiny) & np.isfinite(deviation)
    return np.where(varies, deviation, np.float32(1))
