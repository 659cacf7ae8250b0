"""Build the report of a training job from the result of the training."""

from collections.abc import Mapping

import numpy as np

from linear_learner.describing.facts import CLASS_BARS, PICTURED_CLASSES, largest_rows
from linear_learner.measuring.final import objective_name
from linear_learner.objective.losses import LOSSES
from linear_learner.options.hyperparameters import final_configuration
from linear_learner.report.candidates import candidate_entries, deciding_criterion, learning_curves
from linear_learner.report.schema import (
    DataSummary,
    Normalized,
    Report,
    TrainingSummary,
    WeightEntry,
)
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.columns.describe import list_column_entries
from open_algorithms.learning.measuring.metrics import MAX_CONFUSION_CLASSES
from open_algorithms.learning.showing.job import HyperparameterTexts, package_versions
from open_algorithms.learning.showing.quality.build import channel_quality, count_labels

FORMAT = 1
PROGRAM = "open-linear-learner"
LISTED_WEIGHTS = (
    50  # features whose weights are listed: those with the largest of all; CLASS_BARS more of each pictured class
)


def build_report(result: TrainingResult, hyperparameters: Mapping[str, str], seconds: Mapping[str, float]) -> Report:
    """Return the report.

    `hyperparameters` are the texts that the user sent, `seconds` the duration of each part of the job.
    """
    hp, model = result.hp, result.model
    is_logistic = LOSSES[model.loss_type].name == "logistic"
    return Report(
        format=FORMAT,
        predictor_type=hp.predictor_type,
        objective=objective_name(hp),
        stopped=result.was_stopped,
        hosts=result.host_count,
        data=DataSummary(
            features=model.feature_dim,
            sparse=result.is_sparse,
            normalized=Normalized(hp.scaling.normalize_data, hp.scaling.normalize_label),
            channels={name: count_labels(measured.tally) for name, measured in result.measurements.items()},
        ),
        training=training_summary(result),
        bank=candidate_entries(result),
        curves=learning_curves(result),
        winner=result.winner,
        threshold=model.threshold if hp.predictor_type == "binary_classifier" else None,
        channels={
            name: channel_quality(measured.scores, measured.tally, model.threshold, is_probability=is_logistic)
            for name, measured in result.measurements.items()
        },
        weights=weight_entries(result),
        seconds=dict(seconds),
        hyperparameters=HyperparameterTexts(dict(hyperparameters), final_configuration(hyperparameters)),
        versions=package_versions(PROGRAM),
        columns=None if model.recipe is None else list_column_entries(model.recipe),
        classes=list(model.class_names) if model.classes else None,
    )


def training_summary(result: TrainingResult) -> TrainingSummary:
    """Return how long training ran and what it was judged by."""
    return TrainingSummary(
        epochs=result.course.epoch,
        epochs_wanted=result.hp.schedule.epochs,
        best_epoch=result.course.best_epoch,
        passes=0 if result.course.solver is None else result.course.solver.passes,
        folds=result.folds,
        mini_batch_size=result.hp.batch.everywhere,
        deciding=result.deciding_channel,
        criterion=deciding_criterion(result),
        maximise=result.standings.maximise,
    )


def weight_entries(result: TrainingResult) -> list[WeightEntry]:
    """Return the features with the largest standardised weights, with both their standardised and raw weights.

    Features with the largest weights of a single class follow; those of one column of a table are together. With more
    than MAX_CONFUSION_CLASSES classes each feature has only the class with its largest weight.
    """
    raw, names = result.model.weight, result.model.feature_names
    unit = result.scaler.deviation.astype(np.float64) / result.scaler.label_deviation
    columns, outputs = largest_rows(raw, LISTED_WEIGHTS, unit), raw.shape[1]
    for c in range(min(PICTURED_CLASSES, outputs) if 1 < outputs <= MAX_CONFUSION_CLASSES else 0):
        columns += largest_rows(raw[:, [c]], CLASS_BARS, unit)
    if result.model.recipe is not None:
        columns = result.model.recipe.group_by_column(list(dict.fromkeys(columns)))
    entries = []
    for column in dict.fromkeys(columns):
        values = raw[column].astype(np.float64) * unit[column]
        classes = list(range(outputs)) if outputs <= MAX_CONFUSION_CLASSES else [int(np.abs(values).argmax())]
        entries.append(
            WeightEntry(names[column], column, classes, values[classes].tolist(), raw[column, classes].tolist())
        )
    return entries
