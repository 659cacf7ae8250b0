"""Random problems, and the bank as a job trains it on them."""

import os
from collections.abc import Callable

import numpy as np

from linear_learner.bank.sliced import SlicedBank, choose_engine
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate, build_candidates
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.job.hosts import SINGLE_HOST
from open_algorithms.learning.rows.dense import DenseRows, DenseRowsBuilder, Design, epoch_order
from open_algorithms.learning.types.arrays import Floats

PROCESSORS = len(os.sched_getaffinity(0))
LEAST_SECONDS = 0.5  # that short epochs are repeated for, so that some of them are undisturbed


def draw_rows(rows: int, features: int, classes: int = 2) -> tuple[Floats, Floats]:
    """Draw standardised features (n, d) and random labels (n,)."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((rows, features), np.float32)
    return X, generator.integers(0, classes, rows).astype(np.float32)


def make_rows(rows: int, features: int, classes: int = 2) -> DenseRows:
    """Hold them as a job does for the loss of a classifier."""
    builder = DenseRowsBuilder(features, rows, Design(LOSSES[loss_name(classes)].takes_signed_rows))
    builder.try_add(*draw_rows(rows, features, classes))
    return builder.build_rows()


def loss_name(classes: int) -> str:
    """Name the loss of a classifier."""
    return "logistic" if classes == 2 else "softmax_loss"


def default_candidates(batch: int, classes: int = 2, models: int = 32) -> list[Candidate]:
    """Give the candidates of a classifier's default bank, none of them with slices of a mini-batch."""
    kind = {"predictor_type": "binary_classifier"}
    if classes > 2:
        kind = {"predictor_type": "multiclass_classifier", "num_classes": str(classes)}
    hp = parse_hyperparameters(kind | {"mini_batch_size": str(batch), "num_models": str(models)})
    return build_candidates(hp, rows=10**9, has_validation=True)


def make_epoch(rows: DenseRows, batch: int, settings: list[Candidate], classes: int = 2) -> Callable[[], object]:
    """Make a bank; return what trains it for an epoch."""
    outputs, models = 1 if classes == 2 else classes, range(len(settings))
    start = draw_initial_weights(models, outputs, rows.feature_dim, seed=0, method="uniform", spread=0.07, bias=0.0)
    engine = choose_engine(PROCESSORS, SINGLE_HOST, is_sparse=False)
    bank = SlicedBank(settings, start, Objective(LOSSES[loss_name(classes)]), batch, engine=engine)
    generator = np.random.default_rng(0)
    return lambda: bank.train(rows, epoch_order(len(rows), generator))
