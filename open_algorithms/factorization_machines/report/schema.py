"""The report of a job as values; report.json has the same names in the same order.

Epochs are counted from 0, candidates by their number in the bank. A number may be NaN or infinite.

Tests: tests/factorization_machines/report/test_build.py, tests/factorization_machines/report/test_report_json.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.learning.showing.job import ColumnEntry, HyperparameterTexts
from open_algorithms.learning.showing.quality.schema import ChannelRows, Judgement, Numbers, Quality


@dataclass(frozen=True)
class DataSummary:
    """The data that the model was trained and measured on; `features` is their number.

    `files` are the names of each channel's files.
    """

    features: int
    sparse: bool
    normalized: bool
    channels: Mapping[str, ChannelRows]
    files: Mapping[str, list[str]]


@dataclass(frozen=True)
class TrainingSummary:
    """How long training ran, and what candidates were chosen by: the lowest loss on the rows of `deciding`.

    `held_out` is how many of the train rows were held out for that, as the rows of a channel validation, 0 where there
    is one. What was chosen has been `refitted` where it learned again from all train rows, the validation rows scored.
    """

    epochs: int
    epochs_wanted: int
    deciding: str
    held_out: int
    refitted: bool


@dataclass(frozen=True)
class CandidateEntry:
    """A candidate: its share in the mean that is the model, its losses at its best epoch, and its settings.

    `loss` is the one that it was chosen by. Where no epoch ended, `best_epoch` is None and losses are NaN.
    """

    candidate: int
    share: float
    loss: float
    train_loss: float
    validation_loss: float
    best_epoch: int | None
    epochs: int
    settings: Mapping[str, object]


@dataclass(frozen=True)
class WeightEntry:
    """The linear weight of a feature: where all others are at their mean, per deviation; and as the model has it."""

    feature: str
    column: int
    standardised: float
    raw: float


@dataclass(frozen=True)
class PairEntry:
    """What the product of two features is weighted by: the features divided by their deviations, and as they are."""

    features: list[str]
    columns: list[int]
    standardised: float
    raw: float


@dataclass(frozen=True)
class CalibrationEntry:
    """The expected calibration error of probabilities, and that of right ones on as many rows, by chance."""

    error: float
    by_chance: float


@dataclass(frozen=True)
class ItemEntry:
    """An item: with how many users it was seen, and to how many of those that were asked for it is recommended."""

    item: str
    users: int
    recommended: int


@dataclass(frozen=True)
class RecommendationSummary:
    """What is recommended to `asked_users` of the users, `top` items each that these were not seen with.

    `pairs` of a user and an item were seen, each once. Of `items`, `recommended_items` are recommended to anyone.
    `popular` are those that were seen with the most users, `recommended` those that are recommended to the most.
    """

    user_column: str
    item_column: str
    users: int
    asked_users: int
    items: int
    top: int
    pairs: int
    recommendations: int
    recommended_items: int
    popular: list[ItemEntry]
    recommended: list[ItemEntry]


@dataclass(frozen=True)
class Report:
    """The report of a job; `candidates` have the chosen ones first, `seconds` are those of each part of the job.

    `losses` are those of every candidate, in the order of their numbers, by epoch; the model has `num_factors` factors
    of all that were chosen. `label` is the name of the label, or empty. `reliability` says by channel how far
    probabilities are off. Of a table `columns` are there, and `classes` are the names of its classes where they have
    some; `recommendations` are there where it is one of users and items.
    """

    format: int
    predictor_type: str
    objective: str
    label: str
    stopped: bool
    hosts: int
    num_factors: int
    data: DataSummary
    training: TrainingSummary
    candidates: list[CandidateEntry]
    losses: Mapping[str, list[Numbers]]
    threshold: float | None
    channels: Mapping[str, Quality]
    reliability: Mapping[str, CalibrationEntry]
    weights: list[WeightEntry]
    pairs: list[PairEntry]
    seconds: Mapping[str, float]
    hyperparameters: HyperparameterTexts
    versions: Mapping[str, str]
    columns: list[ColumnEntry] | None = None
    classes: list[str] | None = None
    recommendations: RecommendationSummary | None = None

    @property
    def chosen(self) -> list[CandidateEntry]:
        """The candidates that the model is the mean of, the largest share first."""
        return [entry for entry in self.candidates if entry.share > 0]

    @property
    def judgement(self) -> Judgement:
        """How good the model is, and what its labels are."""
        return Judgement(self.channels, self.data.channels, self.threshold_channel, self.classes, self.label)

    @property
    def threshold_channel(self) -> str:
        """The channel on which the effect of other thresholds is told: the deciding one, where it is one."""
        return self.training.deciding if self.training.deciding in self.channels else "train"
