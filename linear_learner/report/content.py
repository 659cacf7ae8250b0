"""The report of a training job as plain data, from the result of the training."""

import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.measuring.final import Measured, objective_name
from linear_learner.measuring.metrics import PAIRED_CLASSES, Binary, Multiclass
from linear_learner.options.hyperparameters import configuration
from linear_learner.report.facts import largest
from linear_learner.report.quality import quality
from linear_learner.training.result import Account
from open_algorithms import VERSION

Floats = NDArray[Any]
Plain = dict[str, Any]

FORMAT = 1
PACKAGES = ("mxnet", "numpy", "pyarrow", "protobuf")
WEIGHTS, CLASS_WEIGHTS = 50, 5  # of the features whose weights are told, the largest of all and of a class
PICTURED_CLASSES = 10


def report(account: Account, given: Mapping[str, str], seconds: Mapping[str, float]) -> Plain:
    """Return the report as JSON values; numbers that are not finite become None.

    `hyperparameters` are the texts that the user sent, `seconds` the duration of each part of the job.
    """
    hp = account.hp
    found: Plain = plain(
        {
            "format": FORMAT,
            "predictor_type": hp.predictor_type,
            "objective": objective_name(hp),
            "stopped": account.stopped,
            "hosts": account.hosts,
            "data": {
                "features": account.model.feature_dim,
                "sparse": account.sparse,
                "normalized": {"features": hp.normalize_data, "label": hp.normalize_label},
                "channels": {name: rows(measured) for name, measured in account.measured.items()},
            },
            "training": training(account),
            "bank": bank(account),
            "curves": curves(account),
            "winner": account.winner,
            "threshold": account.model.threshold if hp.predictor_type == "binary_classifier" else None,
            "channels": {name: quality(measured, account.model) for name, measured in account.measured.items()},
            "weights": weights(account),
            "seconds": seconds,
            "hyperparameters": {"given": given, "used": configuration(given)},
            "versions": versions(),
        }
    )
    return found


def plain(value: Any) -> Any:
    """Convert NumPy values to Python's, recursively; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def rows(measured: Measured) -> Plain:
    """Return the row count of a channel, and its rows of each class or mean and deviation of its labels."""
    match measured.tally:
        case Binary() as tally:
            return {"rows": tally.rows, "classes": [tally.rows - tally.positives, tally.positives]}
        case Multiclass() as tally:
            return {"rows": int(tally.positives.sum()), "classes": tally.positives}
        case tally:
            labels = tally.labels
            return {"rows": labels.rows, "label": {"mean": labels.mean, "deviation": labels.value**0.5}}


def training(account: Account) -> Plain:
    """Return how long training ran and what it was judged by."""
    hp, objective = account.hp, objective_name(account.hp)
    criterion = hp.binary_classifier_model_selection_criteria if account.standings.maximise else objective
    return {
        "epochs": account.course.epoch,
        "epochs_wanted": hp.epochs,
        "best_epoch": account.course.best_epoch,
        "mini_batch_size": hp.mini_batch_size,
        "deciding": account.deciding,
        "criterion": criterion,
        "maximise": account.standings.maximise,
    }


def bank(account: Account) -> list[Plain]:
    """Return the candidates, best first, with their settings and their figures at the best epoch.

    Pruned candidates follow, the last pruned first.
    """
    course, standings = account.course, account.standings
    places = {int(m): place for place, m in enumerate(course.members)}
    best = np.flatnonzero(course.told == course.best_epoch)
    found = []
    for m, candidate in enumerate(account.candidates):
        left = int(course.left[m]) or None
        then = best if left is None else np.flatnonzero(course.told < left)[-1:]
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
                "settings": candidate.settings(),
            }
        )
    sign = -1 if account.standings.maximise else 1

    def rank(entry: Plain) -> tuple[Any, ...]:
        left = entry["left_after_epoch"]
        value = sign * entry["value"], entry["loss"]
        return entry["diverged"], left is not None, -(left or 0), *np.nan_to_num(value, nan=np.inf), entry["candidate"]

    return sorted(found, key=rank)


def curves(account: Account) -> Plain:
    """Return the learning curves of the recorded epochs, counted from 0.

    They hold each candidate's losses on the training rows and, if there are any, on the validation rows, and the best
    candidate's value of the early stopping criterion.
    """
    course, part = account.course, 0 if account.deciding == "train" else 2
    best = np.fmax.reduce if part and account.standings.maximise else np.fmin.reduce
    values = course.history[:, part]
    names = ("train", "validation") if part else ("train",)
    return {
        "epochs": course.told,
        "losses": {name: course.history[:, row].T for row, name in enumerate(names)},
        "early_stopping": {
            "criterion": training(account)["criterion"] if part else objective_name(account.hp),
            "values": best(np.where(np.isfinite(values), values, np.nan), axis=1),
        },
    }


def weights(account: Account) -> list[Plain]:
    """Return the features with the largest standardised weights, with both their standardised and raw weights.

    Features with the largest weights of a single class follow. With more than PAIRED_CLASSES classes each feature has
    only the class with its largest weight.
    """
    raw, names = account.model.weight, account.model.feature_names
    unit = account.scaler.deviation.astype(np.float64) / account.scaler.label_deviation
    columns, outputs = largest(raw, WEIGHTS, unit), raw.shape[1]
    for c in range(min(PICTURED_CLASSES, outputs) if 1 < outputs <= PAIRED_CLASSES else 0):
        columns += largest(raw[:, [c]], CLASS_WEIGHTS, unit)
    found = []
    for column in dict.fromkeys(columns):
        values = raw[column].astype(np.float64) * unit[column]
        classes = np.arange(outputs) if outputs <= PAIRED_CLASSES else [int(np.abs(values).argmax())]
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


def versions() -> dict[str, str]:
    """Return the versions of this program, of Python and of the main packages."""
    found = {"open-linear-learner": VERSION, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
