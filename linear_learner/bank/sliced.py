"""Candidates with mini-batches of different sizes: one bank for each size, behind the interface of one bank."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.native.dense import NativeDenseBank
from linear_learner.bank.native.sparse import NativeSparseBank
from linear_learner.bank.operators.dense import DenseBank
from linear_learner.bank.operators.sparse import SparseBank
from linear_learner.bank.updating.bank import Bank
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.native.library import Library, find_library
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Int64s, Numbers

Number = TypeVar("Number", bound=np.generic)


class Engine(NamedTuple):
    """What computes: the native library, or MXNet's operators where there is none, on so many processors."""

    library: Library | None = None
    processors: int = 1

    @property
    def name(self) -> str:
        """The name of the engine: results of different ones are equal within rounding only."""
        return "operators" if self.library is None else "native"

    def __str__(self) -> str:
        return "MXNet's operators" if self.library is None else f"the native library for {self.library.level}"


MXNET = Engine()


def choose_engine(processors: int, hosts: Hosts, *, is_sparse: bool) -> Engine:
    """Return the engine of this machine, the same on all hosts: of sparse rows on several hosts it is MXNet."""
    library = None if is_sparse and hosts.count > 1 else find_library()
    return Engine(None if hosts.all_reduce_max(library is None) else library, processors)


class SlicedBank:
    """One bank for each number of slices into which candidates divide a mini-batch.

    All banks see the same rows in the same order; all results are in the caller's order.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Float32s,
        objective: Objective,
        batch_size: int,
        *,
        is_sparse: bool = False,
        engine: Engine = MXNET,
        hosts: Hosts = SINGLE_HOST,
    ) -> None:
        """Set up the candidates as `DenseBank` does; every host has an equal part of the rows of a slice."""
        self.candidates, self.objective, self.shape = candidates, objective, start.shape[1:]
        self.batch_size, self.is_sparse, self.engine, self.hosts = batch_size, is_sparse, engine, hosts
        self.members: list[Int64s] = []
        self.batch_sizes: list[int] = []
        self.banks: list[Bank[AnyRows]] = []
        for slices in sorted({candidate.slices for candidate in candidates}):
            members = np.flatnonzero([candidate.slices == slices for candidate in candidates])
            size = -(-batch_size // (slices * hosts.count)) * hosts.count
            # l1 is divided by the rows of a gradient, and must end as what the user's mini-batch makes of it.
            alike = [replace(candidates[m], l1=candidates[m].l1 * size / batch_size) for m in members]
            self.members.append(members)
            self.batch_sizes.append(size)
            self.banks.append(self.make_bank(alike, start[members], objective.select_models(members), size))

    def make_bank(
        self, candidates: Sequence[Candidate], start: Float32s, objective: Objective, batch_size: int
    ) -> Bank[AnyRows]:
        """Set up the bank of the candidates with mini-batches of one size."""
        bank: Bank[DenseRows] | Bank[SparseRows]
        library, processors, hosts = self.engine.library, self.engine.processors, self.hosts
        given = candidates, start, objective, batch_size
        if library is None:
            make = SparseBank if self.is_sparse else DenseBank
            bank = make(*given, processors=processors, hosts=hosts)
        elif self.is_sparse:
            bank = NativeSparseBank(*given, library=library, processors=processors)
        else:
            bank = NativeDenseBank(*given, library=library, processors=processors, hosts=hosts)
        return cast(Bank[AnyRows], bank)  # the rows of a job are of one kind: that of its bank

    @property
    def models(self) -> int:
        """The number of candidates."""
        return len(self.candidates)

    @property
    def updates(self) -> int:
        """The number of updates of the candidates that have had the most."""
        return max((bank.updates for bank in self.banks), default=0)

    @property
    def rows_seen(self) -> int:
        """The number of rows seen in all updates, on all hosts, counting the last mini-batch of an epoch as full."""
        rows = sum(size * bank.updates for size, bank in zip(self.batch_sizes, self.banks, strict=True))
        return rows // max(1, len(self.banks))

    def train(self, rows: AnyRows, order: Int32s, raise_if_stopped: StopCheck = never_stop) -> Float64s:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, summed over rows, (M,).

        `raise_if_stopped` is called between runs of updates and may raise.
        """
        return self.train_epoch([(rows, order)], raise_if_stopped)

    def train_epoch(
        self, pieces: Iterable[tuple[AnyRows, Int32s]], raise_if_stopped: StopCheck = never_stop
    ) -> Float64s:
        """Train on pieces of rows, each with an order, until all hosts have run out of rows.

        Returns each model's loss before its updates, summed over this host's rows, (M,). With several banks all pieces
        are held at once: only small data is sliced. Where `raise_if_stopped` raises, here or on another host,
        HostsStopped is raised on all hosts at the same update.
        """
        if len(self.banks) > 1:
            pieces = list(pieces)
        lost = []
        for bank in self.banks:
            lost.append(np.zeros(bank.models))
            with self.hosts.stopping_together():
                for rows, order in pieces:
                    lost[-1] += bank.train(rows, order, raise_if_stopped)
                    del rows
            bank.join_updates()
        return self.merge_results(lost)

    def evaluate(
        self, rows: AnyRows, *, margin_rows: int = 0, raise_if_stopped: StopCheck = never_stop
    ) -> tuple[Float64s, Float32s]:
        """Return each model's summed loss, (M,), and the margins of the first rows, (M, margin_rows).

        See `DenseBank.evaluate`.
        """
        parts = [bank.evaluate(rows, margin_rows=margin_rows, raise_if_stopped=raise_if_stopped) for bank in self.banks]
        return self.merge_results([lost for lost, _ in parts]), self.merge_results([z for _, z in parts])

    def take_snapshot(self) -> Float32s:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        if not self.banks:
            return np.zeros((0, *self.shape), np.float32)
        return self.merge_results([bank.take_snapshot() for bank in self.banks])

    def restore_snapshot(self, snapshot: Float32s) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        for members, bank in zip(self.members, self.banks, strict=True):
            bank.restore_snapshot(snapshot[members])

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and copy of each array that training resumes from."""
        for i, bank in enumerate(self.banks):
            for name, array in bank.state_arrays():
                yield f"{i}.{name}", array

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        for i, bank in enumerate(self.banks):
            bank.load_state(state, f"{prefix}{i}.")

    def select_candidates(self, chosen: Int64s) -> "SlicedBank":
        """Return a bank of the chosen candidates, ascending, that continues from the state of this one."""
        start = np.zeros((len(chosen), *self.shape), np.float32)
        part = SlicedBank(
            [self.candidates[m] for m in chosen],
            start,
            self.objective.select_models(chosen),
            self.batch_size,
            is_sparse=self.is_sparse,
            engine=self.engine,
            hosts=self.hosts,
        )
        for members, new in zip(part.members, part.banks, strict=True):
            theirs, old = next(
                pair for pair in zip(self.members, self.banks, strict=True) if chosen[members[0]] in pair[0]
            )
            new.load_state(select_state(old, new, np.searchsorted(theirs, chosen[members])), "")
        return part

    def merge_results(self, parts: list[NDArray[Number]]) -> NDArray[Number]:
        """Merge the results of each bank's models, (M_b, ...), into the caller's order, (M, ...)."""
        result = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
        for members, part in zip(self.members, parts, strict=True):
            result[members] = part
        return result


def select_state(old: Bank[AnyRows], new: Bank[AnyRows], chosen: Int64s) -> dict[str, Numbers]:
    """Return the state of `new`, a bank of the models `chosen` from `old`, with the values that they have there."""
    theirs: dict[tuple[str, int], Numbers] = {}
    shared: dict[str, Numbers] = {}
    for name, array in old.state_arrays():
        if array.ndim < 2:
            shared[name] = array
        else:
            kind, models, axis = old.state_layout(name, array)
            parts = np.split(array, len(models), axis)
            theirs.update({(kind, m): part for m, part in zip(models, parts, strict=True)})
    state: dict[str, Numbers] = {}
    for name, array in new.state_arrays():
        if array.ndim < 2:
            state[name] = shared[name]
        else:
            kind, models, axis = new.state_layout(name, array)
            state[name] = np.concatenate([theirs[kind, chosen[m]] for m in models], axis)
    return state
