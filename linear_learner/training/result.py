"""The result of a finished training: the model, and everything that the report is made of.

Tests: tests/linear_learner/report/test_build.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from linear_learner.measuring.final import Measurement
from linear_learner.measuring.standings import Standings
from linear_learner.objective.model import LinearModel
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import Hyperparameters
from linear_learner.training.progress import TrainingProgress
from open_algorithms.learning.rows.scaling import Scaler


@dataclass(frozen=True)
class TrainingResult:
    """The result of a finished training.

    `standings` (M,) holds the criterion and loss of each candidate that trained to the end, on the rows of
    `deciding_channel`. `winner` is the number of the chosen candidate. `measurements` maps each channel to the scores
    of the model on it; where `was_stopped`, they are taken on the first rows of each channel only.
    """

    model: LinearModel
    hp: Hyperparameters
    candidates: list[Candidate]
    course: TrainingProgress
    standings: Standings
    winner: int
    deciding_channel: str
    scaler: Scaler
    is_sparse: bool
    measurements: Mapping[str, Measurement]
    was_stopped: bool
    host_count: int
