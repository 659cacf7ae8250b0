"""Steps of training by numpy, where the native library is not built.

Tests: tests/factorization_machines/machines/test_stepping.py.
"""

import numpy as np

from open_algorithms.factorization_machines.machines.machines import (
    BETA_1,
    BETA_2,
    DISTANCES,
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    FIRST,
    LOSS,
    MEANS,
    SECOND,
    SQUARES,
    TALLIES,
    TRUE_NEGATIVES,
    TRUE_POSITIVES,
    WEIGHTS,
    Gradients,
    LabelledRows,
    Machines,
)
from open_algorithms.factorization_machines.measuring.losses import row_losses
from open_algorithms.learning.rows.csr import Csr, take_rows
from open_algorithms.learning.rows.sparse import compact_and_transpose
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Ints

ROWS_AT_ONCE = 4096  # that are scored
MOST_COUNTED = 2**16  # updates in a mean; as in factors.c


class PlainStepper:
    """Steps machines by numpy; see `Stepper`."""

    def train(self, machines: Machines, rows: LabelledRows, order: Int32s) -> Float64s:
        """Train on mini-batches of rows in this order (n,); return each machine's tallies before updates, (M, 7)."""
        tallies = np.zeros((machines.count, TALLIES))
        with np.errstate(over="ignore", invalid="ignore"):  # of machines that diverge
            for first in range(0, len(order), machines.batch_rows):
                batch = order[first : first + machines.batch_rows]
                gradients, more = self.sum_gradients(machines, rows, batch)
                self.update(machines, gradients, len(batch))
                tallies += more
        return tallies

    def sum_gradients(self, machines: Machines, rows: LabelledRows, order: Int32s) -> tuple[Gradients, Float64s]:
        """Return the gradient of one mini-batch, the rows `order` (n,), and the tallies (M, 7)."""
        layout = machines.layout
        features, X, transposed = compact_and_transpose(take_rows(rows.X, order))
        table = machines.weights[features]
        sums, z = score_rows(machines, X, table, machines.bias[WEIGHTS])
        weights = np.ones(len(order), np.float32) if rows.weights is None else rows.weights[order]
        slopes = take_slopes(machines, z, rows.y[order]) * weights[:, None]
        tallies = tally_rows(machines, z[:, : machines.count], rows.y[order], weights)
        by_column = spread_columns(machines, slopes)
        linear = layout.linear_columns
        sums[:, linear:] *= by_column[:, linear:]
        sums[:, :linear] = slopes
        gradient = multiply(transposed, sums)
        own = multiply(transposed._replace(data=transposed.data**2), by_column[:, linear:])
        gradient[:, linear:] -= own * table[:, linear:]
        occurrences = np.diff(transposed.indptr).astype(np.float32)
        return Gradients(features.astype(np.int32), occurrences, gradient, slopes.sum(axis=0)), tallies

    def update(self, machines: Machines, gradients: Gradients, rows: float) -> None:
        """Make a step of Adam from the summed gradients of so many rows."""
        at = gradients.features
        take_means(machines, at)
        machines.touched_at[at] = machines.epoch_updates
        machines.updates += 1
        machines.epoch_updates += 1
        decays = machines.decays + machines.shrinkage * (gradients.occurrences / np.float32(rows))[:, None]
        tables = (machines.weights[at], machines.first[at], machines.second[at])
        step(machines, (gradients.sums, decays, machines.rates), tables, rows)
        machines.weights[at], machines.first[at], machines.second[at] = tables
        moved = (machines.bias[WEIGHTS], machines.bias[FIRST], machines.bias[SECOND])
        step(machines, (gradients.bias, machines.bias_decays, machines.bias_rates), moved, rows)
        machines.bias[MEANS] += (machines.bias[WEIGHTS] - machines.bias[MEANS]) / np.float32(machines.epoch_updates)
        if machines.epoch_updates == MOST_COUNTED:
            self.halve_updates(machines)

    def halve_updates(self, machines: Machines) -> None:
        """Let the updates of an epoch so far count half."""
        take_means(machines, np.arange(machines.task.features))
        machines.epoch_updates //= 2
        machines.touched_at[:] = machines.epoch_updates

    def average(self, machines: Machines) -> None:
        """Complete the means over an epoch; they are the weights to evaluate."""
        take_means(machines, np.arange(machines.task.features))
        known = np.where(machines.second != 0, machines.means, np.float32(0))  # the others are as they were drawn
        machines.means[:] = np.where(machines.averaged != 0, known, machines.weights)
        machines.touched_at[:] = 0
        of_biases = machines.bias[MEANS]
        machines.bias[MEANS] = np.where(machines.bias_averaged != 0, of_biases, machines.bias[WEIGHTS])

    def score(self, machines: Machines, X: Csr) -> Float32s:
        """Return the scores of rows X (n, d) by the weights to evaluate, in the units learned, (M, n)."""
        scores = np.empty((machines.count, X.shape[0]), np.float32)
        for first in range(0, X.shape[0], ROWS_AT_ONCE):
            numbers = np.arange(first, min(first + ROWS_AT_ONCE, X.shape[0]), dtype=np.int32)
            features, part, _ = compact_and_transpose(take_rows(X, numbers))
            z = score_rows(machines, part, machines.means[features], machines.bias[MEANS])[1]
            scores[:, numbers] = z[:, : machines.count].T
        return scores


def take_means(machines: Machines, at: Ints) -> None:
    """Let the means of features (u,) over the updates of an epoch count those since the last one, too."""
    if machines.epoch_updates:
        since = machines.epoch_updates - machines.touched_at[at]
        share = (since / machines.epoch_updates).astype(np.float32)[:, None]
        machines.means[at] += share * (machines.weights[at] - machines.means[at])


def multiply(X: Csr, W: Float32s) -> Float32s:
    """Return X W, (n, K), for X (n, u) of which no column is empty."""
    result = np.zeros((X.shape[0], W.shape[1]), np.float32)
    filled = np.flatnonzero(np.diff(X.indptr))
    if len(filled):
        result[filled] = np.add.reduceat(X.data[:, None] * W[X.indices], X.indptr[filled], axis=0)
    return result


def score_rows(machines: Machines, X: Csr, table: Float32s, bias: Float32s) -> tuple[Float32s, Float32s]:
    """Return sums over features (n, width) and scores (n, linear columns) of rows X (n, u) by a table (u, width)."""
    layout = machines.layout
    linear = layout.linear_columns
    sums = multiply(X, table)
    squares = multiply(X._replace(data=X.data**2), table[:, linear:] ** 2)
    pairs = (sums[:, linear:] ** 2 - squares) / 2
    z = bias + sums[:, :linear]
    for place, columns in enumerate(layout.factors):
        z[:, place] += pairs[:, columns.start - linear : columns.stop - linear].sum(axis=1)
    return sums, z


def take_slopes(machines: Machines, z: Float32s, y: Float32s) -> Float32s:
    """Return the slopes of the losses at scores z (n, linear columns) of rows with labels y (n,)."""
    if not machines.task.is_classifier:
        return np.asarray(z - (y[:, None] - machines.label_means) / machines.label_scales, np.float32)
    sign = np.where(y > 0.5, np.float32(1), np.float32(-1))[:, None]
    margins = sign * z
    tail = np.exp(-np.abs(margins))
    return np.asarray(-sign * np.where(margins < 0, 1, tail) / (1 + tail), np.float32)


def spread_columns(machines: Machines, values: Float32s) -> Float32s:
    """Return the values of machines (n, linear columns) for each of their columns, (n, width)."""
    spread = np.zeros((len(values), machines.layout.width), np.float32)
    for place, columns in enumerate(machines.layout.factors):
        spread[:, columns] = values[:, [place]]
    return spread


def tally_rows(machines: Machines, z: Float32s, y: Float32s, weights: Float32s) -> Float64s:
    """Count rows that scored z (n, M), for what training reports, in the label's own units: (M, 7)."""
    tallies = np.zeros((z.shape[1], TALLIES))
    counted = weights[:, None].astype(np.float64)
    if not machines.task.is_classifier:
        scale, mean = machines.label_scales[: z.shape[1]], machines.label_means[: z.shape[1]]
        error = z.astype(np.float64) * scale + mean - y[:, None]
        tallies[:, LOSS] = tallies[:, SQUARES] = (counted * error**2).sum(axis=0)
        tallies[:, DISTANCES] = (counted * np.abs(error)).sum(axis=0)
        return tallies
    positive, predicted = (y > 0.5)[:, None], z >= 0
    tallies[:, LOSS] = (counted * row_losses(z.T, y).T).sum(axis=0)
    for tally, case in {
        TRUE_POSITIVES: positive & predicted,
        FALSE_POSITIVES: ~positive & predicted,
        FALSE_NEGATIVES: positive & ~predicted,
        TRUE_NEGATIVES: ~positive & ~predicted,
    }.items():
        tallies[:, tally] = (counted * case).sum(axis=0)
    return tallies


def step(
    machines: Machines,
    rules: tuple[Float32s, Float32s, Float32s],
    tables: tuple[Float32s, Float32s, Float32s],
    rows: float,
) -> None:
    """Step numbers by Adam: `rules` are gradient, decay and rate of each, `tables` the numbers and their moments."""
    gradient, decay, rate = rules
    w, first, second = tables
    given = machines.rules
    share = np.float32(1 / rows if given.rescale is None else given.rescale)
    slope = np.clip(gradient * share, np.float32(-given.clip), np.float32(given.clip)) + decay * w
    first[...] = BETA_1 * first + (1 - BETA_1) * slope
    second[...] = BETA_2 * second + (1 - BETA_2) * slope**2
    number = machines.updates
    correction = np.float32(np.sqrt(1 - BETA_2**number) / (1 - BETA_1**number))
    w -= rate * correction * first / (np.sqrt(second) + np.float32(given.epsilon))
