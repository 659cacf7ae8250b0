"""What a training job decides before its first epoch, and holds to.

Tests: tests/linear_learner/training/test_fit.py, tests/linear_learner/training/test_channels.py,
tests/linear_learner/training/test_hosts.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from linear_learner.bank.sliced import Engine, choose_engine
from linear_learner.bank.updating.class_weights import build_objective
from linear_learner.measuring.final import objective_name
from linear_learner.measuring.standings import threshold_criterion
from linear_learner.objective.objective import Objective
from linear_learner.options.budget import Budget, check_tensor_sizes
from linear_learner.options.candidates import Candidate, build_candidates
from linear_learner.options.hyperparameters import SOLVED, Hyperparameters, stepping_names
from linear_learner.options.solved import SolvingPlan, plan_solving
from linear_learner.training.channels import measure_sizes
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.kept import ChannelRows, StreamedRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.work import Work


@dataclass(frozen=True)
class RowCount:
    """A row count known to lie between `least` and `most`; a stream that was not read to its end has no upper bound."""

    least: int
    most: float

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"more than {self.least}"


def total_row_count(data: ChannelRows, hosts: Hosts) -> RowCount:
    """Return the row count of a channel over all hosts."""
    rows, streams = hosts.all_reduce([data.row_count, isinstance(data, StreamedRows)])
    return RowCount(int(rows), math.inf if streams else int(rows))


@dataclass(frozen=True)
class Plan:
    """The work, its data, and what follows from both.

    `row_counts` are those of each channel over all hosts. Thresholds are calibrated on the first `calibration_rows`
    rows of the deciding channel. `recipe` is how the columns of a table become features.
    """

    work: Work
    hp: Hyperparameters
    data: Mapping[str, ChannelRows]
    row_counts: Mapping[str, RowCount]
    candidates: list[Candidate]
    objective: Objective
    calibration_rows: int
    solving: SolvingPlan
    engine: Engine
    recipe: Recipe | None = None

    @property
    def all_candidates(self) -> list[Candidate]:
        """The candidates that train step by step, and then those that are solved."""
        return [*self.candidates, *self.solving.candidates]

    @property
    def decides_on_unseen_rows(self) -> bool:
        """Whether candidates are selected on rows that they are not trained on."""
        return self.validation is not None or self.solving.folds > 0

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
    def has_thresholds(self) -> bool:
        """Whether candidates are compared by a score that depends on a threshold, and not by their loss."""
        return threshold_criterion(self.hp) is not None

    @property
    def is_stopped_by_score(self) -> bool:
        """Whether early stopping looks at that score, for which it needs validation rows."""
        return self.validation is not None and self.has_thresholds

    @property
    def criterion_name(self) -> str:
        """The name of the criterion of early stopping."""
        return f"sampled_{self.hp.selection.criterion}" if self.is_stopped_by_score else objective_name(self.hp)


def make_plan(
    work: Work,
    hp: Hyperparameters,
    budget: Budget,
    data: Mapping[str, ChannelRows],
    row_counts: Mapping[str, RowCount],
    recipe: Recipe | None = None,
) -> Plan:
    """Choose the candidates, weigh the classes, and share out the memory.

    Raises InputError where the bank would need an array that is too large.
    """
    train, hosts = data["train"], work.hosts
    has_validation = "validation" in data
    solving = plan_solving(hp, measure_sizes([train], hosts), has_validation=has_validation)
    candidates: list[Candidate] = []
    if not solving.folds and hp.candidate.optimizer != SOLVED:
        candidates = build_candidates(hp, rows=row_counts["train"].most, has_validation=has_validation)
    check_tensor_sizes(len(candidates), hp.outputs, train.feature_dim, min(hp.batch.here, train.row_count))
    objective = build_objective(hp, train.rows, len(candidates), hosts)
    calibration_rows = -int(hosts.all_reduce_max(-budget.calibration_rows(hp)))
    engine = choose_engine(work.processors, hosts, is_sparse=isinstance(train.rows, SparseRows))
    return Plan(work, hp, data, row_counts, candidates, objective, calibration_rows, solving, engine, recipe)


def log_plan(plan: Plan, has_earlier_model: bool) -> None:
    """Log what is about to be trained, on which rows, and what to look out for."""
    log, rows, deciding = plan.work.log, plan.row_counts, plan.deciding_channel
    if plan.train.scaler.is_label_blurred:
        log.warning(
            "The labels are large beside their spread: of them, and of scores, float32 does not keep the digits that "
            "vary. Subtract their offset."
        )
    if has_earlier_model and plan.solving.folds:
        log.warning(
            "No candidate starts from the model of the channel 'model': it may know the rows that folds set aside. Set "
            "folds=0 to start from it."
        )
    elif has_earlier_model:
        log.info("All candidates start from the model of the channel 'model'.")
    log.info(
        f"Training {len(plan.all_candidates)} candidates on {rows['train']} rows of {plan.train.feature_dim} features, "
        f"selecting on {rows[deciding]} {deciding} rows"
    )
    log.info(f"The bank trains by {plan.engine}.")
    log_selection(plan)
    idle = [] if plan.candidates else stepping_names(plan.work.hyperparameters, plan.hp)
    if idle:
        log.warning(
            f"Without effect on this job: {', '.join(idle)}. All of its candidates are solved, and do not step along "
            "gradients of mini-batches; with optimizer=adam or sgd they do."
        )
    wanted = min(plan.hp.selection.num_calibration_samples, rows[deciding].most)
    if plan.has_thresholds and plan.calibration_rows < wanted:
        log.info(f"Thresholds are calibrated on the first {plan.calibration_rows} rows: more would not fit the memory.")


def log_selection(plan: Plan) -> None:
    """Log which rows are set aside or dealt to folds to select on, or why none are, where the user asked for some."""
    selection, rows, log = plan.hp.selection, plan.row_counts.get("validation"), plan.work.log
    by_class = "" if plan.hp.predictor_type == "regressor" else ", by class,"
    if "validation" in plan.work.channels:
        for name in ("holdout", "folds"):
            if getattr(selection, name):
                log.warning(f"{name} has no effect on this job: the channel 'validation' is there to select on.")
    elif plan.solving.folds:
        log.info(
            f"folds={plan.solving.folds}: the rows are dealt to folds at random{by_class} and each is judged by what "
            "is learned without its fold; the chosen candidate learns from all rows."
        )
    elif rows is not None:
        log.info(
            f"holdout={selection.holdout:g}: {rows} rows are held out at random{by_class} to select on; 0 trains on "
            "all rows."
        )
    elif selection.holdout:
        log.info(
            f"holdout={selection.holdout:g} of so few rows is none: candidates are selected on the rows to train on."
        )
    elif selection.folds:
        log.warning(
            "folds has no effect on this job: only candidates that are solved are compared in folds, which takes "
            "optimizer=auto or lbfgs, num_models=auto, and no tuning job."
        )
