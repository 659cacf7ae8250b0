"""The hyperparameters that are used together, as one value each; hyperparameters.yaml says what each means.

Tests: tests/linear_learner/options/test_hyperparameters.py.
"""

from dataclasses import dataclass

from linear_learner.objective.losses import LOSSES
from open_algorithms.learning.columns.wishes import parse_kinds


@dataclass(frozen=True)
class Batch:
    """The rows of a mini-batch: `here` on each host, `everywhere` on all of them together."""

    here: int
    everywhere: int


@dataclass(frozen=True)
class ObjectiveSettings:
    """What is minimised: the loss, its own hyperparameter, the weights of the classes, and whether there is a bias."""

    loss: str
    margin: float
    quantile: float
    huber_delta: float
    loss_insensitivity: float
    use_bias: bool
    positive_example_weight_mult: float | str | None
    balance_multiclass_weights: bool

    @property
    def loss_parameter(self) -> float:
        """Return the value of the loss's own hyperparameter; 0 where it has none."""
        name = LOSSES[self.loss].parameter_name
        return float(getattr(self, name)) if name else 0.0


@dataclass(frozen=True)
class CandidateSettings:
    """The settings of candidate 0, which the others vary; None leaves a setting to the candidates."""

    optimizer: str | None
    learning_rate: float | None
    beta_1: float | None
    beta_2: float | None
    momentum: float | None
    bias_lr_mult: float | None
    bias_wd_mult: float | None
    wd: float | None
    l1: float | None
    use_lr_scheduler: bool
    lr_scheduler_step: int | None
    lr_scheduler_factor: float | None
    lr_scheduler_minimum_lr: float | None


@dataclass(frozen=True)
class InitialSettings:
    """The distribution of the initial weights, and the initial bias."""

    init_method: str
    init_scale: float
    init_sigma: float
    init_bias: float

    @property
    def spread(self) -> float:
        """Return the half width or the standard deviation of the distribution."""
        return self.init_scale if self.init_method == "uniform" else self.init_sigma


@dataclass(frozen=True)
class SelectionSettings:
    """How candidates are compared, thresholds calibrated and models measured."""

    num_calibration_samples: int
    binary_classifier_model_selection_criteria: str
    target_recall: float
    target_precision: float
    f_beta: float
    accuracy_top_k: int
    holdout: float
    folds: int

    @property
    def criterion(self) -> str:
        """Return what the best candidate of a binary classifier is selected by."""
        return self.binary_classifier_model_selection_criteria


@dataclass(frozen=True)
class ScheduleSettings:
    """How many epochs there are at most, when training stops early, and whether rows are shuffled.

    Where the user set other epochs than the default, `are_epochs_set`, they bound what is solved, too.
    """

    epochs: int
    are_epochs_set: bool
    early_stopping_patience: int
    early_stopping_tolerance: float
    shuffle: bool


@dataclass(frozen=True)
class ColumnSettings:
    """What the user says of the columns of a table; each is empty where nothing is said."""

    target: str
    positive_label: str
    ignore: str
    column_types: str
    weight: str

    @property
    def kinds(self) -> dict[str, str]:
        """Return the kind of each column of which one is said; raises InputError for an unknown kind."""
        return parse_kinds(self.ignore, self.column_types)
