"""Decide what the candidates of a bank are."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linear_learner.hyperparameters import Hyperparameters

DEFAULT_MODELS = 32


@dataclass(frozen=True)
class Candidate:
    """The settings of one model in the bank."""

    optimizer: str = "adam"
    learning_rate: float = 0.005
    wd: float = 1e-4
    l1: float = 0.0
    lr_scheduler_step: int = 10
    lr_scheduler_factor: float = 0.99
    lr_scheduler_minimum_lr: float = 1e-5
    use_lr_scheduler: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    momentum: float = 0.0
    bias_lr_mult: float = 10.0
    bias_wd_mult: float = 0.0
    average: bool = False

    def rate(self, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the learning rate at updates t = 1, 2, ... (MXNet's FactorScheduler, never above learning_rate)."""
        if not self.use_lr_scheduler:
            return np.full(len(t), self.learning_rate)
        floor = min(self.lr_scheduler_minimum_lr, self.learning_rate)
        return np.maximum(self.learning_rate * self.lr_scheduler_factor ** ((t - 1) // self.lr_scheduler_step), floor)

    def settings(self) -> dict[str, object]:
        """Name the settings in the order of the original's best-model line."""
        names = [
            "optimizer",
            "learning_rate",
            "wd",
            "l1",
            "lr_scheduler_step",
            "lr_scheduler_factor",
            "lr_scheduler_minimum_lr",
        ]
        values = asdict(self)
        if self.momentum:
            names.append("momentum")
        return {name: values[name] for name in names}


def candidates(hp: Hyperparameters) -> list[Candidate]:
    """Return the bank: candidate 0 is what the user asked for, the others vary it.

    A number that the user gave is the centre of the others', a text holds for all of them.
    """
    first = centre(hp)
    models = hp.num_models or (1 if hp.tuning else DEFAULT_MODELS)
    adam = [
        replace(first, optimizer="adam", learning_rate=first.learning_rate * r, wd=first.wd * w, average=True)
        for r in (4, 20, 60)
        for w in (0.1, 1, 10, 100)
    ]
    sgd = [
        replace(
            first, optimizer="sgd", momentum=0.9, learning_rate=first.learning_rate * r, wd=first.wd * w, average=True
        )
        for r in (6, 60, 200, 600)
        for w in (0.01, 1, 10)
    ]
    sparse = [
        replace(
            first,
            optimizer="sgd",
            momentum=0.9,
            learning_rate=first.learning_rate * r,
            wd=first.wd / 100,
            l1=l * hp.mini_batch_size,
            average=True,
        )
        for r, l in ((6, 0.003), (6, 0.01), (6, 0.03), (60, 0.003), (60, 0.01), (60, 0.03), (20, 0.01))
    ]
    return [first, *adam, *sgd, *sparse][:models]


def centre(hp: Hyperparameters) -> Candidate:
    """Return the candidate with every number that the user gave and the original's defaults for the rest."""
    given = {name: value for name, value in asdict(hp).items() if name in vars(Candidate()) and value is not None}
    return Candidate(**given)
