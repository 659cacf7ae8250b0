"""The result of a finished training: the model, and everything that the report is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from linear_learner.measuring.final import Measured
from linear_learner.measuring.standings import Standings
from linear_learner.objective.model import Model
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import Hyperparameters
from linear_learner.training.progress import Course
from open_algorithms.learning.rows.scaling import Scaler


@dataclass(frozen=True)
class Account:
    """The result of a finished training.

    `standings` (M,) holds the criterion and loss of each candidate that trained to the end, on the rows of
    `deciding_channel`. `winner` is the number of the chosen candidate. `measurements` maps each channel to the scores
    of the model on it; where `was_stopped`, they are taken on the first rows of each channel only.
    """

    model: Model
    hp: Hyperparameters
    candidates: list[Candidate]
    course: Course
    standings: Standings
    winner: int
    deciding: str
    scaler: Scaler
    sparse: bool
    measured: Mapping[str, Measured]
    stopped: bool
    hosts: int


Tell = Callable[[Account], None]


def untold(account: Account) -> None:
    """Ignore the result."""
