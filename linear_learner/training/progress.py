"""The state of a bank's training from epoch to epoch, which a checkpoint holds and an interrupted job resumes from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.sliced import Banks
from linear_learner.measuring.standings import Standings
from linear_learner.measuring.thresholds import choose
from linear_learner.training.pruning import WINDOW, hopeless, pays
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.training.stopping import EarlyStopping

Floats = NDArray[Any]
HISTORY = 2**17  # numbers that are kept of all epochs
NONE = np.empty(0, np.float32)  # stands for what there is not yet


@dataclass
class Course:
    """A bank in training. `epoch` counts the finished epochs.

    `best_snapshot` holds the weights of the best epoch and `standings` the standings of its candidates on the
    validation channel. `active` (M,) are the numbers of the candidates that still train, and `recent_losses` (epochs,
    M) their latest losses. `epochs_until_pruned` (candidates,) is the number of epochs after which a candidate was
    pruned, 0 if it was not. `history` (recorded, 3, candidates) holds, for the epochs in `recorded_epochs`, the
    training loss, the validation loss and the criterion's value; NaN where there is none. All epochs are recorded
    until the history exceeds MOST_HISTORY numbers. `update_seconds` and `check_seconds` are the durations of each
    epoch of this process.
    """

    bank: Banks
    stopping: EarlyStopping
    shuffler: np.random.Generator | None
    epoch: int = 0
    best: Floats | None = None
    best_epoch: int | None = None
    standings: Standings | None = None
    members: NDArray[np.int64] = field(init=False)
    recent: Floats = field(init=False)
    left: NDArray[np.int64] = field(init=False)
    told: NDArray[np.int64] = field(init=False)
    history: Floats = field(init=False)
    updating: list[float] = field(default_factory=list)
    checking: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.members = np.arange(self.bank.models)
        self.recent = np.empty((0, self.bank.models))
        self.left = np.zeros(self.bank.models, np.int64)
        self.told = np.empty(0, np.int64)
        self.history = np.empty((0, 3, self.bank.models))

    def remember(self, losses: Floats, standings: Standings | None) -> None:
        """Record losses and standings of the active candidates (M,) for this epoch.

        Beyond MOST_HISTORY numbers, every other recorded epoch is dropped first, except the best one.
        """
        epoch = np.full((1, *self.history.shape[1:]), np.nan)
        epoch[0, 0, self.members] = losses
        if standings is not None:
            epoch[0, 1:, self.members] = np.stack([standings.losses, standings.values], axis=1)
        if self.history.size > HISTORY:
            kept = (np.arange(len(self.told)) % 2 == 0) | (self.told == self.best_epoch)
            self.told, self.history = self.told[kept], self.history[kept]
        self.told = np.append(self.told, self.epoch)
        self.history = np.concatenate([self.history, epoch])

    def prune(self, losses: Floats, left: int, margins: int) -> NDArray[np.int64]:
        """Drop the candidates that can no longer win, if that saves enough work; return their numbers.

        `losses` (M,) are the validation losses after this epoch, in jobs where the loss decides. `epochs_left` epochs
        remain, each of `margins` margins for one candidate. The candidate that is best so far is never dropped.
        """
        self.recent = np.concatenate([self.recent, losses[None]])[-WINDOW - 1 :]
        leaving = hopeless(self.recent, left)
        if self.standings is not None:
            first = choose(self.standings.values, self.standings.losses, maximise=False)
            leaving &= np.arange(len(leaving)) != first
        if not pays(int(leaving.sum()), len(leaving), margins, left):
            return self.members[:0]
        left_behind = self.members[leaving]
        self.left[left_behind] = self.epoch
        self.keep(np.flatnonzero(~leaving))
        return left_behind

    def keep(self, chosen: NDArray[np.int64]) -> None:
        """Continue with the active candidates at the places `chosen` only."""
        if len(chosen) == len(self.members):
            return
        if self.best is not None:
            self.best = self.best[chosen]
        if self.standings is not None:
            standings = self.standings
            self.standings = Standings(standings.values[chosen], standings.losses[chosen], standings.maximise)
        self.bank = self.bank.part(chosen)
        self.members, self.recent = self.members[chosen], self.recent[:, chosen]

    def state(self) -> Iterator[tuple[str, Floats]]:
        """Yield name and value of each array that training resumes from; none has dtype object."""
        numbers = {
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "optimum": self.stopping.optimum,
            "idle": self.stopping.idle,
            "shuffler": None if self.shuffler is None else self.shuffler.bit_generator.state,
        }
        yield "numbers", np.array(json.dumps(numbers))
        yield "members", self.members
        yield "recent", self.recent
        yield "left", self.left
        yield "told", self.told
        yield "history", self.history
        yield "best", NONE if self.best is None else self.best
        yield "values", NONE if self.standings is None else self.standings.values
        yield "losses", NONE if self.standings is None else self.standings.losses
        for name, array in self.bank.state():
            yield f"bank.{name}", array

    def tell(self, hosts: Hosts) -> None:
        """Broadcast the state of host 0 to all hosts."""
        state = dict(self.state()) if hosts.rank == 0 else {}
        texts = {name: str(array) for name, array in state.items() if array.dtype.kind == "U"}
        shapes = {name: [array.shape, str(array.dtype)] for name, array in state.items() if name not in texts}
        texts, shapes = hosts.told_anything([texts, shapes])
        told = {name: np.array(text) for name, text in texts.items()}
        for name, (shape, kind) in shapes.items():
            told[name] = hosts.told(state.get(name, np.zeros(shape, kind))).astype(kind)
        if hosts.rank:
            self.keep(told["members"])
            self.resume(told)

    def resume(self, state: Mapping[str, Floats]) -> None:
        """Load the state of a training of the same shape; arrays are taken from `state` one at a time."""
        numbers = json.loads(str(state["numbers"]))
        self.epoch, self.best_epoch = numbers["epoch"], numbers["best_epoch"]
        self.stopping.optimum, self.stopping.idle = numbers["optimum"], numbers["idle"]
        if self.shuffler is not None:
            self.shuffler.bit_generator.state = numbers["shuffler"]
        self.recent, self.left = state["recent"], state["left"]
        self.told, self.history = state["told"], state["history"]
        best, values = state["best"], state["values"]
        self.best = best if best.size else None
        self.standings = Standings(values, state["losses"], self.stopping.maximise) if values.size else None
        self.bank.resume(state, "bank.")
