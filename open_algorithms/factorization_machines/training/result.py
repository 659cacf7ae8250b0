"""The result of a finished training: the model, and everything that the report is made of.

Tests: tests/factorization_machines/report/test_build.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.measuring.metrics import Measurement
from open_algorithms.factorization_machines.options.candidates import Candidate
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters
from open_algorithms.factorization_machines.rows.units import Units


@dataclass(frozen=True)
class Course:
    """How a candidate fared: its mean losses by epoch, in the label's units, and its share in the model.

    `train_losses` are those before each update, `validation_losses` those of rows to select on, if there are any, after
    the epoch. `best_epoch` is counted from 0.
    """

    settings: Candidate
    train_losses: list[float]
    validation_losses: list[float]
    best_epoch: int | None
    share: float


@dataclass(frozen=True)
class TrainingResult:
    """The result of a finished training.

    The model is the mean of the candidates by their shares. `held_out` rows of the train channel chose them, 0 where
    there is a channel for that; with `is_refitted` what was chosen learned again from all rows. `measurements` maps
    each channel to the scores of the model on it; where `was_stopped`, they are taken on the first rows only.
    """

    model: FactorModel
    hp: Hyperparameters
    courses: list[Course]
    deciding_channel: str
    held_out: int
    is_refitted: bool
    epochs: int
    objective: str
    units: Units
    is_sparse: bool
    measurements: Mapping[str, Measurement]
    was_stopped: bool
    host_count: int
