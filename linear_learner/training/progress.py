"""The state of a bank's training from epoch to epoch, which a checkpoint holds and an interrupted job resumes from."""

import json
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field

import numpy as np

from linear_learner.bank.sliced import SlicedBank
from linear_learner.measuring.pruning import WINDOW, hopeless_candidates, is_worth_pruning
from linear_learner.measuring.standings import Standings
from linear_learner.solving.solver import Solver
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.measuring.thresholds import best_candidate
from open_algorithms.learning.training.stopping import EarlyStopping
from open_algorithms.learning.types.arrays import AnyArray, Floats, Int64s, Numbers

MAX_HISTORY = 2**17  # numbers that are kept of all epochs
SOLVER = "solver."  # what the names of its state begin with
ABSENT = np.empty(0, np.float32)  # stands for what there is not yet


@dataclass
class TrainingProgress:
    """A bank in training. `epoch` counts the finished epochs.

    `best_snapshot` holds the weights of the best epoch and `standings` the standings of its candidates on the
    validation channel. `active` (M,) are the numbers of the candidates that still train, and `recent_losses` (epochs,
    M) their latest losses. `epochs_until_pruned` (candidates,) is the number of epochs after which a candidate was
    pruned, 0 if it was not. `history` (recorded, 3, candidates) holds, for the epochs in `recorded_epochs`, the
    training loss, the validation loss and the criterion's value; NaN where there is none. All epochs are recorded
    until the history exceeds MAX_HISTORY numbers. `solver` solves further candidates once the epochs are over, from
    `solver_start` (K, d + 1), or `solver_state` where a checkpoint has one. Where they are looked at on the way,
    `solved` (S, K, d + 1) are their best weights so far and `solved_losses` (S,) the losses of these on the validation
    channel; in the end, `solved_train_losses` (S,) are those on the train channel. `update_seconds` and `check_seconds`
    are the durations of each epoch of this process.
    """

    bank: SlicedBank
    stopping: EarlyStopping
    shuffler: np.random.Generator | None
    solver_start: Floats
    epoch: int = 0
    best_snapshot: Floats | None = None
    best_epoch: int | None = None
    standings: Standings | None = None
    active: Int64s = field(init=False)
    recent_losses: Floats = field(init=False)
    epochs_until_pruned: Int64s = field(init=False)
    recorded_epochs: Int64s = field(init=False)
    history: Floats = field(init=False)
    solver: Solver | None = None
    solver_state: dict[str, Numbers] = field(default_factory=dict)
    solved: Floats | None = None
    solved_losses: Floats = field(default_factory=lambda: np.empty(0))
    solved_train_losses: Floats = field(default_factory=lambda: np.empty(0))
    update_seconds: list[float] = field(default_factory=list)
    check_seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.active = np.arange(self.bank.models)
        self.recent_losses = np.empty((0, self.bank.models))
        self.epochs_until_pruned = np.zeros(self.bank.models, np.int64)
        self.recorded_epochs = np.empty(0, np.int64)
        self.history = np.empty((0, 3, self.bank.models))

    @property
    def bank_size(self) -> int:
        """The number of candidates that the bank began with."""
        return len(self.epochs_until_pruned)

    @property
    def has_weights(self) -> bool:
        """Whether there is anything that could become a model."""
        return self.bank.updates > 0 or (self.solver is not None and self.solver.has_left_start)

    def finish_epoch(self, losses: Floats, standings: Standings | None, value: float) -> bool:
        """Record losses and standings of the active candidates (M,) and the epoch's criterion, and count the epoch.

        The weights of the best epoch so far are kept. Returns whether the value counts as an improvement.
        """
        improved = self.stopping.record_value(value)
        if value == self.stopping.optimum:
            self.best_snapshot, self.best_epoch, self.standings = self.bank.take_snapshot(), self.epoch, standings
        self.extend_history(losses, standings)
        self.epoch += 1
        return improved

    def extend_history(self, losses: Floats, standings: Standings | None) -> None:
        """Add losses and standings of the active candidates (M,) in this epoch to the history.

        Beyond MAX_HISTORY numbers, every other recorded epoch is dropped first, except the best one.
        """
        epoch = np.full((1, *self.history.shape[1:]), np.nan)
        epoch[0, 0, self.active] = losses
        if standings is not None:
            epoch[0, 1:, self.active] = np.stack([standings.losses, standings.values], axis=1)
        if self.history.size > MAX_HISTORY:
            kept = (np.arange(len(self.recorded_epochs)) % 2 == 0) | (self.recorded_epochs == self.best_epoch)
            self.recorded_epochs, self.history = self.recorded_epochs[kept], self.history[kept]
        self.recorded_epochs = np.append(self.recorded_epochs, self.epoch)
        self.history = np.concatenate([self.history, epoch])

    def prune_losers(self, losses: Floats, epochs_left: int, margins: int) -> Int64s:
        """Drop the candidates that can no longer win, if that saves enough work; return their numbers.

        `losses` (M,) are the validation losses after this epoch, in jobs where the loss decides. `epochs_left` epochs
        remain, each of `margins` margins for one candidate. The candidate that is best so far is never dropped.
        """
        self.recent_losses = np.concatenate([self.recent_losses, losses[None]])[-WINDOW - 1 :]
        leaving = hopeless_candidates(self.recent_losses, epochs_left)
        if self.standings is not None:
            first = best_candidate(self.standings.values, self.standings.losses, maximise=False)
            leaving &= np.arange(len(leaving)) != first
        if not is_worth_pruning(int(leaving.sum()), len(leaving), margins, epochs_left):
            return self.active[:0]
        left_behind = self.active[leaving]
        self.epochs_until_pruned[left_behind] = self.epoch
        self.keep_candidates(np.flatnonzero(~leaving))
        return left_behind

    def keep_candidates(self, chosen: Int64s) -> None:
        """Continue with the active candidates at the places `chosen` only."""
        if len(chosen) == len(self.active):
            return
        if self.best_snapshot is not None:
            self.best_snapshot = self.best_snapshot[chosen]
        if self.standings is not None:
            standings = self.standings
            self.standings = Standings(standings.values[chosen], standings.losses[chosen], standings.maximise)
        self.bank = self.bank.select_candidates(chosen)
        self.active, self.recent_losses = self.active[chosen], self.recent_losses[:, chosen]

    def state_arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield name and value of each array that training resumes from; none has dtype object."""
        numbers = {
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "optimum": self.stopping.optimum,
            "idle": self.stopping.idle_epochs,
            "shuffler": None if self.shuffler is None else self.shuffler.bit_generator.state,
        }
        yield "numbers", np.array(json.dumps(numbers))
        yield "members", self.active
        yield "recent", self.recent_losses
        yield "left", self.epochs_until_pruned
        yield "told", self.recorded_epochs
        yield "history", self.history
        yield "best", ABSENT if self.best_snapshot is None else self.best_snapshot
        yield "values", ABSENT if self.standings is None else self.standings.values
        yield "losses", ABSENT if self.standings is None else self.standings.losses
        for name, array in self.bank.state_arrays():
            yield f"bank.{name}", array
        yield "solved", ABSENT if self.solved is None else self.solved
        yield "solved_losses", self.solved_losses
        solving = self.solver_state.items() if self.solver is None else self.solver.state_arrays()
        for name, array in solving:
            yield f"{SOLVER}{name}", array

    def check_state(self, state: Mapping[str, AnyArray]) -> None:
        """Raise ValueError where `state` lacks an array that training resumes from."""
        if "members" not in state:
            raise ValueError("members is missing")
        alike = copy(self)
        alike.keep_candidates(state["members"])
        if missing := {name for name, _ in alike.state_arrays()} - {*state}:
            raise ValueError(f"{min(missing)} is missing")

    def broadcast_state(self, hosts: Hosts) -> None:
        """Broadcast the state of host 0 to all hosts."""
        state = dict(self.state_arrays()) if hosts.rank == 0 else {}
        texts = {name: str(array) for name, array in state.items() if array.dtype.kind == "U"}
        shapes = {name: [array.shape, str(array.dtype)] for name, array in state.items() if name not in texts}
        texts, shapes = hosts.broadcast_json([texts, shapes])
        told = {name: np.array(text) for name, text in texts.items()}
        for name, (shape, kind) in shapes.items():
            told[name] = hosts.broadcast(state.get(name, np.zeros(shape, kind))).astype(kind)
        if hosts.rank:
            self.load_state(told)

    def load_state(self, state: Mapping[str, AnyArray]) -> None:
        """Load the state of a training of the same job; arrays are taken from `state` one at a time."""
        self.keep_candidates(state["members"])
        numbers = json.loads(str(state["numbers"]))
        self.epoch, self.best_epoch = numbers["epoch"], numbers["best_epoch"]
        self.stopping.optimum, self.stopping.idle_epochs = numbers["optimum"], numbers["idle"]
        if self.shuffler is not None:
            self.shuffler.bit_generator.state = numbers["shuffler"]
        self.recent_losses, self.epochs_until_pruned = state["recent"], state["left"]
        self.recorded_epochs, self.history = state["told"], state["history"]
        best, values = state["best"], state["values"]
        self.best_snapshot = best if best.size else None
        self.standings = Standings(values, state["losses"], self.stopping.maximise) if values.size else None
        self.bank.load_state(state, "bank.")
        self.solved, self.solved_losses = state["solved"] if state["solved"].size else None, state["solved_losses"]
        self.solver_state = {name.removeprefix(SOLVER): state[name] for name in state if name.startswith(SOLVER)}
