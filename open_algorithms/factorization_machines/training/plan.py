"""What a job decides before its first epoch, and holds to.

Tests: tests/factorization_machines/training/test_fit.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from open_algorithms.factorization_machines.machines.bank import Bank
from open_algorithms.factorization_machines.machines.budget import BankCost
from open_algorithms.factorization_machines.machines.machines import Task
from open_algorithms.factorization_machines.options.candidates import (
    OF_MANY_ROWS,
    USUAL_MODELS,
    Candidate,
    build_candidates,
    choose_regime,
)
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters
from open_algorithms.factorization_machines.rows.units import Units, fit_units
from open_algorithms.learning.rows.kept import AnyRows, ChannelRows, StreamedRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.work import Columns, Work

STEADY_ROWS = 10_000
MODELS_UNJUDGED = 2  # of a bank without rows to select on: the user's settings, and the safest of ours


@dataclass(frozen=True)
class Plan:
    """The work, its data, and what follows from both; `rows` is the number of train rows, infinite of a stream."""

    work: Work
    hp: Hyperparameters
    data: Mapping[str, ChannelRows]
    columns: Columns
    candidates: list[Candidate]
    task: Task
    units: Units
    rows: float

    @property
    def train(self) -> ChannelRows:
        """The rows to train on."""
        return self.data["train"]

    @property
    def validation(self) -> ChannelRows | None:
        """The rows to select on; None where they are those to train on."""
        return self.data.get("validation")

    @property
    def deciding_channel(self) -> str:
        """The channel that candidates are selected on."""
        return "train" if self.validation is None else "validation"

    @property
    def is_held_out(self) -> bool:
        """Whether the rows to select on are held out of those to train on."""
        return self.validation is not None and "validation" not in self.work.channels

    @property
    def is_sparse(self) -> bool:
        """Whether rows are sparse."""
        return isinstance(self.train.head_rows, SparseRows)

    @property
    def largest_batch(self) -> int:
        """The rows of the largest mini-batches; the sizes of all others divide it."""
        return max(candidate.mini_batch_size for candidate in self.candidates)

    @property
    def patience(self) -> int:
        """The epochs without a gain after which a candidate is stopped."""
        patience = self.hp.selection.early_stopping_patience
        return OF_MANY_ROWS.patience if patience is None else patience

    @property
    def pace_epochs(self) -> int:
        """The epochs whose losses tell how a candidate moves: of few rows, where losses rise and fall, more."""
        return 2 if self.rows > STEADY_ROWS else 4

    def start_bank(self, candidates: list[Candidate]) -> Bank:
        """Return a bank of candidates with their initial parameters."""
        return Bank.start(candidates, self.hp, self.task, self.work.processors, self.work.hosts)


def make_plan(work: Work, hp: Hyperparameters, data: Mapping[str, ChannelRows], columns: Columns) -> Plan:
    """Choose the candidates, and the units that they learn in."""
    train, hosts = data["train"], work.hosts
    counted, streams = hosts.all_reduce([train.row_count, isinstance(train, StreamedRows)])
    rows = math.inf if streams else float(counted)
    wanted = USUAL_MODELS if "validation" in data else MODELS_UNJUDGED
    models = int(
        -hosts.all_reduce_max(-BankCost.of(hp).affordable_models(train.feature_dim, work.free_memory(), wanted))
    )
    units = fit_units(train.rows, hosts) if hp.normalize_data else Units()
    mean, deviation = label_moments(train.rows, work) if hp.steps.use_bias else (0.0, 1.0)
    task = Task(train.feature_dim, hp.is_classifier, mean, deviation, hp.steps.use_bias)
    here = math.inf if streams else hosts.all_reduce_max(train.row_count)
    candidates = build_candidates(replace(hp, num_models=models), rows, here)
    hp = choose_patience(hp, rows)
    return Plan(work, hp, data, columns, candidates, task, units, rows)


def choose_patience(hp: Hyperparameters, rows: float) -> Hyperparameters:
    """Return the hyperparameters with what suits so many rows, where the user does not say how long to train."""
    regime, patience = choose_regime(rows, is_classifier=hp.is_classifier), hp.selection.early_stopping_patience
    selection = replace(hp.selection, early_stopping_patience=regime.patience if patience is None else patience)
    return replace(hp, epochs=regime.epochs if hp.are_epochs_ours else hp.epochs, selection=selection)


def label_moments(rows: AnyRows, work: Work) -> tuple[float, float]:
    """Return the mean and the deviation of the labels of all hosts' rows; the latter is 1 where they do not vary."""
    labels = rows.labels.astype(np.float64)
    count, total = work.hosts.all_reduce([len(labels), labels.sum()])
    mean = total / count
    deviation = float(np.sqrt(work.hosts.all_reduce([np.square(labels - mean).sum()])[0] / count))
    return float(mean), deviation if deviation > np.finfo(np.float32).tiny else 1.0


def log_plan(plan: Plan) -> None:
    """Log what is about to be trained, on which rows."""
    log, validation = plan.work.log, plan.validation
    kind = "sparse" if plan.is_sparse else "dense"
    log.info(f"[{kind.capitalize()} network] Building a {kind} network.")
    log.info("Create Store: local" if plan.work.hosts.count == 1 else "Create Store: dist_sync")
    rows = "many" if math.isinf(plan.rows) else f"{plan.rows:.0f}"
    log.info(
        f"Training {len(plan.candidates)} candidates on {rows} rows of {plan.train.feature_dim} features, selecting on "
        f"{plan.deciding_channel} rows"
    )
    if validation is not None and plan.is_held_out:
        by_class = ", by class," if plan.hp.is_classifier else ""
        log.info(
            f"{int(plan.work.hosts.all_reduce([validation.row_count])[0])} train rows are held out at random{by_class} "
            "to select on; holdout=0 trains on all rows from the start."
        )
    if "validation" in plan.work.channels and plan.hp.selection.holdout:
        log.warning("holdout has no effect on this job: the channel 'validation' is there to select on.")
