"""Solve convex problems pass by pass over the rows: sums of all hosts, then a step of each problem."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from linear_learner.options.solved import remembered_steps
from linear_learner.solving.curvature import LEAST_CURVATURE, OwnVariances, Spread
from linear_learner.solving.descent import Descent
from linear_learner.solving.problems import Problems
from linear_learner.solving.rounding import LEAST_WIDTH, choose_widths
from linear_learner.solving.sums import PROBABILITY_LOSSES, RowSums, Sums
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float64s, Floats, Int64s, Numbers

LEAVING_SHARE = 0.3  # of the problems, that must be solved before the others go on without them


class Solver:
    """P problems of K outputs each on their way to their optimum, one pass over the rows at a time.

    `points` (P, K, d + 1) are where they have come to; kinks of the loss are rounded over `widths` (P,). The rows of
    all hosts are counted.
    """

    def __init__(
        self,
        problems: Problems,
        start: Floats,
        spread: Spread | OwnVariances,
        *,
        tolerance: float,
        is_sparse: bool,
        processors: int = 1,
        hosts: Hosts = SINGLE_HOST,
    ) -> None:
        """Set the problems up at `start` (P, K, d + 1).

        One is solved once no more than a `tolerance` of its objective is left to gain.
        """
        self.problems, self.points, self.spread = problems, start.astype(np.float64), spread
        self.is_sparse, self.processors, self.hosts = is_sparse, processors, hosts
        self.active = np.arange(len(problems))
        self.passes = 0
        self.widths = np.full(len(problems), LEAST_WIDTH)
        self.objectives = np.full(len(problems), np.inf)
        width = start.shape[2]
        l1 = np.broadcast_to(problems.l1_strengths(width), start.shape).reshape(len(problems), -1)
        memory = remembered_steps(start.size)
        self.descent = Descent(self.points.reshape(l1.shape).copy(), l1.copy(), memory, tolerance)
        self.sums = self.prepare_sums()

    def prepare_sums(self) -> RowSums:
        """Return the sums of the problems that are not solved yet."""
        return RowSums(
            self.problems.select(self.active),
            *self.points.shape[1:],
            is_sparse=self.is_sparse,
            processors=self.processors,
        )

    @property
    def is_done(self) -> bool:
        """Whether all problems are solved."""
        return bool(self.descent.is_done.all())

    @property
    def has_left_start(self) -> bool:
        """Whether passes have done more than measure the start: once, or twice where kinks are rounded."""
        return self.passes > (1 if self.problems.objective.loss.is_smooth else 2)

    def run_pass(
        self, pieces: Iterable[tuple[AnyRows, Int64s | None]], raise_if_stopped: StopCheck = never_stop
    ) -> None:
        """Evaluate the problems on this host's rows, given in pieces with their folds, and take a step.

        `raise_if_stopped` is called between blocks of rows and may raise; the problems then stand where they stood.
        """
        trial = self.descent.trial.reshape(len(self.active), *self.points.shape[1:])
        found, rows = self.add_pieces(pieces, trial, raise_if_stopped)
        problems = self.sums.problems
        penalty, pull = problems.penalise(trial)
        gradients = found.gradients / rows + pull
        if not problems.objective.use_bias:
            gradients[..., -1] = 0
        is_probable = problems.objective.loss.name in PROBABILITY_LOSSES
        curvatures = np.maximum(found.curvatures / rows, LEAST_CURVATURE if is_probable else np.finfo(np.float32).tiny)

        def scale(vectors: Float64s) -> Float64s:
            scaled = self.spread.scale_gradients(vectors.reshape(trial.shape), curvatures, problems)
            if not problems.objective.use_bias:
                scaled[..., -1] = 0
            return scaled.reshape(vectors.shape)

        descent = self.descent
        descent.take_step(found.losses / rows + penalty, gradients.reshape(len(trial), -1), scale)
        # Processors of different kinds round differently: what host 0 decides holds for all.
        descent.trial, descent.is_done = (
            self.hosts.broadcast(descent.trial),
            self.hosts.broadcast(descent.is_done.astype(np.float64)) > 0,
        )
        self.passes += 1
        self.points[self.active] = self.descent.point.reshape(trial.shape)
        self.objectives[self.active] = self.descent.value
        if not problems.objective.loss.is_smooth:
            self.narrow_kinks()
        self.leave_solved()

    def narrow_kinks(self) -> None:
        """Round kinks over other widths, where problems are close to their optimum with those that they have."""
        before, degree = self.widths[self.active], self.problems.objective.loss.degree
        now = choose_widths(before, self.descent, degree, is_start=self.passes == 1)
        self.widths[self.active] = self.hosts.broadcast(now)
        self.descent.restart(self.widths[self.active] != before)

    def add_pieces(
        self, pieces: Iterable[tuple[AnyRows, Int64s | None]], trial: Float64s, raise_if_stopped: StopCheck
    ) -> tuple[Sums, float]:
        """Return the sums over all hosts' rows, and how many these are."""
        widths = None if self.problems.objective.loss.is_smooth else self.widths[self.active]
        total = Sums(np.zeros(len(trial)), np.zeros(trial.shape), np.zeros(trial.shape[:2]))
        count = 0
        with self.hosts.stopping_together():
            for rows, folds in pieces:
                found = self.sums.sum_rows(rows, folds, trial, raise_if_stopped, widths=widths)
                for part, more in zip(total, found, strict=True):
                    part += more
                count += len(rows)
                del rows
        flat = self.hosts.all_reduce(np.concatenate([*(part.ravel() for part in total), [count]]))
        flat = self.hosts.broadcast(flat)
        losses, gradients, curvatures = np.split(flat[:-1], np.cumsum([part.size for part in total])[:-1])
        return Sums(losses, gradients.reshape(trial.shape), curvatures.reshape(trial.shape[:2])), float(flat[-1])

    def leave_solved(self) -> None:
        """Go on without the solved problems once they are many enough."""
        left = np.flatnonzero(~self.descent.is_done)
        if len(left) and len(left) <= (1 - LEAVING_SHARE) * len(self.active):
            self.keep_problems(left)

    def keep_problems(self, chosen: Int64s) -> None:
        """Go on with those of the active problems at these places only."""
        self.descent, self.active = self.descent.select(chosen), self.active[chosen]
        self.sums = self.prepare_sums()

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and array of the state that solving resumes from."""
        yield "passes", np.array(self.passes)
        yield "active", self.active
        yield "points", self.points
        yield "objectives", self.objectives
        yield "widths", self.widths
        for name, array in vars(self.descent).items():
            if isinstance(array, np.ndarray):
                yield f"descent.{name}", array

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of a solver of the same problems; its names in `state` start with `prefix`."""
        self.passes = int(state[f"{prefix}passes"])
        for name in ("points", "objectives", "widths"):
            setattr(self, name, state[prefix + name].astype(np.float64))
        self.keep_problems(state[f"{prefix}active"].astype(np.int64))
        for name in [name for name, array in vars(self.descent).items() if isinstance(array, np.ndarray)]:
            setattr(self.descent, name, state[f"{prefix}descent.{name}"])
