"""The result of a finished training: the model, and everything that the report is made of.

Tests: tests/linear_learner/report/test_build.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from linear_learner.measuring.examination import Examination
from linear_learner.measuring.final import Measurement
from linear_learner.measuring.standings import Standings
from linear_learner.objective.model import LinearModel
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import Hyperparameters
from linear_learner.training.progress import TrainingProgress
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Int64s


@dataclass(frozen=True)
class TrainingResult:
    """The result of a finished training.

    `examination` is that of the `finalists`, the numbers (F,) of the candidates that trained to the end, on the rows of
    `deciding_channel`, in `folds` if there are any. `winner` is the number of the chosen candidate. `measurements` maps
    each channel to the scores of the model on it; where `was_stopped`, they are taken on the first rows of each channel
    only. `in_folds` is that of the train rows, each judged by what was learned without its fold, None without folds.
    """

    model: LinearModel
    hp: Hyperparameters
    candidates: list[Candidate]
    course: TrainingProgress
    finalists: Int64s
    examination: Examination
    winner: int
    deciding_channel: str
    folds: int
    scaler: Scaler
    is_sparse: bool
    measurements: Mapping[str, Measurement]
    was_stopped: bool
    host_count: int
    in_folds: Measurement | None = None

    @property
    def is_validated(self) -> bool:
        """Whether there were rows to select on that were not trained on."""
        return self.deciding_channel == "validation"

    @property
    def standings(self) -> Standings:
        """The criterion and the loss of each finalist, (F,)."""
        return self.examination.standings
