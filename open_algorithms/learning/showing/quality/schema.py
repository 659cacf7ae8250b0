"""How good a model is on labelled rows as values, a part of report.json.

A number may be NaN or infinite.

Tests: tests/learning/showing/quality/test_build.py, tests/linear_learner/report/test_json_file.py.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from open_algorithms.learning.showing.report_json import BESIDE

Numbers = list[float]


@dataclass(frozen=True)
class LabelMoments:
    """Mean and standard deviation of a channel's labels."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class ChannelRows:
    """The rows of a channel: those of each class, or the moments of a regressor's labels."""

    rows: int
    classes: list[int] | None = None
    label: LabelMoments | None = None


@dataclass(frozen=True)
class RocCurve:
    """The receiver operating characteristic."""

    false_positive_rate: Numbers
    true_positive_rate: Numbers


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Precision against recall."""

    recall: Numbers
    precision: Numbers


@dataclass(frozen=True)
class ThresholdEntry:
    """A threshold, the number of rows that it flags, and the metrics there; in report.json these stand beside it."""

    threshold: float
    flagged: int
    metrics: Mapping[str, float] = field(metadata=BESIDE)
    calibrated: bool


@dataclass(frozen=True)
class CalibrationCurve:
    """Rows, mean score and share of positives in equal ranges of the score (reliability diagram)."""

    rows: list[int]
    mean_score: Numbers
    positive_share: Numbers


@dataclass(frozen=True)
class BinaryQuality:
    """How good a binary classifier is on a channel; `confusion` (2, 2) counts rows by label and predicted label."""

    scores: Mapping[str, float]
    confusion: list[list[int]]
    roc: RocCurve
    precision_recall: PrecisionRecallCurve
    thresholds: list[ThresholdEntry]
    calibration: CalibrationCurve | None = None


@dataclass(frozen=True)
class ClassQuality:
    """How good a multiclass classifier is on one class, which it flags `flagged` rows as."""

    class_: int
    rows: int
    flagged: int
    recall: float
    precision: float


@dataclass(frozen=True)
class MulticlassQuality:
    """How good a multiclass classifier is on a channel; without `confusion` (C, C) where there are too many classes."""

    scores: Mapping[str, float]
    classes: list[ClassQuality]
    confusion: list[list[int]] | None = None


@dataclass(frozen=True)
class Residuals:
    """A histogram of predictions minus labels: `counts` (n,) between `edges` (n + 1,), and quantiles by level."""

    edges: Numbers
    counts: list[int]
    quantiles: Mapping[str, float]


@dataclass(frozen=True)
class Predictions:
    """Labels of some rows and the predictions for them."""

    label: Numbers
    score: Numbers


@dataclass(frozen=True)
class RegressionQuality:
    """How good a regressor is on a channel; the sample may hold no row whose label and prediction are finite."""

    scores: Mapping[str, float]
    sampled_rows: int
    residuals: Residuals | None = None
    predictions: Predictions | None = None


Quality = BinaryQuality | MulticlassQuality | RegressionQuality


def choose_main_channel(names: Collection[str]) -> str:
    """Return the channel that is the best evidence of quality: test, else validation, else train."""
    return next(name for name in ("test", "validation", "train") if name in names)
