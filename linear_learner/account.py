"""What is known of a training once it is over: what a report is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from linear_learner.candidates import Candidate
from linear_learner.course import Course
from linear_learner.hyperparameters import Hyperparameters
from linear_learner.judging import Standings
from linear_learner.model import Model
from linear_learner.scaling import Scaler
from linear_learner.scoring import Measured


@dataclass(frozen=True)
class Account:
    """A training that is over, and the model it came to.

    `standings` (M,) are those of the candidates that trained to the end, on the rows of the channel `deciding`, as the
    choice saw them. `winner` is a candidate's number. `measured` has
    the model's figures on every channel, of the first rows alone where the job was `stopped`.
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
    """Keep nothing."""
