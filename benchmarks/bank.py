"""Time an epoch of the bank, 32 candidates, against the same step written in numpy, in the same run."""

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from linear_learner.bank import Bank
from linear_learner.batches import Rows, batch_table, epoch_order
from linear_learner.candidates import Candidate, candidates
from linear_learner.compiled import CompiledStep, ndarray, weight_gradient
from linear_learner.engine import mx
from linear_learner.hyperparameters import parse
from linear_learner.optimizers import EPSILON
from linear_learner.starting import start_weights

MODELS = 32
SHAPES = ((199_364, 30, 1000), (50_000, 784, 1000), (50_000, 784, 200), (6_548, 20, 100), (511, 15, 4))
REPEATS = 3


def make_rows(rows: int, features: int) -> Rows:
    """Draw standardised rows with random labels."""
    generator = np.random.default_rng(0)
    X = np.ones((rows + 1, features + 1), np.float32)
    X[:-1, :-1] = generator.standard_normal((rows, features), np.float32)
    X[-1] = 0
    y = np.append(generator.integers(0, 2, rows), 0).astype(np.float32)[:, None]
    weight = np.append(np.ones(rows), 0).astype(np.float32)[:, None]
    return Rows(X, y, weight)


def bank_seconds(rows: Rows, batch: int, settings: list[Candidate]) -> float:
    """Time one epoch of the bank, the best of a few."""
    start = start_weights(range(MODELS), 1, rows.features, seed=0, method="uniform", spread=0.07, bias=0.0)
    bank = Bank(settings, start, "logistic", batch)
    return best(lambda: bank.train(rows, epoch_order(len(rows), np.random.default_rng(0))))


def numpy_seconds(rows: Rows, batch: int) -> float:
    """Time the step of 32 Adam candidates written by hand, the best of a few epochs."""
    W = start_weights(range(MODELS), 1, rows.features, seed=0, method="uniform", spread=0.07, bias=0.0)[:, 0]
    first, second = np.zeros_like(W), np.zeros_like(W)
    rate = np.full((MODELS, 1), 0.005, np.float32)

    def epoch() -> None:
        nonlocal W, first, second
        lost = np.zeros(MODELS, np.float32)
        for chosen in batch_table(epoch_order(len(rows), np.random.default_rng(0)), batch):
            X, y = rows.X[chosen], rows.y[chosen]
            z = X @ W.T
            e = np.exp(-np.abs(z))
            lost += (np.maximum(z, 0) + np.log1p(e) - y * z).sum(axis=0)
            gradient = (np.where(z >= 0, 1, e) / (1 + e) - y).T @ X / np.float32(batch) + np.float32(1e-4) * W
            first = np.float32(0.9) * first + np.float32(0.1) * gradient
            second = np.float32(0.999) * second + np.float32(0.001) * gradient**2
            W -= rate * first / (np.sqrt(second) + np.float32(EPSILON))

    return best(epoch)


def products_seconds(rows: Rows, batch: int) -> float:
    """Time the two products of every step alone, by numpy or by MXNet, whichever is faster."""
    X = rows.X[:batch].copy()
    W = np.ones((MODELS, X.shape[1]), np.float32)
    z, gradient = np.empty((batch, MODELS), np.float32), np.empty_like(W)
    S = mx.sym
    slope, features, weights = map(S.Variable, ("slope", "X", "W"))
    product = S.FullyConnected(features, weights, num_hidden=MODELS, no_bias=True)
    results = {"z": product, "gradient": weight_gradient(S, slope, features, weights, product)}
    arrays = {"z": z, "gradient": gradient, "slope": z, "X": X, "W": W}
    step = CompiledStep(results, {name: ndarray(array.copy()) for name, array in arrays.items()})

    def by_numpy() -> None:
        for _ in range(-(-len(rows) // batch)):
            np.dot(X, W.T, out=z)
            np.dot(z.T, X, out=gradient)

    def by_mxnet() -> None:
        for _ in range(-(-len(rows) // batch)):
            step({})
        mx.nd.waitall()

    return min(best(by_numpy), best(by_mxnet))


def best(epoch: object) -> float:
    """Run a few epochs and return the shortest time."""
    assert callable(epoch)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        epoch()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Print one line a shape."""
    adam = [Candidate() for _ in range(MODELS)]
    default = candidates(parse({"predictor_type": "binary_classifier"}), rows=10**6, validated=True)
    print("rows x features, batch: rows/s of 32 Adam candidates, of the default bank, of numpy by hand; ratios")
    for count, features, batch in SHAPES:
        rows = make_rows(count, features)
        alike, mixed = bank_seconds(rows, batch, adam), bank_seconds(rows, batch, default)
        by_hand, products = numpy_seconds(rows, batch), products_seconds(rows, batch)
        print(
            f"{count} x {features}, {batch}: {count / alike:,.0f}, {count / mixed:,.0f}, {count / by_hand:,.0f}; "
            f"{by_hand / alike:.2f} x numpy, {by_hand / mixed:.2f} x numpy with the default bank, "
            f"{products / mixed:.0%} of its time are the two products",
            flush=True,
        )


if __name__ == "__main__":
    main()
