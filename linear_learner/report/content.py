"""The report of a training job as plain data, from the result of the training."""

import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from linear_learner.measuring.final import Measurement, objective_name
from linear_learner.measuring.metrics import MAX_CONFUSION_CLASSES, BinaryTally, MulticlassTally
from linear_learner.options.hyperparameters import final_configuration
from linear_learner.report.facts import largest_rows
from linear_learner.report.quality import channel_quality
from linear_learner.training.result import TrainingResult
from open_algorithms import VERSION

Plain = dict[str, Any]

FORMAT = 1
PACKAGES = ("mxnet", "numpy", "pyarrow", "protobuf")
LISTED_WEIGHTS, LISTED_CLASS_WEIGHTS = (
    50,
    5,
)  # of the features whose weights are told, the largest of all and of a class
PICTURED_CLASSES = 10


def build_report(result: TrainingResult, hyperparameters: Mapping[str, str], seconds: Mapping[str, float]) -> Plain:
    """Return the report as JSON values; numbers that are not finite become None.

    `hyperparameters` are the texts that the user sent, `seconds` the duration of each part of the job.
    """
    hp = result.hp
    found: Plain = plain_value(
        {
            "format": FORMAT,
            "predictor_type": hp.predictor_type,
            "objective": objective_name(hp),
            "stopped": result.was_stopped,
            "hosts": result.host_count,
            "data": {
                "features": result.model.feature_dim,
                "sparse": result.is_sparse,
                "normalized": {"features": hp.normalize_data, "label": hp.normalize_label},
                "channels": {name: row_counts(measured) for name, measured in result.measurements.items()},
            },
            "training": training_summary(result),
            "bank": candidate_entries(result),
            "curves": learning_curves(result),
            "winner": result.winner,
            "threshold": result.model.threshold if hp.predictor_type == "binary_classifier" else None,
            "channels": {
                name: channel_quality(measured, result.model) for name, measured in result.measurements.items()
            },
            "weights": weight_entries(result),
            "seconds": seconds,
            "hyperparameters": {"given": hyperparameters, "used": final_configuration(hyperparameters)},
            "versions": package_versions(),
        }
    )
    return found


def plain_value(value: Any) -> Any:
    """Convert NumPy values to Python's, recursively; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(name): plain_value(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def row_counts(measured: Measurement) -> Plain:
    """Return the row count of a channel, and its rows of each class or mean and deviation of its labels."""
    match measured.tally:
        case BinaryTally() as tally:
            return {"rows": tally.rows, "classes": [tally.rows - tally.positives, tally.positives]}
        case MulticlassTally() as tally:
            return {"rows": int(tally.positives.sum()), "classes": tally.positives}
        case tally:
            labels = tally.labels
            return {"rows": labels.rows, "label": {"mean": labels.mean, "deviation": labels.value**0.5}}


def training_summary(result: TrainingResult) -> Plain:
    """Return how long training ran and what it was judged by."""
    hp, objective = result.hp, objective_name(result.hp)
    criterion = hp.binary_classifier_model_selection_criteria if result.standings.maximise else objective
    return {
        "epochs": result.course.epoch,
        "epochs_wanted": hp.epochs,
        "best_epoch": result.course.best_epoch,
        "mini_batch_size": hp.mini_batch_size,
        "deciding": result.deciding_channel,
        "criterion": criterion,
        "maximise": result.standings.maximise,
    }


def candidate_entries(result: TrainingResult) -> list[Plain]:
    """Return the candidates, best first, with their settings and their figures at the best epoch.

    Pruned candidates follow, the last pruned first.
    """
    course, standings = result.course, result.standings
    places = {int(m): place for place, m in enumerate(course.active)}
    best = np.flatnonzero(course.recorded_epochs == course.best_epoch)
    found = []
    for m, candidate in enumerate(result.candidates):
        left = int(course.epochs_until_pruned[m]) or None
        then = best if left is None else np.flatnonzero(course.recorded_epochs < left)[-1:]
        train, validation, value = course.history[then[0], :, m] if then.size else (math.nan,) * 3
        loss = validation
        if left is None:
            value, loss = standings.values[places[m]], standings.losses[places[m]]
        found.append(
            {
                "candidate": m,
                "value": value,
                "loss": loss,
                "train_loss": train,
                "validation_loss": validation,
                "left_after_epoch": left,
                "diverged": left is None and not (np.isfinite(value) and np.isfinite(loss)),
                "settings": candidate.logged_settings(),
            }
        )
    sign = -1 if result.standings.maximise else 1

    def sort_key(entry: Plain) -> tuple[Any, ...]:
        left = entry["left_after_epoch"]
        value = sign * entry["value"], entry["loss"]
        return entry["diverged"], left is not None, -(left or 0), *np.nan_to_num(value, nan=np.inf), entry["candidate"]

    return sorted(found, key=sort_key)


def learning_curves(result: TrainingResult) -> Plain:
    """Return the learning curves of the recorded epochs, counted from 0.

    They hold each candidate's losses on the training rows and, if there are any, on the validation rows, and the best
    candidate's value of the early stopping criterion.
    """
    course, part = result.course, 0 if result.deciding_channel == "train" else 2
    best = np.fmax.reduce if part and result.standings.maximise else np.fmin.reduce
    values = course.history[:, part]
    names = ("train", "validation") if part else ("train",)
    return {
        "epochs": course.recorded_epochs,
        "losses": {name: course.history[:, row].T for row, name in enumerate(names)},
        "early_stopping": {
            "criterion": training_summary(result)["criterion"] if part else objective_name(result.hp),
            "values": best(np.where(np.isfinite(values), values, np.nan), axis=1),
        },
    }


def weight_entries(result: TrainingResult) -> list[Plain]:
    """Return the features with the largest standardised weights, with both their standardised and raw weights.

    Features with the largest weights of a single class follow. With more than PAIRED_CLASSES classes each feature has
    only the class with its largest weight.
    """
    raw, names = result.model.weight, result.model.feature_names
    unit = result.scaler.deviation.astype(np.float64) / result.scaler.label_deviation
    columns, outputs = largest_rows(raw, LISTED_WEIGHTS, unit), raw.shape[1]
    for c in range(min(PICTURED_CLASSES, outputs) if 1 < outputs <= MAX_CONFUSION_CLASSES else 0):
        columns += largest_rows(raw[:, [c]], LISTED_CLASS_WEIGHTS, unit)
    found = []
    for column in dict.fromkeys(columns):
        values = raw[column].astype(np.float64) * unit[column]
        classes = np.arange(outputs) if outputs <= MAX_CONFUSION_CLASSES else [int(np.abs(values).argmax())]
        found.append(
            {
                "feature": names[column],
                "column": column,
                "classes": classes,
                "standardised": values[classes],
                "raw": raw[column, classes],
            }
        )
    return found


def package_versions() -> dict[str, str]:
    """Return the versions of this program, of Python and of the main packages."""
    found = {"open-linear-learner": VERSION, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
