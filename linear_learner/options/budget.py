"""Memory budget: what a bank takes, and what remains for data."""

from dataclasses import dataclass

from linear_learner.options.candidates import candidate_count
from linear_learner.options.hyperparameters import Hyperparameters
from linear_learner.options.solved import solver_bytes
from open_algorithms.learning.engine.native.library import LANES
from open_algorithms.learning.job.errors import InputError

MAX_SCORED_ROWS, MAX_SCORED_MARGINS = 8192, 2**24  # the most rows and the most margins that are computed at once
LARGEST_TENSOR = 2**31 - 1  # elements that MXNet's wheels can index
DEFAULT_FREE_BYTES = 8 << 30  # bytes, where nobody says how many there are
USABLE_SHARE = 0.9  # of the free memory: estimates are rough
WORKING_BYTES = 48 << 20  # bytes: blocks that are read ahead, pieces that are scored
GRADIENT_COPIES = 10  # copies of a gradient between hosts: in the worker, in MXNet, in the server
ROLE_BYTES = 96 << 20  # bytes of a server and a scheduler beside the worker
RANKING_BYTES = 56  # of a row, to rank the scores of one model and cut them in two
FEWEST_BATCHES = 6  # mini-batches that there must be room for, one for each piece of a stream


@dataclass(frozen=True)
class Budget:
    """How the memory that is free at the start of a job, `free_bytes` on each host, is shared out.

    `host_count` is the number of hosts.
    """

    free_bytes: int = DEFAULT_FREE_BYTES
    host_count: int = 1

    @property
    def sample_bytes(self) -> int:
        """The number of bytes that the scaler's sample may take."""
        return self.free_bytes // 16

    def largest_width(self, hp: Hyperparameters) -> int:
        """Return the largest number of features for which the bank's weights would fit the memory."""
        columns = candidate_count(hp) * hp.outputs
        need = bank_bytes(1, columns, 0, 0, sparse=True) + self.exchange_bytes(columns)
        return min(LARGEST_TENSOR // columns, int(USABLE_SHARE * self.free_bytes) // need) - 1

    def calibration_rows(self, hp: Hyperparameters) -> int:
        """Return how many rows to calibrate thresholds on.

        The memory must hold a margin and its rank for every model and row.
        """
        room = self.free_bytes // 8 // (8 * candidate_count(hp) + RANKING_BYTES)
        return min(hp.selection.num_calibration_samples, max(1, room))

    def data_bytes(self, hp: Hyperparameters, features: int, rows: int, *, sparse: bool) -> int:
        """Return the bytes available for data with this many features.

        `rows`, the number read so far, bounds the mini-batch. Raises InputError where not even a few mini-batches fit
        next to the bank.
        """
        models, batch = candidate_count(hp), min(hp.batch.everywhere, rows)
        need = bank_bytes(models, hp.outputs, features, batch, sparse=sparse)
        need += self.exchange_bytes(models * hp.outputs * (features + 1)) + (ROLE_BYTES if self.host_count > 1 else 0)
        need += solver_bytes(hp, features)
        left = int(USABLE_SHARE * self.free_bytes) - need - WORKING_BYTES
        if hp.predictor_type == "binary_classifier":
            left -= self.free_bytes // 8
        row = 12 if sparse else 4 * (features + 2)
        if left < FEWEST_BATCHES * row * batch:
            raise InputError(
                f"{models} candidates of {hp.outputs} x {features} weights with mini-batches of {batch} rows need "
                f"about {need / 2**30:.2f} GiB beside the data, more than can be spared of the "
                f"{self.free_bytes / 2**30:.2f} GiB that there are. Lower num_models or mini_batch_size, or use "
                "a larger "
                "instance."
            )
        return left

    def exchange_bytes(self, weights: int) -> int:
        """Return the bytes needed to exchange a gradient of this many weights between hosts."""
        return 4 * GRADIENT_COPIES * weights if self.host_count > 1 else 0


def check_tensor_sizes(models: int, outputs: int, features: int, batch_size: int) -> None:
    """Raise InputError where the bank would need an array larger than MXNet can index."""
    largest = max(models * outputs * max(features + 1, batch_size), batch_size * (features + 1))
    if largest > LARGEST_TENSOR:
        raise InputError(
            f"{models} candidates of {outputs} x {features} weights with mini-batches of {batch_size} rows need an "
            f"array of {largest} numbers; MXNet holds {LARGEST_TENSOR}. Lower num_models or mini_batch_size."
        )


def scoring_chunk_rows(outputs: int) -> int:
    """Return how many rows to score at once, given the number of outputs of all models."""
    return max(1, min(MAX_SCORED_ROWS, MAX_SCORED_MARGINS // outputs))


def bank_bytes(models: int, outputs: int, features: int, batch_size: int, *, sparse: bool) -> int:
    """Estimate a bank's memory in bytes: weights, states and temporaries, a mini-batch, and what is scored at once."""
    columns = models * outputs
    weights = (8 * columns if sparse else 16 * LANES * -(-columns // LANES)) * (features + 1)
    rows = max(batch_size, scoring_chunk_rows(columns)) if batch_size else 0
    return 4 * (weights + (0 if sparse else batch_size * (features + 1)) + 6 * rows * columns)
