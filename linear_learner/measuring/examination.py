"""Examine finalists on the rows that decide: the loss and the score of each, and how sure they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from linear_learner.bank.margins import row_losses
from linear_learner.measuring.standings import Standings, gather_first_rows
from linear_learner.objective.objective import Objective
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.measuring import thresholds
from open_algorithms.learning.types.arrays import Bools, Float32s, Float64s, Floats

CELLS = 4096  # that rows are dealt to in turn, and that are drawn instead of rows
DRAWS = 200  # of the cells, with replacement
NOISE = 3.0  # standard errors from the best, within which a candidate may be as good


class ScoredBlock(NamedTuple):
    """Rows with the margins of F finalists, (n, F, K), standardised labels, (n,), and weights, (n,), if any."""

    margins: Float32s
    labels: Float32s
    weights: Float32s | None

    def head(self, rows: int) -> "ScoredBlock":
        """Return a copy of the first rows."""
        weights = None if self.weights is None else self.weights[:rows].copy()
        return ScoredBlock(self.margins[:rows].copy(), self.labels[:rows].copy(), weights)


@dataclass(frozen=True)
class Examination:
    """The standings of F finalists, with how sure they are.

    `errors` (F,) are the standard errors of each one's distance in value from the best, and `win_shares` (F,) how often
    each is the best, over random draws of the rows; of equal ones, that of the lower loss.
    """

    standings: Standings
    errors: Float64s
    win_shares: Float64s

    @property
    def best(self) -> int | None:
        """The finalist with the best value; None where all have diverged."""
        standings = self.standings
        return thresholds.best_candidate(standings.values, standings.losses, maximise=standings.maximise)

    def choose(self, steady: Bools) -> int | None:
        """Return the finalist to take, on rows that no finalist was trained on; None where all have diverged.

        Finalists whose values are within NOISE standard errors of the best are equal as far as these rows can tell. Of
        them the `steady` ones (F,) come first, if there are any, and then the lowest loss.
        """
        values, losses, best = self.standings.values, self.standings.losses, self.best
        if best is None:
            return None
        near = np.isfinite(losses) & np.isfinite(values) & (np.abs(values - values[best]) <= NOISE * self.errors)
        near[best] = True
        near = near & steady if (near & steady).any() else near
        return int(np.flatnonzero(near)[losses[near].argmin()])


class Cells:
    """Sums over rows that are dealt to cells in turn, (CELLS, columns)."""

    def __init__(self, columns: int) -> None:
        self.sums, self.rows = np.zeros((CELLS, columns)), 0

    def add(self, values: Floats) -> None:
        """Add rows (n, columns)."""
        for first in range(0, len(values), CELLS):
            part = values[first : first + CELLS]
            start = self.rows % CELLS
            head = part[: CELLS - start]
            self.sums[start : start + len(head)] += head
            self.sums[: len(part) - len(head)] += part[len(head) :]
            self.rows += len(part)


@dataclass(frozen=True)
class Question:
    """What finalists are examined by: a criterion of thresholds, or where there is none, the loss.

    `measure` is what the criterion measures, whether its target is reached or not. Thresholds are calibrated on the
    first `calibration_rows` rows. `label_unit` is what a loss of standardised labels is worth in the labels' own units.
    """

    objective: Objective
    criterion: thresholds.Criterion | None
    measure: thresholds.Measure | None
    calibration_rows: int
    label_unit: float = 1.0


def examine(blocks: Iterable[ScoredBlock], models: int, question: Question, hosts: Hosts) -> Examination:
    """Examine F finalists, so many `models`, on all hosts' rows."""
    cells, kept, rows = Cells(models + 1), [empty_block(models)], 0
    with hosts.stopping_together():
        for block in blocks:
            cells.add(np.column_stack([weighted_losses(block, question.objective), np.ones(len(block.labels))]))
            if question.criterion is not None and rows < question.calibration_rows:
                kept.append(block.head(question.calibration_rows - rows))
            rows += len(block.labels)
    sums = hosts.broadcast(hosts.all_reduce(cells.sums))
    losses = question.label_unit * sums[:, :-1].sum(axis=0) / sums[:, -1].sum()
    if question.criterion is None or question.measure is None:
        drawn = draw_sums(sums)
        return summarise(Standings(losses, losses, maximise=False), question.label_unit * drawn[:, :-1] / drawn[:, -1:])
    values, draws = examine_cuts(join_blocks(kept, question.calibration_rows, hosts), losses, question)
    return summarise(Standings(hosts.broadcast(values), losses, maximise=True), hosts.broadcast(draws))


def mean_losses(blocks: Iterable[ScoredBlock], models: int, objective: Objective, hosts: Hosts) -> Floats:
    """Return the mean reported loss of each model over all hosts' rows, (P,)."""
    total = np.zeros(models + 1)
    with hosts.stopping_together():
        for block in blocks:
            total[:-1] += weighted_losses(block, objective).sum(axis=0, dtype=np.float64)
            total[-1] += len(block.labels)
    total = hosts.broadcast(hosts.all_reduce(total))
    return np.asarray(total[:-1] / total[-1])


def weighted_losses(block: ScoredBlock, objective: Objective) -> Floats:
    """Return the reported loss of each row, times its weight, for each finalist, (n, F)."""
    losses = row_losses(objective, block.margins, block.labels)
    with np.errstate(over="ignore", invalid="ignore"):  # of what has diverged
        if objective.reported_weights is not None:
            losses = losses * objective.reported_weights[block.labels.astype(np.int64)][:, None]
        return losses if block.weights is None else losses * block.weights[:, None]


def empty_block(models: int) -> ScoredBlock:
    """Return a block without rows."""
    return ScoredBlock(np.zeros((0, models, 1), np.float32), np.zeros(0, np.float32), None)


def join_blocks(blocks: list[ScoredBlock], row_limit: int, hosts: Hosts) -> ScoredBlock:
    """Join the blocks of all hosts, at most `row_limit` rows; weights, which only a single host has, follow."""
    margins = gather_first_rows(np.concatenate([block.margins[:, :, 0] for block in blocks]), row_limit, hosts)
    labels = gather_first_rows(np.concatenate([block.labels for block in blocks]), row_limit, hosts)
    weights = [block.weights for block in blocks if block.weights is not None]
    return ScoredBlock(margins[:, :, None], labels, np.concatenate(weights) if weights else None)


def examine_cuts(rows: ScoredBlock, losses: Floats, question: Question) -> tuple[Float64s, Float64s]:
    """Return the value of each finalist at its best threshold, (F,), and the values in random draws, (DRAWS, F).

    A finalist whose loss is not finite has none.
    """
    assert question.criterion is not None
    assert question.measure is not None
    models, positive = len(losses), rows.labels > 0
    counts = np.ones(len(positive)) if rows.weights is None else rows.weights.astype(np.float64)
    values, cells = np.full(models, np.nan), Cells(2 * models + 2)
    flagged = np.zeros((len(positive), models), np.bool_)
    for m in np.flatnonzero(np.isfinite(losses)):
        score = rows.margins[:, m, 0]
        found = thresholds.calibrate_threshold(score, rows.labels, question.criterion, rows.weights)
        values[m], flagged[:, m] = found.value, score >= np.float32(found.threshold)
    for first in range(0, len(positive), CELLS):
        part = slice(first, first + CELLS)
        flags, right = flagged[part] * counts[part, None], positive[part, None]
        cells.add(np.column_stack([flags, flags * right, counts[part], counts[part, None] * right]))
    drawn = draw_sums(cells.sums)
    draws = np.empty((len(drawn), models))
    for draw, sums in zip(draws, drawn, strict=True):
        flags, right, all_rows, all_right = np.split(sums, [models, 2 * models, 2 * models + 1])
        cuts = thresholds.Cuts(np.zeros(0), np.append(flags, all_rows), np.append(right, all_right))
        with np.errstate(invalid="ignore"):  # of rows without weight there is nothing to measure
            draw[:] = question.measure(cuts)[:-1]
    if (values >= 0).any():
        draws[:, values < 0] = -np.inf  # they miss a target that others reach
    return values, draws


def draw_sums(cells: Float64s) -> Float64s:
    """Return the sums of cells (CELLS, q) that are drawn at random, as often as chance has it, (DRAWS, q)."""
    filled = cells[cells.any(axis=1)]
    if not len(filled):
        return np.zeros((DRAWS, cells.shape[1]))
    count, finite = len(filled), np.isfinite(filled).all(axis=0)
    times = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), DRAWS)
    drawn = np.full((DRAWS, cells.shape[1]), np.inf)
    drawn[:, finite] = times @ filled[:, finite]
    return drawn


def summarise(standings: Standings, draws: Float64s) -> Examination:
    """Return the examination of finalists with these values in random draws, (DRAWS, F)."""
    sign = 1 if standings.maximise else -1
    known = np.isfinite(standings.values) & np.isfinite(standings.losses)
    models = len(known)
    if not known.any():
        return Examination(standings, np.zeros(models), np.zeros(models))
    ranked = np.where(known & np.isfinite(draws), sign * draws, -np.inf)
    best = int(np.where(known, sign * standings.values, -np.inf).argmax())
    gaps = np.where(known, ranked[:, [best]] - ranked, 0.0)
    errors = np.where(np.isfinite(gaps).all(axis=0), np.nan_to_num(gaps, posinf=0, neginf=0).std(axis=0), 0.0)
    by_loss = np.argsort(np.where(known, standings.losses, np.inf), kind="stable")
    wins = np.bincount(by_loss[ranked[:, by_loss].argmax(axis=1)], minlength=models) / len(draws)
    return Examination(standings, errors, wins)
