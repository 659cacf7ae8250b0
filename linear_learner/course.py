"""How far the training of a bank has come, epoch after epoch: what a job that is cut off goes on from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.banks import Banks
from linear_learner.judging import Standings
from linear_learner.stopping import EarlyStopping

Floats = NDArray[Any]


@dataclass
class Course:
    """A bank in training: `epoch` counts the epochs that are done.

    `best` is the bank's snapshot at the best of them, `standings` how its candidates stood on a validation channel.
    `updating` and `checking` are the seconds that each epoch of this process took.
    """

    bank: Banks
    stopping: EarlyStopping
    shuffler: np.random.Generator | None
    epoch: int = 0
    best: Floats | None = None
    standings: Standings | None = None
    updating: list[float] = field(default_factory=list)
    checking: list[float] = field(default_factory=list)

    def state(self) -> Iterator[tuple[str, Floats]]:
        """Name and copy what training goes on from after an epoch, as arrays without objects."""
        numbers = {
            "epoch": self.epoch,
            "optimum": self.stopping.optimum,
            "idle": self.stopping.idle,
            "shuffler": None if self.shuffler is None else self.shuffler.bit_generator.state,
        }
        yield "numbers", np.array(json.dumps(numbers))
        if self.best is not None:
            yield "best", self.best
        if self.standings is not None:
            yield "values", self.standings.values
            yield "losses", self.standings.losses
        for name, array in self.bank.state():
            yield f"bank.{name}", array

    def resume(self, state: Mapping[str, Floats]) -> None:
        """Go on from the state of a course like this one."""
        numbers = json.loads(str(state["numbers"]))
        self.epoch = numbers["epoch"]
        self.stopping.optimum, self.stopping.idle = numbers["optimum"], numbers["idle"]
        if self.shuffler is not None:
            self.shuffler.bit_generator.state = numbers["shuffler"]
        self.best = state.get("best")
        if "values" in state:
            self.standings = Standings(state["values"], state["losses"], self.stopping.maximise)
        own = "bank."
        self.bank.resume({name.removeprefix(own): array for name, array in state.items() if name.startswith(own)})
