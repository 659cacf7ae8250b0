"""The candidates of a bank: the user's settings and variations of them."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from linear_learner.options.hyperparameters import SOLVED, Hyperparameters
from open_algorithms.learning.types.arrays import Float64s, Int64s

DEFAULT_MODELS = 32
USUAL_BATCH = 1000
FEW_BATCHES = 20
SLICES_PER_BATCH = 24
SMALLEST_SLICE = 16
SGD_MOMENTUM = 0.9
ADAPTIVE_RATES = (1.0, 4.0, 20.0, 60.0)
SGD_RATES = {
    "regressor": (2.0, 6.0, 20.0, 60.0),
    "binary_classifier": (6.0, 20.0, 60.0, 200.0),
    "multiclass_classifier": (6.0, 20.0, 200.0, 600.0),
}
WEIGHT_DECAYS = (1.0, 10.0, 100.0)
WIDE_WEIGHT_DECAYS = (0.01, 1.0, 10.0)
CAUTIOUS_WEIGHT_DECAYS = (10.0, 30.0, 100.0)
L1_SGD_RATES = (6.0, 60.0)
L1_ADAPTIVE_RATES = (4.0, 20.0)
L1_STRENGTH = 0.001  # l1 / mini_batch_size


@dataclass(frozen=True)
class Candidate:
    """The settings of one candidate."""

    optimizer: str = "adam"
    learning_rate: float = 0.005
    wd: float = 1e-4
    l1: float = 0.0
    lr_scheduler_step: int = 10
    lr_scheduler_factor: float = 0.99
    lr_scheduler_minimum_lr: float = 1e-5
    use_lr_scheduler: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    momentum: float = 0.0
    bias_lr_mult: float = 10.0
    bias_wd_mult: float = 0.0
    average: bool = False
    slices: int = 1

    def learning_rate_at(self, t: Int64s) -> Float64s:
        """Return the learning rate at updates t = 1, 2, ... (MXNet's FactorScheduler, never above learning_rate)."""
        return self.decayed_learning_rate(scheduler_decay(self.lr_scheduler_step, self.lr_scheduler_factor, t))

    def decayed_learning_rate(self, decay: Float64s) -> Float64s:
        """Return the learning rates for these decay factors, never below the scheduler's minimum."""
        if not self.use_lr_scheduler:
            return np.full(len(decay), self.learning_rate)
        floor = min(self.lr_scheduler_minimum_lr, self.learning_rate)
        return np.maximum(self.learning_rate * decay, floor)

    def logged_settings(self) -> dict[str, object]:
        """Return the settings in the order of the original's best-model log line."""
        if self.optimizer == SOLVED:
            return {"optimizer": self.optimizer, "wd": self.wd, "l1": self.l1}
        names = [
            "optimizer",
            "learning_rate",
            "wd",
            "l1",
            "lr_scheduler_step",
            "lr_scheduler_factor",
            "lr_scheduler_minimum_lr",
        ]
        values = asdict(self)
        names += [name for name in ("momentum", "average", "slices") if values[name] != getattr(Candidate, name)]
        return {name: values[name] for name in names}


def scheduler_decay(step: int, factor: float, t: Int64s) -> Float64s:
    """Return the scheduler's factors at updates t = 1, 2, ...: `factor` is applied once every `step` updates."""
    return np.asarray(factor ** ((t - 1) // step))


def build_candidates(hp: Hyperparameters, *, rows: float, has_validation: bool) -> list[Candidate]:
    """Return the candidates: number 0 is what the user asked for, the others vary it and average their weights.

    A number that the user gave is the centre of the variations; any other setting applies to all of them. Without a
    validation channel a classifier's candidates are compared on their training rows, where the least regularised always
    looks best; so the others have at least ten times the weight decay of candidate 0. If the training `rows` make only
    a few mini-batches, every second candidate divides them into slices and updates after each.
    """
    first = base_candidate(hp)
    cautious = not has_validation and hp.predictor_type != "regressor"
    fixed = hp.candidate.optimizer
    steady, lively = (fixed, fixed) if fixed else ("adam", "sgd")
    settings = [
        first,
        *cross_rates_with_decays(first, steady, hp, 1.0, CAUTIOUS_WEIGHT_DECAYS if cautious else WEIGHT_DECAYS),
        *cross_rates_with_decays(
            first,
            lively,
            hp,
            2.0 if lively == steady else 1.0,
            CAUTIOUS_WEIGHT_DECAYS if cautious else WIDE_WEIGHT_DECAYS,
        ),
        *cross_rates_with_l1(first, lively, hp, cautious),
    ]
    if rows <= FEW_BATCHES * hp.batch.everywhere and hp.batch.everywhere >= SLICES_PER_BATCH * SMALLEST_SLICE:
        settings[2::2] = [slice_candidate(candidate, hp) for candidate in settings[2::2]]
    models = candidate_count(hp)
    return [*settings, *draw_candidates(settings, models - len(settings))][:models]


def candidate_count(hp: Hyperparameters) -> int:
    """Return the number of candidates: always 1 within a tuning job."""
    return 1 if hp.tuning else hp.num_models or DEFAULT_MODELS


def base_candidate(hp: Hyperparameters) -> Candidate:
    """Return candidate 0: the numbers that the user gave, and the original's defaults for the rest."""
    given = {name: value for name, value in asdict(hp.candidate).items() if value is not None}
    first = Candidate(**given)
    return first if first.optimizer == "sgd" else replace(first, momentum=0.0)


def cross_rates_with_decays(
    base: Candidate, optimizer: str, hp: Hyperparameters, rate_factor: float, weight_decays: tuple[float, ...]
) -> list[Candidate]:
    """Cross an optimizer's learning rates with weight decays, both multiples of candidate 0's."""
    return [
        vary_candidate(base, optimizer, hp, rate_factor * rate, wd=base.wd * decay)
        for rate in rate_multiples(optimizer, hp)
        for decay in weight_decays
    ]


def cross_rates_with_l1(base: Candidate, optimizer: str, hp: Hyperparameters, cautious: bool) -> list[Candidate]:
    """Return candidates that combine two learning rates with several strengths of L1."""
    strength = L1_STRENGTH * hp.batch.everywhere if hp.candidate.l1 is None else hp.candidate.l1
    decay = base.wd * (CAUTIOUS_WEIGHT_DECAYS if cautious else WIDE_WEIGHT_DECAYS)[0]
    slow, fast = L1_SGD_RATES if optimizer == "sgd" else L1_ADAPTIVE_RATES
    return [
        vary_candidate(base, optimizer, hp, rate, wd=decay, l1=strength * multiple)
        for rate, multiple in zip([slow] * 4 + [fast] * 3, (0.3, 1, 3, 10, 0.3, 1, 3), strict=True)
    ]


def vary_candidate(
    base: Candidate, optimizer: str, hp: Hyperparameters, rate: float, wd: float, l1: float | None = None
) -> Candidate:
    """Return candidate 0 with these changes; `rate` is a multiple of its learning rate.

    The learning rate is lowered for mini-batches below the usual size.
    """
    small = relative_batch_size(hp.batch.everywhere)
    shrink = small if optimizer == "sgd" else small**0.5 if rate > 1 else 1.0
    momentum = SGD_MOMENTUM if hp.candidate.momentum is None else hp.candidate.momentum
    return replace(
        base,
        optimizer=optimizer,
        momentum=momentum if optimizer == "sgd" else 0.0,
        learning_rate=base.learning_rate * rate * shrink,
        wd=wd,
        l1=base.l1 if l1 is None else l1,
        average=True,
    )


def slice_candidate(candidate: Candidate, hp: Hyperparameters) -> Candidate:
    """Return the candidate with mini-batches divided into slices and a learning rate to match.

    SGD's learning rate is scaled in proportion to the batch size, that of the others by its square root.
    """
    rows = hp.batch.everywhere
    whole, slice_ = relative_batch_size(rows), relative_batch_size(rows / SLICES_PER_BATCH)
    shrink = slice_ / whole if candidate.optimizer == "sgd" else (slice_ / whole) ** 0.5
    return replace(candidate, slices=SLICES_PER_BATCH, learning_rate=candidate.learning_rate * shrink)


def relative_batch_size(rows: float) -> float:
    """Return the size of a mini-batch relative to the usual size, at most 1."""
    return min(1.0, rows / USUAL_BATCH)


def rate_multiples(optimizer: str, hp: Hyperparameters) -> tuple[float, ...]:
    """Return the multiples of candidate 0's learning rate to try with an optimizer."""
    return SGD_RATES[hp.predictor_type] if optimizer == "sgd" else ADAPTIVE_RATES


def draw_candidates(candidates: list[Candidate], count: int) -> list[Candidate]:
    """Draw further candidates around the existing ones, with a fixed seed."""
    generator = np.random.default_rng(len(candidates))
    return [
        replace(
            near := candidates[1 + i % (len(candidates) - 1)],
            learning_rate=near.learning_rate * float(np.exp(generator.uniform(-1, 1))),
            wd=near.wd * float(np.exp(generator.uniform(-2, 2))),
            l1=near.l1 * float(np.exp(generator.uniform(-1, 1))),
        )
        for i in range(count)
    ]
