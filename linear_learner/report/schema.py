"""The report of a training job as values; report.json has the same names in the same order.

Epochs are counted from 0, candidates by their number in the bank. A number may be NaN or infinite.

Tests: tests/linear_learner/report/test_build.py, tests/linear_learner/report/test_json_file.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.learning.showing.job import ColumnEntry, HyperparameterTexts
from open_algorithms.learning.showing.quality.schema import FOLDS, ChannelRows, Judgement, Numbers, Quality


@dataclass(frozen=True)
class Normalized:
    """Whether features and label were divided by their standard deviation."""

    features: bool
    label: bool


@dataclass(frozen=True)
class DataSummary:
    """The data that the model was trained and measured on; `features` is their number.

    `files` are the names of each channel's files. What is not known of a model without its job is None.
    """

    features: int
    channels: Mapping[str, ChannelRows]
    files: Mapping[str, list[str]]
    sparse: bool | None = None
    normalized: Normalized | None = None


@dataclass(frozen=True)
class TrainingSummary:
    """How long training ran and what it was judged by.

    `best_epoch` is None where not even one epoch ended. `deciding` is the channel whose rows chose the winner, by the
    highest `criterion` if `maximise`, else by the lowest. With `folds` each row was judged by what had been learned
    without its fold. `passes` are those over the rows in which candidates were solved, 0 where none was. A loss of the
    train rows counts `loss_unit` in the label's own units.
    """

    epochs: int
    epochs_wanted: int
    best_epoch: int | None
    passes: int
    folds: int
    mini_batch_size: int
    deciding: str
    criterion: str
    maximise: bool
    loss_unit: float


@dataclass(frozen=True)
class CandidateEntry:
    """A candidate: its value of the criterion and its losses at the best epoch, and its settings.

    A candidate that was pruned left after `left_after_epoch` epochs, and has the values of its last one. `win_share` is
    how often it has the best value where the deciding rows are drawn at random, with replacement.
    """

    candidate: int
    value: float
    loss: float
    train_loss: float
    validation_loss: float
    left_after_epoch: int | None
    diverged: bool
    win_share: float
    settings: Mapping[str, object]


@dataclass(frozen=True)
class CriterionCurve:
    """The best candidate's value of the early stopping criterion, by recorded epoch."""

    criterion: str
    values: Numbers


@dataclass(frozen=True)
class LearningCurves:
    """The losses on each channel, (candidates, recorded epochs), and the early stopping criterion."""

    epochs: list[int]
    losses: Mapping[str, list[Numbers]]
    early_stopping: CriterionCurve


@dataclass(frozen=True)
class WeightEntry:
    """The weights of a feature for each of `classes`: for one standard deviation more of it, and for one unit more."""

    feature: str
    column: int
    classes: list[int]
    standardised: Numbers
    raw: Numbers


@dataclass(frozen=True, kw_only=True)
class ModelReport:
    """What is told of any model on labelled rows; `label` is the name of the label, or empty.

    Of a table `columns` are there, and `classes` are the names of its classes where they have some. A regressor by
    quantile loss has its `quantile`.
    """

    format: int
    predictor_type: str
    objective: str
    label: str
    data: DataSummary
    threshold: float | None
    channels: Mapping[str, Quality]
    weights: list[WeightEntry]
    versions: Mapping[str, str]
    columns: list[ColumnEntry] | None = None
    classes: list[str] | None = None
    quantile: float | None = None

    @property
    def judgement(self) -> Judgement:
        """How good the model is, and what its labels are."""
        return Judgement(self.channels, self.data.channels, self.deciding_rows, self.classes, self.label, self.quantile)

    @property
    def deciding_rows(self) -> str | None:
        """The channel whose rows chose the model, None where that is not known."""
        return None


@dataclass(frozen=True, kw_only=True)
class Report(ModelReport):
    """The report of a training job; `bank` holds the candidates, the best first, `seconds` each part of the job."""

    stopped: bool
    hosts: int
    training: TrainingSummary
    bank: list[CandidateEntry]
    curves: LearningCurves
    winner: int
    seconds: Mapping[str, float]
    hyperparameters: HyperparameterTexts

    @property
    def deciding_rows(self) -> str:
        """The channel whose rows chose the model."""
        return FOLDS if self.training.folds else self.training.deciding

    @property
    def winning_entry(self) -> CandidateEntry:
        """The candidate that won."""
        return next(entry for entry in self.bank if entry.candidate == self.winner)
