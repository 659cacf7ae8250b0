"""The bank: machines in groups, each in a thread of its own, over the same rows in the same order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import numpy as np

from open_algorithms.factorization_machines.machines.choice import choose_stepper
from open_algorithms.factorization_machines.machines.exchange import reduce_gradients
from open_algorithms.factorization_machines.machines.layout import Layout, count_blocks
from open_algorithms.factorization_machines.machines.machines import (
    TALLIES,
    Gradients,
    LabelledRows,
    Machines,
    Parameters,
    Stepper,
    StepRules,
    Task,
)
from open_algorithms.factorization_machines.options.candidates import Candidate
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.types.arrays import AnyArray, Float64s, Int32s

RUN_NUMBERS = 3e8  # numbers that are stepped between two looks at whether to stop

OVERHEAD_COLUMNS = 16  # columns that cost as much as all else of a value
Report = Callable[[int, Float64s], None]  # the mini-batches of an epoch so far, and the first machine's tallies of them


class EpochTally(NamedTuple):
    """The tally (7,) of a machine before its updates on so many rows, those that fill up mini-batches included."""

    values: Float64s
    rows: float


@dataclass
class Group:
    """Machines that one thread steps, and the tallies (M, 7) of the rows and mini-batches of the epoch so far."""

    machines: Machines
    stepper: Stepper
    tallies: Float64s = field(init=False)
    rows: int = 0
    batches: int = 0

    def __post_init__(self) -> None:
        self.tallies = np.zeros((self.machines.count, TALLIES))

    @property
    def numbers(self) -> list[int]:
        """The numbers of the candidates."""
        return [candidate.number for candidate in self.machines.layout.candidates]

    def run_rows(self, rows: LabelledRows) -> int:
        """Return how many rows to take between two looks at whether to stop: whole mini-batches."""
        values = 1 + len(rows.X.indices) / max(1, len(rows.y))
        batch = self.machines.batch_rows
        return batch * max(1, int(RUN_NUMBERS / values / (self.machines.layout.width + OVERHEAD_COLUMNS) / batch))

    def train(
        self, rows: LabelledRows, order: Int32s, raise_if_stopped: StopCheck, interval: int, report: Report | None
    ) -> None:
        """Train on mini-batches of rows in this order; report the epoch's first and each `interval`-th after it."""
        batch, done = self.machines.batch_rows, 0
        while done < len(order):
            raise_if_stopped()
            run = self.run_rows(rows)
            if report is not None:
                run = min(run, batch * (1 + -self.batches % interval))
            part = order[done : done + run]
            self.tallies += self.stepper.train(self.machines, rows, part)
            done += len(part)
            self.rows += len(part)
            self.batches += -(-len(part) // batch)
            if report is not None and (self.batches - 1) % interval == 0:
                report(self.batches - 1, self.tallies[0])

    def train_with_hosts(self, rows: LabelledRows, order: Int32s, hosts: Hosts) -> None:
        """Train on mini-batches that all hosts have a part of; return once no host has rows left."""
        batch, done = self.machines.batch_rows, 0
        while True:
            part = order[done : done + batch]
            own, tallies = self.no_gradients(), np.zeros_like(self.tallies)
            with hosts.stopping_together():
                if len(part):
                    own, tallies = self.stepper.sum_gradients(self.machines, rows, part)
            total, count = reduce_gradients(own, len(part), hosts)
            if not count:
                return
            self.tallies += tallies
            self.stepper.update(self.machines, total, count)
            done += len(part)
            self.rows += len(part)
            self.batches += 1

    def no_gradients(self) -> Gradients:
        """Return the gradient of no rows."""
        layout = self.machines.layout
        shapes = ((0,), (0, layout.width), (layout.linear_columns,))
        return Gradients(np.zeros(0, np.int32), *(np.zeros(shape, np.float32) for shape in shapes))


class Bank:
    """Candidates that learn from the same rows at once; `hosts` step together, group by group."""

    def __init__(self, groups: list[Group], threads: int = 1, hosts: Hosts = SINGLE_HOST) -> None:
        """Keep groups of machines, which so many threads step."""
        self.groups, self.threads, self.hosts = groups, threads, hosts

    @classmethod
    def start(
        cls,
        candidates: Sequence[Candidate],
        hp: Hyperparameters,
        task: Task,
        processors: int = 1,
        hosts: Hosts = SINGLE_HOST,
    ) -> "Bank":
        """Return a bank of candidates with their initial parameters."""
        steps = hp.steps
        rules = StepRules(
            **({} if steps.eps is None else {"epsilon": steps.eps}),
            **({} if steps.clip_gradient is None else {"clip": steps.clip_gradient}),
            rescale=steps.rescale_grad,
        )
        bank = cls([], processors, hosts)
        for own in divide_candidates(candidates, processors if hosts.count == 1 else 1):
            machines = Machines(Layout(tuple(own)), task, rules)
            machines.draw_start(hp)
            bank.groups.append(Group(machines, choose_stepper()))
        return bank

    @classmethod
    def hold(
        cls, candidates: Sequence[Candidate], parameters: Mapping[int, Parameters], task: Task, processors: int = 1
    ) -> "Bank":
        """Return a bank that scores rows by these parameters, of candidates by their numbers."""
        bank = cls([], processors)
        for own in divide_candidates(candidates, processors):
            machines = Machines(Layout(tuple(own)), task, StepRules())
            for place, candidate in enumerate(own):
                machines.hold(place, parameters[candidate.number])
            bank.groups.append(Group(machines, choose_stepper()))
        return bank

    @property
    def candidates(self) -> list[Candidate]:
        """The candidates, group by group."""
        return [candidate for group in self.groups for candidate in group.machines.layout.candidates]

    def begin_epoch(self) -> None:
        """Forget what was counted in the epoch before."""
        for group in self.groups:
            group.machines.begin_epoch()
            group.tallies[:], group.rows, group.batches = 0, 0, 0

    def train(
        self,
        rows: LabelledRows,
        orders: Callable[[int], Int32s],
        raise_if_stopped: StopCheck = never_stop,
        interval: int = 1,
        report: Report | None = None,
    ) -> None:
        """Train on rows in the order `orders(mini-batch size)`; `report` is called between those of the first group."""
        if self.hosts.count > 1:
            for group in self.groups:
                with self.hosts.stopping_together():
                    raise_if_stopped()
                group.train_with_hosts(rows, orders(group.machines.batch_rows), self.hosts)
            return
        reports: list[Report | None] = [report, *[None] * (len(self.groups) - 1)]
        with ThreadPoolExecutor(self.threads, "machines") as executor:
            running = [
                executor.submit(group.train, rows, orders(group.machines.batch_rows), raise_if_stopped, interval, own)
                for group, own in zip(self.groups, reports, strict=True)
            ]
            for one in running:
                one.result()

    def end_epoch(self) -> Mapping[int, EpochTally]:
        """Average over the epoch; return the tally of each candidate by its number, over all hosts' rows."""
        for group in self.groups:
            if group.machines.epoch_updates:
                group.stepper.average(group.machines)
        counted = [np.full((group.machines.count, 1), float(group.rows)) for group in self.groups]
        tallies = np.concatenate([np.concatenate([group.tallies for group in self.groups]), np.concatenate(counted)], 1)
        found = np.asarray(self.hosts.all_reduce(tallies), np.float64)
        numbers = (candidate.number for candidate in self.candidates)
        return {number: EpochTally(row[:-1], float(row[-1])) for number, row in zip(numbers, found, strict=True)}

    def score(self, X: Csr) -> Float64s:
        """Return the scores of rows X (n, d) in the label's units, or of a classifier before the link, (M, n)."""
        with ThreadPoolExecutor(self.threads, "machines") as executor:
            found = list(executor.map(lambda group: group.stepper.score(group.machines, X), self.groups))
        scaled = []
        for group, scores in zip(self.groups, found, strict=True):
            machines = group.machines
            scale, mean = machines.label_scales[: machines.count], machines.label_means[: machines.count]
            scaled.append(scores * scale[:, None].astype(np.float64) + mean[:, None])
        return np.concatenate(scaled)

    def parameters(self, number: int) -> Parameters:
        """Return the parameters to evaluate of a candidate, in the units that it learns labels in."""
        group = next(group for group in self.groups if number in group.numbers)
        return group.machines.evaluated(group.numbers.index(number))

    def keep(self, numbers: Sequence[int]) -> None:
        """Go on with these candidates only."""
        kept = []
        for group in self.groups:
            places = [place for place, number in enumerate(group.numbers) if number in numbers]
            if places and len(places) < group.machines.count:
                kept.append(Group(group.machines.kept(places), group.stepper))
            elif places:
                kept.append(group)
        self.groups = kept

    def state_arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield name and value of each array that training resumes from."""
        for place, group in enumerate(self.groups):
            yield f"groups.{place}", np.array(group.numbers)
            for name, array in group.machines.state_arrays():
                yield f"{place}.{name}", array

    def load_state(self, state: Mapping[str, AnyArray], prefix: str) -> None:
        """Load the state of the same bank; its names in `state` start with `prefix`."""
        for place, group in enumerate(self.groups):
            group.machines.load_state(state, f"{prefix}{place}.")


def divide_candidates(candidates: Sequence[Candidate], threads: int) -> Iterator[list[Candidate]]:
    """Yield groups of candidates of one size of mini-batches each, in about equal parts of the work of threads.

    The first group begins with the first candidate.
    """

    def order(candidate: Candidate) -> int:
        return candidate.number

    for _, same in groupby(candidates, key=lambda candidate: candidate.mini_batch_size):
        own = list(same)
        parts: list[list[Candidate]] = [[] for _ in range(min(threads, len(own)))]
        for candidate in sorted(own, key=lambda candidate: -candidate.num_factors):
            min(parts, key=lambda part: sum(1 + count_blocks(c.num_factors) for c in part)).append(candidate)
        yield from sorted((sorted(part, key=order) for part in parts), key=lambda part: order(part[0]))
