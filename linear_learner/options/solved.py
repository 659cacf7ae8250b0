"""The candidates that are solved: the strengths of their penalties, and how far they are solved.

All of it follows from sizes, never from a clock, so that every run of a job decides the same.
"""

import math
from dataclasses import dataclass, replace

from linear_learner.options.candidates import Candidate, base_candidate
from linear_learner.options.hyperparameters import SOLVED, Hyperparameters

L2_EXPONENTS = (-12, -10, -8, -6, *range(-4, 15))  # k of strengths: 2^k / 2 |w|^2 beside the sum of all rows' losses
OWN_EXPONENTS = range(-6, 7)  # of the factors of a wd that the user set
L1_EXPONENTS = range(5)  # of the strengths of L1, each half of the one before
MOST_SOLVED = 1 + len(L2_EXPONENTS) + len(L1_EXPONENTS)  # candidates
COARSE_STEP = 2  # of the exponents, where rows are many
WANTED_PASSES = 300  # at most, where the user wants candidates solved
MOST_PASSES, FEW_PASSES = 100, 24  # at most elsewhere, and where rows are many
FEWEST_PASSES = 3  # even if the user wants fewer: the first two only measure the start, with kinks and rounded
NUMBERS_TO_THE_END = 2**22  # of the features of all rows, times outputs, up to which candidates are solved to the end
MOST_NUMBERS = 2**25  # the same, up to which they are solved unless the user wants it
NUMBERS_OF_FOLDS = 2**27  # the same, times the problems of all folds, up to which folds are affordable
NUMBERS_OF_FINE_FOLDS = 2**25  # the same, up to which they are for the whole path
EXACT = 1e-8  # of the objective, that is left to gain where the user wants candidates solved
CLOSE = 1e-6  # the same, elsewhere
MOST_WEIGHTS = 2**20  # of all problems
FEWEST_STEPS, MOST_STEPS = 4, 20  # that a solver remembers
STATE_NUMBERS = 2**23  # that it may remember them in, unless these are more for the fewest
OTHER_ARRAYS = 10  # of a solver, each as large as the weights of all problems
STREAMED_ROWS = 100_000  # as many as a stream is taken to have, where its end is not known
FEWEST_CANDIDATES = 4  # of a longer path, that are worth it


@dataclass(frozen=True)
class Sizes:
    """The sizes of a job: the rows of all hosts, the numbers that these store, and the features.

    `are_held` says whether every host holds its rows in memory.
    """

    rows: float
    numbers: float
    features: int
    are_held: bool


@dataclass(frozen=True)
class SolvingPlan:
    """The candidates to solve, in so many passes over the rows at most, and in how many folds, 0 for none.

    They are solved once no more than a `tolerance` of the objective is left to gain. Where they are not solved
    `to_the_end`, what they have come to is looked at on the way. If it `is_quick`, no checkpoints are written then.
    """

    candidates: tuple[Candidate, ...] = ()
    passes: int = 0
    tolerance: float = EXACT
    to_the_end: bool = True
    is_quick: bool = False
    folds: int = 0


def plan_solving(hp: Hyperparameters, sizes: Sizes, *, has_validation: bool) -> SolvingPlan:
    """Return which candidates are solved.

    They are none where the user chose how many candidates train, or another optimizer. Without validation rows
    candidates are told apart in folds, if there are to be any, and otherwise solved only if the user asks for it.
    """
    size, is_wanted = sizes.numbers * hp.outputs, hp.candidate.optimizer == SOLVED
    is_small = size <= NUMBERS_TO_THE_END and sizes.are_held
    passes, tolerance = (WANTED_PASSES, EXACT) if is_wanted else (MOST_PASSES, CLOSE)
    passes = max(FEWEST_PASSES, hp.schedule.epochs) if hp.schedule.are_epochs_set else passes
    fine, coarse = (build_path(hp, sizes, step) for step in (1, COARSE_STEP))
    folds = 0 if has_validation or not may_solve(hp) else hp.selection.folds
    if folds:
        is_fine = size * len(fine) * (folds + 1) <= NUMBERS_OF_FINE_FOLDS
        some = thin_path(fine if is_fine else coarse, hp, sizes, folds)
        return SolvingPlan(some, passes, tolerance, is_quick=is_fine, folds=folds)
    path = fine if is_small else coarse
    if is_wanted:
        some = path[: 1 if hp.tuning else hp.num_models] if hp.tuning or hp.num_models else thin_path(path, hp, sizes)
        return SolvingPlan(some, passes, tolerance)
    if not (has_validation and sizes.are_held and may_solve(hp) and size <= MOST_NUMBERS):
        return SolvingPlan()
    some = thin_path(path, hp, sizes)
    if len(some) < min(FEWEST_CANDIDATES, len(path)):
        return SolvingPlan()
    if is_small:
        return SolvingPlan(some, passes, tolerance, is_quick=True)
    return SolvingPlan(some, min(passes, FEW_PASSES), tolerance, to_the_end=False)


def thin_path(path: tuple[Candidate, ...], hp: Hyperparameters, sizes: Sizes, folds: int = 0) -> tuple[Candidate, ...]:
    """Return every k-th candidate of a path, so that the problems have no more than MOST_WEIGHTS weights in all."""
    weights = len(path) * (folds + 1) * hp.outputs * (sizes.features + 1)
    return path[:: max(1, -(-weights // MOST_WEIGHTS))]


def remembered_steps(weights: int) -> int:
    """Return how many steps a solver remembers of problems with so many weights in all."""
    return min(MOST_STEPS, max(FEWEST_STEPS, STATE_NUMBERS // (2 * weights)))


def solver_bytes(hp: Hyperparameters, features: int) -> int:
    """Return the bytes that a solver may take for this many features."""
    if not (may_solve(hp) or hp.candidate.optimizer == SOLVED):
        return 0
    of_one = hp.outputs * (features + 1)
    weights = max(of_one * (hp.selection.folds + 1), min(MOST_WEIGHTS, MOST_SOLVED * (hp.selection.folds + 1) * of_one))
    return 8 * weights * (2 * remembered_steps(weights) + OTHER_ARRAYS)


def may_solve(hp: Hyperparameters) -> bool:
    """Return whether candidates may be solved: where the user leaves optimizer and their number."""
    return hp.candidate.optimizer in (None, SOLVED) and not hp.tuning and hp.num_models is None


def are_folds_affordable(hp: Hyperparameters, sizes: Sizes) -> bool:
    """Return whether candidates can be solved in all folds within a few seconds and in little memory."""
    if not (sizes.are_held and may_solve(hp)):
        return False
    problems = len(build_path(hp, sizes, COARSE_STEP)) * (hp.selection.folds + 1)
    size, weights = (problems * hp.outputs * count for count in (sizes.numbers, sizes.features + 1))
    return size <= NUMBERS_OF_FOLDS and weights <= MOST_WEIGHTS


def build_path(hp: Hyperparameters, sizes: Sizes, step: int) -> tuple[Candidate, ...]:
    """Return candidates along a path of L2, from weak to strong, then along one of L1, every `step`-th of each.

    A wd or l1 that the user set is the centre of the path; where the optimizer was chosen, it is the first candidate.
    The strongest L1 is what the largest of so many correlations with noise reaches.
    """
    first = replace(base_candidate(hp), optimizer=SOLVED, momentum=0.0)
    rows = sizes.rows if sizes.are_held else STREAMED_ROWS
    if hp.candidate.wd is None:
        decays = [2.0**k / rows for k in L2_EXPONENTS[::step]]
    else:
        decays = sorted({hp.candidate.wd * 2.0**k for k in OWN_EXPONENTS[::step]})
    noise = math.sqrt(2 * math.log(sizes.features + 1) / rows) * hp.batch.everywhere
    strongest = noise if hp.candidate.l1 is None else 4 * hp.candidate.l1
    strengths = sorted({strongest / 2**k for k in L1_EXPONENTS[::step]} - {first.l1})
    path = [replace(first, wd=wd) for wd in decays]
    path += [replace(first, wd=hp.candidate.wd or 0.0, l1=l1) for l1 in strengths]
    if hp.candidate.optimizer == SOLVED:
        path = [first, *(candidate for candidate in path if candidate != first)]
    return tuple(path)
