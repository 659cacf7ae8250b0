"""Train: read the channels, train the bank, choose a mean of candidates, and score it."""

import time
from dataclasses import replace

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.options.hyperparameters import (
    Hyperparameters,
    final_configuration,
    ignored_names,
)
from open_algorithms.factorization_machines.rows.channels import check_labels_vary, read_channels
from open_algorithms.factorization_machines.rows.compact import find_compaction
from open_algorithms.factorization_machines.training.conclusion import conclude_stopped_training, conclude_training
from open_algorithms.factorization_machines.training.epochs import train_epochs
from open_algorithms.factorization_machines.training.plan import make_plan
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.factorization_machines.training.start import start_training
from open_algorithms.learning.work import Columns, Work


def train_machines(work: Work, hp: Hyperparameters, columns: Columns) -> TrainingResult:
    """Train on the channel `train`, select on `validation` or on rows held out, and score on every channel.

    With several hosts, each calls this function with its work. All hosts return the same model, and what is logged
    holds for all. Raises KeyboardInterrupt where the job is asked to stop before there is a model.
    """
    began = time.time()
    log_configuration(work, hp)
    data = read_channels(work, hp)
    work.record_lap("read")
    check_labels_vary(data, hp, work)
    read = time.time()
    learned = ["train"] + ["validation"] * ("validation" in data and "validation" not in work.channels)
    compaction = None if columns.recipe is not None else find_compaction(data, learned, work.hosts)
    if compaction is not None:
        work.log.info(f"{len(compaction.used):,} of {compaction.width:,} features occur in the rows to learn from.")
        data = {name: compaction.compact_rows(rows) for name, rows in data.items()}
    plan = make_plan(work, hp, data, columns)
    progress, write_next_checkpoint = start_training(plan)
    work.record_lap("prepare")
    ready = trained = time.time()
    try:
        train_epochs(plan, progress, write_next_checkpoint)
        trained = time.time()
        result = conclude_training(plan, progress)
    except KeyboardInterrupt:
        if not progress.has_weights:
            raise
        trained = time.time()
        result = conclude_stopped_training(plan, progress)
    ended = time.time()
    seconds = {
        "initialize.time": ready - began,
        "setuptime": ready - read,
        "update.time": trained - ready,
        "finalize.time": ended - trained,
        "totaltime": ended - began,
    }
    milliseconds = {name: 1000 * spent for name, spent in seconds.items()}
    work.log.log_metrics({"epochs": progress.epoch, **milliseconds}, start=began, end=ended)
    if compaction is not None:
        model, units = compaction.expand_model(result.model), compaction.expand_units(result.units)
        result = replace(result, model=model, units=units)
    return replace(result, model=name_features(result.model, columns))


def name_features(model: FactorModel, columns: Columns) -> FactorModel:
    """Return the model with the names of the columns and the classes where they are known."""
    model = replace(model, label_classes=columns.classes)
    if len(columns.features) != model.feature_dim:
        return model
    return replace(model, names=columns.features, label_name=columns.label, recipe=columns.recipe)


def log_configuration(work: Work, hp: Hyperparameters) -> None:
    """Log the hyperparameters in effect, and those without effect."""
    work.log.info(f"Final configuration: {final_configuration(work.hyperparameters)}")
    for name in ignored_names(work.hyperparameters, hp):
        work.log.warning(f"{name} has no effect on this job: it goes with other hyperparameters than these.")
    if work.hosts.count > 1:
        work.log.info(f"{work.hosts.count} hosts train together: a mini-batch has as many rows of each as without.")
