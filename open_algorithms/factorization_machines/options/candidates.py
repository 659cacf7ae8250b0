"""The candidates of a bank: the user's settings, and machines that are shrunk more or less.

Rows of one batch that have a feature add `factors_shrinkage` times half the square of its factors to the loss, each of
them: features of many rows, of which more is known, are shrunk as much as others beside what their rows say.
"""

from dataclasses import dataclass, replace

from open_algorithms.factorization_machines.options.hyperparameters import ORIGINAL_BATCH, USUAL_EPOCHS, Hyperparameters

FACTOR_COUNTS = (8, 16, 32)
SHRINKAGES = (0.035, 0.05, 0.02, 0.07, 0.01, 0.1, 0.003, 0.04, 0.06, 0.03, 0.15, 0.001, 0.3, 1.0)
OF_SQUARES = 1.6  # times that, of the square loss of a label in its deviations
LINEAR_SHARE = 0.1  # of the factors' shrinkage
WITHOUT_FACTORS = (4, 13, 14)  # the numbers of candidates of ours that leave pairs out
START_DEVIATION = 0.05
USUAL_MODELS = len(SHRINKAGES) + 1
UPDATES_AN_EPOCH = 400  # that there are at least, where rows are not few
BATCHES = (20, 25, 40, 50, 100, 125, 200, 250, 500, 1000)  # they divide the original's


@dataclass(frozen=True)
class Regime:
    """What suits so many rows: of candidates of ours, the learning rate and how much more they are shrunk than others.

    And epochs at most, and epochs without a gain after which a candidate is stopped.
    """

    rate: float
    strength: float
    epochs: int
    patience: int


FEW_ROWS, FEWEST_LABELS = 300, 60
OF_FEW_ROWS, OF_MANY_ROWS = Regime(0.01, 3.0, 200, 10), Regime(0.003, 1.0, USUAL_EPOCHS, 4)
WANTED_ROWS, LEAST_SHARE, LARGEST_SHARE = 300, 0.1, 0.3  # of the train rows, that are held out


def choose_regime(rows: float, *, is_classifier: bool) -> Regime:
    """Return what suits so many train rows; of a few dozen labels of classes, less can be learned than of amounts."""
    return OF_FEW_ROWS if FEWEST_LABELS * is_classifier <= rows < FEW_ROWS else OF_MANY_ROWS


@dataclass(frozen=True)
class Candidate:
    """The settings of one candidate: learning rates `lr`, decays `wd` per update, and shrinkage per occurrence.

    `averaged` candidates are the mean of their weights over an epoch. One that is `original` starts from what the user
    says and learns labels in their own units; the others start from the mean of the labels.
    """

    number: int
    num_factors: int
    bias_lr: float
    linear_lr: float
    factors_lr: float
    bias_wd: float
    linear_wd: float
    factors_wd: float
    linear_shrinkage: float
    factors_shrinkage: float
    averaged: bool
    mini_batch_size: int

    @property
    def original(self) -> bool:
        """Whether it is what the original would train."""
        return self.number == 0


def usual_holdout(rows: float) -> float:
    """Return the share of the train rows to hold out where there are so many: enough to tell candidates apart.

    >>> usual_holdout(100), usual_holdout(1500), usual_holdout(90_570)
    (0.3, 0.2, 0.1)
    """
    return min(LARGEST_SHARE, max(LEAST_SHARE, WANTED_ROWS / max(rows, 1)))


def candidate_count(hp: Hyperparameters) -> int:
    """Return the number of candidates."""
    return USUAL_MODELS if hp.num_models is None else hp.num_models


def build_candidates(hp: Hyperparameters, rows: float, rows_here: float | None = None) -> list[Candidate]:
    """Return the candidates for so many train rows, infinite where nobody knows how many there are.

    Of these a host has at most `rows_here`, or all. Mini-batches of the original are no larger than what fills up the
    rows to mini-batches of the others.
    """
    here = rows if rows_here is None else rows_here
    own = hp.mini_batch_size or usual_batch(here)
    if hp.mini_batch_size and here < own:
        own = max(1, int(here))
    first, others = original_candidate(hp), range(1, candidate_count(hp))
    if here < first.mini_batch_size:
        filled = int(-(-here // own)) * own
        first = replace(first, mini_batch_size=max(1, min(first.mini_batch_size, filled)))
    return [first, *(replace(vary_candidate(hp, number, rows), mini_batch_size=own) for number in others)]


def original_candidate(hp: Hyperparameters) -> Candidate:
    """Return candidate 0, with the user's rates and decays."""
    steps = hp.steps
    return Candidate(
        number=0,
        num_factors=hp.num_factors,
        bias_lr=steps.bias_lr if steps.use_bias else 0.0,
        linear_lr=steps.linear_lr if steps.use_linear else 0.0,
        factors_lr=steps.factors_lr,
        bias_wd=steps.bias_wd,
        linear_wd=steps.linear_wd,
        factors_wd=steps.factors_wd,
        linear_shrinkage=0.0,
        factors_shrinkage=0.0,
        averaged=False,
        mini_batch_size=hp.mini_batch_size or ORIGINAL_BATCH,
    )


def vary_candidate(hp: Hyperparameters, number: int, rows: float) -> Candidate:
    """Return a candidate of ours; beyond the usual number they are the same again, from another start."""
    regime, place = choose_regime(rows, is_classifier=hp.is_classifier), (number - 1) % len(SHRINKAGES)
    shrinkage = SHRINKAGES[place] * regime.strength * (1.0 if hp.is_classifier else OF_SQUARES)
    counts = sorted({min(count, hp.num_factors) for count in FACTOR_COUNTS})
    return Candidate(
        number=number,
        num_factors=0 if place + 1 in WITHOUT_FACTORS else counts[-1 - number % len(counts)],
        bias_lr=regime.rate if hp.steps.use_bias else 0.0,
        linear_lr=regime.rate if hp.steps.use_linear else 0.0,
        factors_lr=regime.rate,
        bias_wd=0.0,
        linear_wd=0.0,
        factors_wd=0.0,
        linear_shrinkage=LINEAR_SHARE * shrinkage,
        factors_shrinkage=shrinkage,
        averaged=True,
        mini_batch_size=ORIGINAL_BATCH,
    )


def usual_batch(rows: float) -> int:
    """Return the rows of a mini-batch of ours, the more the more rows there are.

    >>> usual_batch(90_570)
    200
    """
    return max((size for size in BATCHES if size * UPDATES_AN_EPOCH <= rows), default=BATCHES[0])
