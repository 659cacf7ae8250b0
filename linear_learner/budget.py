"""Memory arithmetic: what a bank takes, and what is left to hold data in."""

from dataclasses import dataclass

from linear_learner.candidates import model_count
from linear_learner.errors import InputError
from linear_learner.hyperparameters import Hyperparameters

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
    """How the memory that is free when a job begins is shared out; `free` in bytes, here, on one of so many hosts."""

    free: int = PLENTY
    hosts: int = 1

    @property
    def sample(self) -> int:
        """Return how many bytes the scaler's sample may take."""
        return self.free // 16

    def widest(self, hp: Hyperparameters) -> int:
        """Return the most features that the bank's weights leave room for, whatever else there is."""
        columns = model_count(hp) * hp.outputs
        need = bank_bytes(1, columns, 0, 0, sparse=True) + self.exchange_bytes(columns)
        return min(LARGEST_TENSOR // columns, int(SAFE * self.free) // need) - 1

    def judged_rows(self, hp: Hyperparameters) -> int:
        """Return from how many rows thresholds are calibrated: a margin and its rank for every model and row."""
        return min(hp.num_calibration_samples, max(1, self.free // 8 // (8 * model_count(hp) + RANKED_BYTES)))

    def data(self, hp: Hyperparameters, features: int, rows: int, *, sparse: bool) -> int:
        """Return the bytes that there are for data of so many features; `rows` that were read show how few there are.

        Raises InputError where not even a few mini-batches fit beside the bank.
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
        """Return what a gradient of so many weights takes on its way between hosts."""
        return 4 * EXCHANGED * weights if self.hosts > 1 else 0


def check_tensors(models: int, outputs: int, features: int, batch: int) -> None:
    """Refuse a bank whose arrays are larger than MXNet can index."""
    largest = max(models * outputs * max(features + 1, batch), batch * (features + 1))
    if largest > LARGEST_TENSOR:
        raise InputError(
            f"{models} candidates of {outputs} x {features} weights with mini-batches of {batch} rows need an "
            f"array of {largest} numbers; MXNet holds {LARGEST_TENSOR}. Lower num_models or mini_batch_size."
        )


def scored_rows(outputs: int) -> int:
    """Return how many rows are scored at once, given the outputs of all models."""
    return max(1, min(SCORED_ROWS, SCORES // outputs))


def bank_bytes(models: int, outputs: int, features: int, batch: int, *, sparse: bool) -> int:
    """Estimate the memory of a bank: weights with states and temporaries, a mini-batch and what is scored at once."""
    columns = models * outputs
    weights = (8 if sparse else 16) * columns * (features + 1)
    rows = max(batch, scored_rows(columns)) if batch else 0
    return 4 * (weights + (0 if sparse else batch * (features + 1)) + 6 * rows * columns)
