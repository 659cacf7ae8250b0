"""Time an epoch of the default bank of 32 candidates beside torch by hand, scikit-learn and the bare products.

Arguments select problems by a part of their names: `python -m benchmarks.bank 511`.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.pool import ThreadPool

from sklearn.linear_model import SGDClassifier

from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process, shortest_times, time_run
from benchmarks.problems import default_candidates, draw_rows, make_epoch, make_rows
from benchmarks.products import products_seconds
from linear_learner.options.candidates import Candidate

MODELS = 32
FITS = 4  # of scikit-learn's, which stand for all
THREADS = (1, 2)
REPEATS = 5


@dataclass(frozen=True)
class BankProblem:
    """A problem and the bounds on its results: rows a second, microseconds a batch, ratios of speed."""

    rows: int
    features: int
    batch: int
    classes: int = 2
    rate: float | None = None
    microseconds: float | None = None
    of_torch: float | None = None
    of_sklearn: float | None = None
    products: float | None = None

    @property
    def name(self) -> str:
        """Name it."""
        classes = f", {self.classes} classes" if self.classes > 2 else ""
        return f"{self.rows:,} x {self.features}{classes}, batch {self.batch}"


PROBLEMS = (
    BankProblem(199_364, 30, 1000, rate=4e6, of_torch=0.8, of_sklearn=25),
    BankProblem(50_000, 784, 1000, of_sklearn=10, products=0.6),
    BankProblem(20_000, 784, 1000, classes=10, products=0.7),
    BankProblem(6_548, 20, 100, microseconds=120, of_torch=1 / 1.5),
    BankProblem(511, 15, 4, microseconds=120, of_torch=1 / 1.5),
)


def figures() -> Iterator[Figure]:
    """Measure shape after shape."""
    for shape in PROBLEMS:
        if is_chosen(shape.name):
            yield from measure_problem(shape)


def measure_problem(shape: BankProblem) -> Iterator[Figure]:
    """Measure one problem; torch and scikit-learn run in processes of their own, with their best number of threads."""
    banks = {"default bank": default_candidates(shape.batch, shape.classes), "Adam": [Candidate()] * MODELS}
    rows = make_rows(shape.rows, shape.features, shape.classes)
    epochs = {name: make_epoch(rows, shape.batch, settings, shape.classes) for name, settings in banks.items()}
    ours = shortest_times(epochs, REPEATS)
    steps, taken = -(-shape.rows // shape.batch), ours["default bank"]
    yield Figure(shape.name, "default bank", shape.rows / taken, "rows/s", least=shape.rate)
    yield Figure(shape.name, "default bank", taken / steps * 1e6, "us a batch", most=shape.microseconds)
    yield Figure(shape.name, "32 candidates of Adam", shape.rows / ours["Adam"], "rows/s")
    outputs = MODELS * (1 if shape.classes == 2 else shape.classes)
    products = products_seconds(steps, shape.batch, shape.features + 1, outputs, REPEATS)
    yield Figure(shape.name, "the two products, of the default bank's time", products / taken, least=shape.products)
    if find_spec("torch"):
        from benchmarks.by_torch import epoch_seconds

        sizes = shape.rows, shape.features, shape.batch, shape.classes
        runs = {threads: run_in_process(threads, epoch_seconds, *sizes, banks, threads, REPEATS) for threads in THREADS}
        for name in banks:
            best = min(THREADS, key=lambda threads: runs[threads][name])
            theirs, what = runs[best][name], f"torch by hand, {name}, threads: {best}"
            yield Figure(shape.name, what, shape.rows / theirs, "rows/s")
            least = shape.of_torch if name == "default bank" else None
            yield Figure(shape.name, f"{name}, our speed of torch's", theirs / ours[name], least=least)
    else:
        print("    torch is left out: it is not installed here")
    fits = {threads: run_in_process(threads, fit_seconds, shape, threads) for threads in THREADS}
    best = min(fits, key=fits.__getitem__)
    what = f"scikit-learn, SGDClassifier, one epoch {MODELS} times, threads: {best}"
    yield Figure(shape.name, what, fits[best], "s")
    yield Figure(shape.name, "our speed of scikit-learn's", fits[best] / taken, least=shape.of_sklearn)


def fit_seconds(shape: BankProblem, threads: int) -> float:
    """Time FITS fits of one epoch, `threads` at a time; return the estimate for all MODELS."""
    warnings.simplefilter("ignore")
    X, y = draw_rows(shape.rows, shape.features, shape.classes)

    def fit_once(seed: int) -> None:
        SGDClassifier(loss="log_loss", max_iter=1, tol=None, random_state=seed).fit(X, y)

    with ThreadPool(threads) as pool:
        return min(time_run(lambda: pool.map(fit_once, range(FITS), 1)) for _ in range(2)) * MODELS / FITS


if __name__ == "__main__":
    run_benchmark("How fast is an epoch of the default bank of 32 candidates?", figures())
