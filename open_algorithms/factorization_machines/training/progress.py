"""The state of training from epoch to epoch, which a checkpoint holds and an interrupted job resumes from.

Tests: tests/factorization_machines/training/test_interruption.py, tests/factorization_machines/training/test_fit.py.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from open_algorithms.factorization_machines.machines.bank import Bank
from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.types.arrays import AnyArray

LEAST_GAIN = 1e-4  # of a loss, relative to it, that counts for patience
NONE = -1  # stands for no epoch


@dataclass
class Fortune:
    """How a candidate has fared: its losses by epoch, the best epoch, and the epochs since a gain that counts."""

    train_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    best_epoch: int = NONE
    best_loss: float = math.inf
    counted_loss: float = math.inf
    idle: int = 0

    def can_reach(self, loss: float, epochs: int, of_epochs: int) -> bool:
        """Return whether it comes to a loss on the validation rows in so many epochs, at the pace of its last ones.

        These are `of_epochs`, at least 2.
        """
        recent = self.validation_losses[-of_epochs:]
        if len(recent) < of_epochs:
            return True
        pace = max(before - after for before, after in pairwise(recent))
        return bool(min(recent) - loss <= epochs * pace) or self.best_loss <= loss

    def record(self, loss: float, epoch: int) -> bool:
        """Record the loss that decides; return whether it is the best so far. What is not finite is never."""
        gained = loss < self.counted_loss * (1 - LEAST_GAIN)
        self.idle = 0 if gained else self.idle + 1
        if gained:
            self.counted_loss = loss
        if not loss < self.best_loss:
            return False
        self.best_loss, self.best_epoch = loss, epoch
        return True


@dataclass
class Progress:
    """A bank in training. `epoch` counts the finished epochs.

    `fortunes` and `best` are by the candidates' numbers: how each fared, and the parameters of its best epoch.
    """

    bank: Bank
    shuffler: np.random.Generator | None
    fortunes: dict[int, Fortune]
    best: dict[int, Parameters] = field(default_factory=dict)
    epoch: int = 0

    @property
    def has_weights(self) -> bool:
        """Whether there is anything that could become a model."""
        return self.epoch > 0 or any(group.machines.updates for group in self.bank.groups)

    @property
    def active(self) -> list[int]:
        """The numbers of the candidates that still train."""
        return [candidate.number for candidate in self.bank.candidates]

    def state_arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield name and value of each array that training resumes from; none has dtype object."""
        yield "epoch", np.array(self.epoch)
        yield "shuffler", np.array(json.dumps(None if self.shuffler is None else self.shuffler.bit_generator.state))
        yield "active", np.array(self.active)
        for number, fortune in self.fortunes.items():
            yield f"fortune.{number}", np.array(json.dumps(vars(fortune)))
        for number, parameters in self.best.items():
            for name, value in parameters._asdict().items():
                yield f"best.{number}.{name}", np.asarray(value)
        for name, array in self.bank.state_arrays():
            yield f"bank.{name}", array

    def check_state(self, state: Mapping[str, AnyArray]) -> None:
        """Raise ValueError where `state` lacks an array that training resumes from."""
        if missing := [name for name in ("epoch", "shuffler", "active") if name not in state]:
            raise ValueError(f"{missing[0]} is missing")
        self.bank.keep(state["active"].tolist())
        wanted = [f"bank.{name}" for name, _ in self.bank.state_arrays()]
        if missing := [name for name in wanted if name not in state]:
            raise ValueError(f"{missing[0]} is missing")

    def load_state(self, state: Mapping[str, AnyArray]) -> None:
        """Load the state of a training of the same job."""
        self.epoch = int(state["epoch"])
        shuffled = json.loads(str(state["shuffler"]))
        if self.shuffler is not None and shuffled is not None:
            self.shuffler.bit_generator.state = shuffled
        self.bank.keep(state["active"].tolist())
        self.bank.load_state(state, "bank.")
        for number in self.fortunes:
            self.fortunes[number] = Fortune(**json.loads(str(state[f"fortune.{number}"])))
            if f"best.{number}.bias" in state:
                bias, linear, factors = (state[f"best.{number}.{name}"] for name in Parameters._fields)
                self.best[number] = Parameters(float(bias), linear, factors)

    def broadcast_state(self, hosts: Hosts) -> None:
        """Take over the state of host 0, which has gone on from a checkpoint."""
        texts: dict[str, str] = {}
        own: dict[str, AnyArray] = {}
        if hosts.rank == 0:
            for name, array in self.state_arrays():
                if array.dtype.kind == "U":
                    texts[name] = str(array)
                else:
                    own[name] = array
        found: dict[str, AnyArray] = {name: np.array(text) for name, text in hosts.broadcast_json(texts).items()}
        shapes = hosts.broadcast_json({name: [array.shape, array.dtype.str] for name, array in own.items()})
        for name, (shape, kind) in shapes.items():
            mine = own.get(name, np.zeros(shape, kind))
            sent = mine if mine.dtype == np.float32 else mine.astype(np.float64)
            found[name] = np.asarray(hosts.broadcast(sent)).astype(kind).reshape(shape)
        if hosts.rank:
            self.load_state(found)
