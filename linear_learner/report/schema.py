"""The report of a training job as values; report.json has the same names in the same order.

Epochs are counted from 0, candidates by their number in the bank. A number may be NaN or infinite.

Tests: tests/linear_learner/report/test_build.py, tests/linear_learner/report/test_json_file.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.learning.showing.job import ColumnEntry, HyperparameterTexts
from open_algorithms.learning.showing.quality.schema import ChannelRows, Numbers, Quality, choose_main_channel


@dataclass(frozen=True)
class Normalized:
    """Whether features and label were divided by their standard deviation."""

    features: bool
    label: bool


@dataclass(frozen=True)
class DataSummary:
    """The data that the model was trained and measured on; `features` is their number."""

    features: int
    sparse: bool
    normalized: Normalized
    channels: Mapping[str, ChannelRows]


@dataclass(frozen=True)
class TrainingSummary:
    """How long training ran and what it was judged by.

    `best_epoch` is None where not even one epoch ended. `deciding` is the channel whose rows chose the winner, by the
    highest `criterion` if `maximise`, else by the lowest. With `folds` each row was judged by what had been learned
    without its fold. `passes` are those over the rows in which candidates were solved, 0 where none was.
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
    """The weights of a feature for each of `classes`, per standard deviation of the feature and in original units."""

    feature: str
    column: int
    classes: list[int]
    standardised: Numbers
    raw: Numbers


@dataclass(frozen=True)
class Report:
    """The report of a training job; `bank` holds the candidates, the best first, `seconds` each part of the job.

    Of a table `columns` are there, and `classes` are the names of its classes where they have some.
    """

    format: int
    predictor_type: str
    objective: str
    stopped: bool
    hosts: int
    data: DataSummary
    training: TrainingSummary
    bank: list[CandidateEntry]
    curves: LearningCurves
    winner: int
    threshold: float | None
    channels: Mapping[str, Quality]
    weights: list[WeightEntry]
    seconds: Mapping[str, float]
    hyperparameters: HyperparameterTexts
    versions: Mapping[str, str]
    columns: list[ColumnEntry] | None = None
    classes: list[str] | None = None

    @property
    def winning_entry(self) -> CandidateEntry:
        """The candidate that won."""
        return next(entry for entry in self.bank if entry.candidate == self.winner)

    @property
    def main_channel(self) -> str:
        """The channel that is the best evidence of quality: test, else validation, else train."""
        return choose_main_channel(self.channels)
