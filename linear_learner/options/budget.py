"""Memory budget: what a bank takes, and what remains for data."""

from dataclasses import dataclass

from linear_learner.options.candidates import model_count
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.errors import InputError

SCORED_ROWS, SCORES = 8192, 2**24  # the most rows and the most margins that are computed at once
LARGEST_TENSOR = 2**31 - 1  # elements that MXNet's wheels can index
PLENTY = 8 << 30  # bytes, where nobody says how many there are
SAFE = 0.9  # of the free memory: estimates are rough
WORKING = 48 << 20  # bytes: blocks that are read ahead, pieces that are scored
EXCHANGED = 10  # copies of a gradient between hosts: in the worker, in MXNet, in the server
ROLES = 96 << 20  # bytes of a server and a scheduler beside the worker
RANKED_BYTES = 56  # of a row, to rank the scores of one model and cut them in two
FEWEST_BATCHES = 6  # mini-batches that there must be room for, one for each piece of a stream


@dataclass(frozen=True)
class Budget:
    """How the memory that is free at the start of a job, `free_bytes` on each host, is shared out.

    `host_count` is the number of hosts.
    """

    free: int = PLENTY
    hosts: int = 1

    @property
    def sample(self) -> int:
        """The number of bytes that the scaler's sample may take."""
        return self.free // 16

    def widest(self, hp: Hyperparameters) -> int:
        """Return the largest number of features for which the bank's weights would fit the memory."""
        columns = model_count(hp) * hp.outputs
        need = bank_bytes(1, columns, 0, 0, sparse=True) + self.exchange_bytes(columns)
        return min(LARGEST_TENSOR // columns, int(SAFE * self.free) // need) - 1

    def judged_rows(self, hp: Hyperparameters) -> int:
        """Return how many rows to calibrate thresholds on.

        The memory must hold a margin and its rank for every model and row.
        """
        return min(hp.num_calibration_samples, max(1, self.free // 8 // (8 * model_count(hp) + RANKED_BYTES)))

    def data(self, hp: Hyperparameters, features: int, rows: int, *, sparse: bool) -> int:
        """Return the bytes available for data with this many features.

        `rows`, the number read so far, bounds the mini-batch. Raises InputError where not even a few mini-batches fit
        next to the bank.
        """
        models, batch = model_count(hp), min(hp.mini_batch_size, rows)
        need = bank_bytes(models, hp.outputs, features, batch, sparse=sparse)
        need += self.exchange_bytes(models * hp.outputs * (features + 1)) + (ROLES if self.hosts > 1 else 0)
        left = int(SAFE * self.free) - need - WORKING
        if hp.predictor_type == "binary_classifier":
            left -= self.free // 8
        row = 12 if sparse else 4 * (features + 2)
        if left < FEWEST_BATCHES * row * batch:
            raise InputError(
                f"{models} candidates of {hp.outputs} x {features} weights with mini-batches of {batch} rows need "
                f"about {need / 2**30:.2f} GiB beside the data, more than can be spared of the "
                f"{self.free / 2**30:.2f} GiB that there are. Lower num_models or mini_batch_size, or use a larger "
                "instance."
            )
        return left

    def exchange_bytes(self, weights: int) -> int:
        """Return the bytes needed to exchange a gradient of this many weights between hosts."""
        return 4 * EXCHANGED * weights if self.hosts > 1 else 0


def check_tensors(models: int, outputs: int, features: int, batch: int) -> None:
    """Raise InputError where the bank would need an array larger than MXNet can index."""
    largest = max(models * outputs * max(features + 1, batch), batch * (features + 1))
    if largest > LARGEST_TENSOR:
        raise InputError(
            f"{models} candidates of {outputs} x {features} weights with mini-batches of {batch} rows need an "
            f"array of {largest} numbers; MXNet holds {LARGEST_TENSOR}. Lower num_models or mini_batch_size."
        )


def scored_rows(outputs: int) -> int:
    """Return how many rows to score at once, given the number of outputs of all models."""
    return max(1, min(SCORED_ROWS, SCORES // outputs))


def bank_bytes(models: int, outputs: int, features: int, batch: int, *, sparse: bool) -> int:
    """Estimate a bank's memory in bytes: weights, states and temporaries, a mini-batch, and what is scored at once."""
    columns = models * outputs
    weights = (8 if sparse else 16) * columns * (features + 1)
    rows = max(batch, scored_rows(columns)) if batch else 0
    return 4 * (weights + (0 if sparse else batch * (features + 1)) + 6 * rows * columns)
