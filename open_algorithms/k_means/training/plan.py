"""What a job decides before its first pass, and holds to.

Tests: tests/k_means/training/test_fit.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assigner
from open_algorithms.k_means.assigning.choice import choose_assigner
from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.options.hyperparameters import Hyperparameters
from open_algorithms.learning.channels import Demand, read_channels
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.kept import ChannelRows, StreamedRows
from open_algorithms.learning.work import Work

SAMPLE_NUMBERS = 2_500_000  # numbers of the rows of a sample, about
FEWEST_SAMPLED, MOST_SAMPLED = 2_000, 20_000  # rows of it
EXACT_PASSES_HELD, EXACT_PASSES_STREAMED = 300, 5
NUMBERS_TO_SETTLE = 10_000_000  # of rows whose exact passes go on until nothing changes
TOLERANCE = 2e-4  # of the inertia, by which it must decrease in an exact pass of more rows
PRODUCTS_AT_ONCE = 2e9  # multiplications in an exact pass, up to which several runs of a number of clusters share it
COPIES = 6  # of centers in float64: moved, summed, packed, of several runs
ADVICE = "lower k or extra_center_factor, or use a larger instance"


@dataclass(frozen=True)
class Plan:
    """The work, its data, and what follows from both.

    `populations` are the rows of each channel over all hosts, to be passed over. `rows` is the number of those to train
    on, so far as it is known.
    """

    work: Work
    hp: Hyperparameters
    data: Mapping[str, ChannelRows]
    populations: Mapping[str, Population]
    assigner: Assigner
    rows: int

    @property
    def train(self) -> ChannelRows:
        """The rows to train on."""
        return self.data["train"]

    @property
    def batch_rows(self) -> int:
        """The rows that this host adds to a mini-batch."""
        return host_batch_rows(self.hp, self.work.hosts.count)

    @property
    def is_streamed(self) -> bool:
        """Whether some host reads its rows anew for every pass."""
        return bool(self.work.hosts.all_reduce_max(isinstance(self.train, StreamedRows)))

    def generator(self, phase: int) -> np.random.Generator:
        """Return the random numbers of a part of the job."""
        return np.random.default_rng([self.hp.seed, phase])

    @property
    def sample_rows(self) -> int:
        """The number of rows of the sample."""
        rows = self.train.head_rows
        numbers = max(1, rows.stored_numbers // max(1, len(rows)))
        widest = self.work.hosts.all_reduce_max(numbers)
        return int(np.clip(SAMPLE_NUMBERS // max(1, int(widest)), FEWEST_SAMPLED, MOST_SAMPLED))


def host_batch_rows(hp: Hyperparameters, hosts: int) -> int:
    """Return the rows that each host adds to a mini-batch of all."""
    return -(-hp.mini_batch_size // hosts)


def make_plan(work: Work, hp: Hyperparameters, *, keeps_flags: bool = False) -> Plan:
    """Read the channels, where features that are 0 or 1 may keep their unit.

    Raises InputError for data of which no clusters can be made.
    """
    demand = Demand(
        host_batch_rows(hp, work.hosts.count),
        partial(needed_bytes, hp),
        ADVICE,
        features=hp.feature_dim,
        normalize=bool(hp.normalize_data),
        keeps_flags=keeps_flags,
    )
    data = read_channels(work, demand)
    rows = int(work.hosts.all_reduce([data["train"].row_count])[0])
    is_streamed = work.hosts.all_reduce_max(isinstance(data["train"], StreamedRows))
    if rows < hp.ks[-1] and not is_streamed:
        raise InputError(
            f"k: expected at most as many clusters as there are rows, {rows:,}, found {hp.ks[-1]:,}. Lower k, or give "
            "more rows in the channel 'train'."
        )
    assigner = choose_assigner(work.processors)
    populations = {
        name: Population(channel.iterate_pieces, assigner, work.hosts, work.raise_if_stopped)
        for name, channel in data.items()
    }
    return Plan(work, hp, data, populations, assigner, rows)


def needed_bytes(hp: Hyperparameters, features: int, rows: int) -> int:
    """Return the bytes that clustering takes beside its data."""
    centers = hp.start_centers + 3 * sum(hp.ks)
    return 8 * COPIES * centers * features + 8 * SAMPLE_NUMBERS
