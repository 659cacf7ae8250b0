"""Build the report of a training job from the result of the training, or that of any model on labelled rows."""

from collections.abc import Sequence

import numpy as np

from linear_learner.describing.facts import (
    CLASS_BARS,
    PICTURED_CLASSES,
    compare_weights,
    group_by_column,
    name_features,
    rank_features,
)
from linear_learner.measuring.final import Measurement, objective_name
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import applied_configuration
from linear_learner.report.candidates import candidate_entries, deciding_criterion, learning_curves
from linear_learner.report.schema import (
    DataSummary,
    ModelReport,
    Normalized,
    Report,
    TrainingSummary,
    WeightEntry,
)
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.columns.describe import list_column_entries
from open_algorithms.learning.measuring.metrics import MAX_CONFUSION_CLASSES
from open_algorithms.learning.showing.job import HyperparameterTexts, package_versions
from open_algorithms.learning.showing.quality.build import channel_quality, count_labels, usual_answer
from open_algorithms.learning.showing.quality.schema import FOLDS, Quality
from open_algorithms.learning.work import Work

FORMAT = 1
PROGRAM = "open-linear-learner"
LISTED_WEIGHTS = (
    50  # features whose weights are listed: those with the largest of all; CLASS_BARS more of each pictured class
)


def build_report(result: TrainingResult, work: Work) -> Report:
    """Return the report of a job that was given this work."""
    hp, model = result.hp, result.model
    measurements = dict(result.measurements)
    usual = usual_answer(measurements["train"].tally)
    if result.in_folds is not None:
        measurements = {"train": measurements.pop("train"), FOLDS: result.in_folds, **measurements}
    return Report(
        format=FORMAT,
        predictor_type=hp.predictor_type,
        objective=objective_name(hp),
        label=model.label_name,
        stopped=result.was_stopped,
        hosts=result.host_count,
        data=DataSummary(
            features=model.feature_dim,
            channels={name: count_labels(measured.tally) for name, measured in result.measurements.items()},
            files={name: list(work.file_names.get(name, ())) for name in result.measurements},
            sparse=result.is_sparse,
            normalized=Normalized(hp.scaling.normalize_data, hp.scaling.normalize_label),
        ),
        training=training_summary(result),
        bank=candidate_entries(result),
        curves=learning_curves(result),
        winner=result.winner,
        threshold=told_threshold(model),
        channels={name: judge_rows(model, measured, usual) for name, measured in measurements.items()},
        weights=weight_entries(model),
        seconds=dict(work.seconds_by_part),
        hyperparameters=HyperparameterTexts(
            dict(work.hyperparameters), applied_configuration(work.hyperparameters, hp)
        ),
        versions=package_versions(PROGRAM),
        columns=None if model.recipe is None else list_column_entries(model.recipe),
        classes=list(model.class_names) if model.classes else None,
        quantile=read_quantile(model),
    )


def build_model_report(model: LinearModel, objective: str, measured: Measurement, files: Sequence[str]) -> ModelReport:
    """Return the report of any model on labelled rows of these files, which are told of as the channel test."""
    return ModelReport(
        format=FORMAT,
        predictor_type=model.predictor_type,
        objective=objective,
        label=model.label_name,
        data=DataSummary(
            features=model.feature_dim,
            channels={"test": count_labels(measured.tally)},
            files={"test": list(files)},
        ),
        threshold=told_threshold(model),
        channels={"test": judge_rows(model, measured, usual_answer(measured.tally))},
        weights=weight_entries(model),
        versions=package_versions(PROGRAM),
        columns=None if model.recipe is None else list_column_entries(model.recipe),
        classes=list(model.class_names) if model.classes else None,
        quantile=read_quantile(model),
    )


def told_threshold(model: LinearModel) -> float | None:
    """Return the threshold of a binary classifier; None of others."""
    return model.threshold if model.predictor_type == "binary_classifier" else None


def read_quantile(model: LinearModel) -> float | None:
    """Return the quantile that a regressor aims at; None of others."""
    value = model.metrics_params.get("quantile")
    return float(value) if model.loss_type == "quantile_loss" and isinstance(value, int | float) else None


def judge_rows(model: LinearModel, measured: Measurement, usual: float) -> Quality:
    """Return how good a model is on rows that were measured, beside the `usual` answer for all of them."""
    is_logistic = LOSSES[model.loss_type].name == "logistic"
    return channel_quality(measured.scores, measured.tally, model.threshold, is_probability=is_logistic, usual=usual)


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
        loss_unit=float(result.scaler.label_deviation ** LOSSES[result.hp.objective.loss].degree),
    )


def weight_entries(model: LinearModel) -> list[WeightEntry]:
    """Return the features with the largest weights, as they are ranked everywhere.

    Features with the largest weights of a single class follow; those of one column of a table are together. With more
    than MAX_CONFUSION_CLASSES classes each feature has only the class with its largest weight. Where deviations are not
    known, standardised weights are NaN.
    """
    outputs, features = model.outputs, rank_features(model, LISTED_WEIGHTS)
    for c in range(min(PICTURED_CLASSES, outputs) if 1 < outputs <= MAX_CONFUSION_CLASSES else 0):
        features += rank_features(model, CLASS_BARS, c)
    features = group_by_column(model, list(dict.fromkeys(features)))
    entries = []
    for feature, name in zip(features, name_features(model, features), strict=True):
        raw, values = model.weight[feature], compare_weights(model, [feature])[0]
        classes = list(range(outputs)) if outputs <= MAX_CONFUSION_CLASSES else [int(np.abs(values).argmax())]
        standardised = values if model.deviations is not None else np.full(outputs, np.nan)
        entries.append(WeightEntry(name, feature, classes, standardised[classes].tolist(), raw[classes].tolist()))
    return entries
