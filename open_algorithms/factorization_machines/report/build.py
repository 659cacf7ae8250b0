"""Build the report of a job from the result of its training."""

import math
from dataclasses import asdict

from open_algorithms.factorization_machines.options.hyperparameters import applied_configuration
from open_algorithms.factorization_machines.report.learned import list_pairs, list_weights, standardise_model
from open_algorithms.factorization_machines.report.recommended import describe_recommendations
from open_algorithms.factorization_machines.report.schema import (
    CalibrationEntry,
    CandidateEntry,
    DataSummary,
    Report,
    TrainingSummary,
)
from open_algorithms.factorization_machines.training.result import Course, TrainingResult
from open_algorithms.learning.columns.describe import list_column_entries
from open_algorithms.learning.showing.job import HyperparameterTexts, package_versions
from open_algorithms.learning.showing.quality.build import channel_quality, count_labels, usual_answer
from open_algorithms.learning.work import Work

FORMAT = 1
CHANNELS = ("train", "validation", "test")
PROGRAM = "open-factorization-machines"


def build_report(result: TrainingResult, work: Work) -> Report:
    """Return the report of a job that was given this work."""
    hp, model = result.hp, result.model
    standardised = standardise_model(model, result.units)
    measurements = {name: result.measurements[name] for name in CHANNELS if name in result.measurements}
    usual = usual_answer(measurements["train"].tally)
    return Report(
        format=FORMAT,
        predictor_type=hp.predictor_type,
        objective=result.objective,
        label=model.label_name,
        stopped=result.was_stopped,
        hosts=result.host_count,
        num_factors=model.num_factors,
        data=DataSummary(
            features=model.feature_dim,
            sparse=result.is_sparse,
            normalized=hp.normalize_data,
            channels={name: count_labels(measured.tally) for name, measured in measurements.items()},
            files={name: list(work.file_names.get(name, ())) for name in measurements},
        ),
        training=TrainingSummary(
            epochs=result.epochs,
            epochs_wanted=hp.epochs,
            deciding=result.deciding_channel,
            held_out=result.held_out,
            refitted=result.is_refitted,
        ),
        candidates=list_candidates(result),
        losses=list_losses(result),
        threshold=model.threshold if hp.is_classifier else None,
        channels={
            name: channel_quality(measured.scores, measured.tally, model.threshold, is_probability=True, usual=usual)
            for name, measured in measurements.items()
        },
        reliability={
            name: CalibrationEntry(found.value, found.by_chance)
            for name, measured in measurements.items()
            if (found := measured.calibration) is not None
        },
        weights=list_weights(model, standardised),
        pairs=list_pairs(model, standardised),
        seconds=dict(work.seconds_by_part),
        hyperparameters=HyperparameterTexts(
            dict(work.hyperparameters), applied_configuration(work.hyperparameters, hp)
        ),
        versions=package_versions(PROGRAM),
        columns=None if model.recipe is None else list_column_entries(model.recipe),
        classes=list(model.class_names) if model.classes else None,
        recommendations=describe_recommendations(model),
    )


def list_candidates(result: TrainingResult) -> list[CandidateEntry]:
    """Return the candidates: the largest share first, and without one the lowest loss."""
    entries = [describe_course(course) for course in result.courses]
    return sorted(entries, key=lambda entry: (-entry.share, not math.isfinite(entry.loss), entry.loss, entry.candidate))


def describe_course(course: Course) -> CandidateEntry:
    """Return how a candidate did."""
    best, settings = course.best_epoch, asdict(course.settings)
    train, validation = (
        losses[best] if best is not None and losses else math.nan
        for losses in (course.train_losses, course.validation_losses)
    )
    return CandidateEntry(
        candidate=settings.pop("number"),
        share=course.share,
        loss=validation if course.validation_losses else train,
        train_loss=train,
        validation_loss=validation,
        best_epoch=best,
        epochs=len(course.train_losses),
        settings=settings,
    )


def list_losses(result: TrainingResult) -> dict[str, list[list[float]]]:
    """Return the losses of every candidate by epoch: on the train rows, and on others where these decide."""
    courses = sorted(result.courses, key=lambda course: course.settings.number)
    losses = {"train": [list(course.train_losses) for course in courses]}
    if any(course.validation_losses for course in courses):
        losses["validation"] = [list(course.validation_losses) for course in courses]
    return losses
