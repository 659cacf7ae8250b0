"""How good a model is on labelled rows as values, a part of report.json.

A number may be NaN or infinite.

Tests: tests/learning/showing/quality/test_build.py, tests/linear_learner/report/test_json_file.py.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from open_algorithms.learning.showing.report_json import BESIDE
from open_algorithms.learning.showing.words import cut_middle

Numbers = list[float]

LONGEST_CLASS = 50  # letters of the name of a class
FOLDS = "folds"  # stands for a channel: the train rows, each judged by what was learned without its fold


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
    """A reliability diagram: bins of equal numbers of rows, ascending by their score.

    Of each bin the rows, the mean score, the share of positives, and the interval (Wilson, 95 %) that the share of all
    such rows lies in. `error` is the expected calibration error, `by_chance` what right probabilities would have.
    """

    rows: list[int]
    mean_score: Numbers
    positive_share: Numbers
    low: Numbers
    high: Numbers
    error: float
    by_chance: float


@dataclass(frozen=True)
class ScoreHistogram:
    """How many negatives and positives (n,) score between `edges` (n + 1,)."""

    edges: Numbers
    negatives: list[int]
    positives: list[int]


@dataclass(frozen=True)
class Baseline:
    """What the same `answer` for all rows comes to: the most frequent class of the train rows, or their mean label."""

    answer: float
    scores: Mapping[str, float]


@dataclass(frozen=True)
class BinaryQuality:
    """How good a binary classifier is on a channel; `confusion` (2, 2) counts rows by label and predicted label.

    Here and below, `intervals` are those of 95 % of some of the scores.
    """

    scores: Mapping[str, float]
    confusion: list[list[int]]
    roc: RocCurve
    precision_recall: PrecisionRecallCurve
    thresholds: list[ThresholdEntry]
    calibration: CalibrationCurve | None = None
    histogram: ScoreHistogram | None = None
    intervals: Mapping[str, Numbers] = field(default_factory=dict)
    baseline: Baseline | None = None


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
    intervals: Mapping[str, Numbers] = field(default_factory=dict)
    baseline: Baseline | None = None


@dataclass(frozen=True)
class Residuals:
    """A histogram of predictions minus labels: `counts` (n,) between `edges` (n + 1,), and quantiles by level.

    `sizes` are the quantiles of their absolute values, and `share_below` is the share that is below 0.
    """

    edges: Numbers
    counts: list[int]
    quantiles: Mapping[str, float]
    sizes: Mapping[str, float]
    share_below: float


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
    intervals: Mapping[str, Numbers] = field(default_factory=dict)
    baseline: Baseline | None = None


Quality = BinaryQuality | MulticlassQuality | RegressionQuality


def choose_main_channel(names: Collection[str]) -> str:
    """Return the channel that is the best evidence of quality: test, else validation, else folds, else train."""
    return next(name for name in ("test", "validation", FOLDS, "train") if name in names)


@dataclass(frozen=True)
class Judgement:
    """What a report tells of a model of labels: how good it is by channel, and what the labels are.

    Rows are `counted` by channel. `deciding` is the channel that chose candidates and threshold, None where none of
    them did. `classes` are the names of the classes, where they have some, and `label` is that of the label, or empty.
    A regressor that aims at a quantile has a `quantile`.
    """

    channels: Mapping[str, Quality]
    counted: Mapping[str, ChannelRows]
    deciding: str | None
    classes: list[str] | None = None
    label: str = ""
    quantile: float | None = None

    @property
    def main(self) -> str:
        """The channel that is the best evidence of quality."""
        return choose_main_channel(self.channels)

    @property
    def quality(self) -> Quality:
        """How good the model is on the main channel."""
        return self.channels[self.main]

    def count_rows(self, channel: str) -> ChannelRows:
        """Return the rows of a channel."""
        return self.counted["train" if channel == FOLDS else channel]

    @property
    def rows(self) -> int:
        """The number of rows of the main channel."""
        return self.count_rows(self.main).rows

    def name_class(self, number: int) -> str:
        """Return the name of a class, of a very long one its ends, else its number."""
        return cut_middle(self.classes[number], LONGEST_CLASS) if self.classes else str(number)
