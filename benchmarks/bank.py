"""Time an epoch of the default bank of 32 candidates beside torch by hand, scikit-learn and the bare products.

Arguments select problems by a part of their names: `python -m benchmarks.bank 511`.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.pool import ThreadPool

from sklearn.linear_model import SGDClassifier

from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process, shortest_times, time_run
from benchmarks.problems import LEAST_SECONDS, default_candidates, draw_rows, make_epoch, make_rows
from benchmarks.products import Sizes, time_products
from linear_learner.options.candidates import Candidate

MODELS = 32
FITS = 4  # of scikit-learn's, which stand for all
THREADS = (1, 2)
BOUTS, REPEATS, PRODUCT_REPEATS = 3, 5, 2


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

    @property
    def steps(self) -> int:
        """Its mini-batches."""
        return -(-self.rows // self.batch)


PROBLEMS = (
    BankProblem(199_364, 30, 1000, rate=4e6, of_torch=1.5, of_sklearn=25),
    BankProblem(50_000, 784, 1000, of_torch=1.4, of_sklearn=10, products=0.65),
    BankProblem(50_000, 784, 200, of_torch=1.4, of_sklearn=10, products=0.65),
    BankProblem(20_000, 784, 1000, classes=10, of_torch=1.3, products=0.65),
    BankProblem(6_548, 20, 100, microseconds=120, of_torch=1.5),
    BankProblem(511, 15, 4, microseconds=120, of_torch=1.5),
)


def figures() -> Iterator[Figure]:
    """Measure shape after shape."""
    for shape in PROBLEMS:
        if is_chosen(shape.name):
            yield from measure_problem(shape)


def measure_problem(shape: BankProblem) -> Iterator[Figure]:
    """Measure one problem, in bouts: what has one of them to itself, another may be disturbed in."""
    banks = {"default bank": default_candidates(shape.batch, shape.classes), "Adam": [Candidate()] * MODELS}
    rows = make_rows(shape.rows, shape.features, shape.classes)
    epochs = {name: make_epoch(rows, shape.batch, settings, shape.classes) for name, settings in banks.items()}
    bouts = [time_bout(shape, banks, epochs) for _ in range(BOUTS)]
    best = {name: min(bout[name] for bout in bouts) for name in bouts[0]}
    steps, taken = shape.steps, best["default bank"]
    yield Figure(shape.name, "default bank", shape.rows / taken, "rows/s", least=shape.rate)
    yield Figure(shape.name, "default bank", taken / steps * 1e6, "us a batch", most=shape.microseconds)
    yield Figure(shape.name, "32 candidates of Adam", shape.rows / best["Adam"], "rows/s")
    products = find_fastest(best, "the two products")
    yield Figure(shape.name, products, best[products] / steps * 1e6, "us a batch")
    what = "the two products, of the default bank's time"
    yield Figure(shape.name, what, best[products] / taken, least=shape.products)
    for name in banks if find_spec("torch") else ():
        theirs = find_fastest(best, f"torch by hand, {name}")
        yield Figure(shape.name, theirs, shape.rows / best[theirs], "rows/s")
        least = shape.of_torch if name == "default bank" else None
        yield Figure(shape.name, f"{name}, our speed of torch's", best[theirs] / best[name], least=least)
    fits = find_fastest(best, "scikit-learn")
    yield Figure(shape.name, fits, best[fits], "s")
    yield Figure(shape.name, "our speed of scikit-learn's", best[fits] / taken, least=shape.of_sklearn)


def find_fastest(taken: Mapping[str, float], beginning: str) -> str:
    """Return the name with the least seconds of those that begin so."""
    return min((name for name in taken if name.startswith(beginning)), key=taken.__getitem__)


def time_bout(
    shape: BankProblem, banks: dict[str, list[Candidate]], epochs: Mapping[str, Callable[[], object]]
) -> dict[str, float]:
    """Time ours, and the references with each number of threads, torch and scikit-learn in processes of their own."""
    taken = shortest_times(epochs, REPEATS, LEAST_SECONDS)
    outputs = MODELS * (1 if shape.classes == 2 else shape.classes)
    products = time_products(Sizes(shape.steps, shape.batch, shape.features + 1, outputs), PRODUCT_REPEATS)
    taken |= {f"the two products by {way}": seconds for way, seconds in products.items()}
    for threads in THREADS:
        what = f"scikit-learn, SGDClassifier, one epoch {MODELS} times, threads: {threads}"
        taken[what] = run_in_process(threads, fit_seconds, shape, threads)
        if find_spec("torch"):
            theirs = run_in_process(threads, by_torch_seconds, shape, banks, threads)
            taken |= {f"torch by hand, {name}, threads: {threads}": seconds for name, seconds in theirs.items()}
    return taken


def by_torch_seconds(shape: BankProblem, banks: dict[str, list[Candidate]], threads: int) -> dict[str, float]:
    """Time the same banks, written by hand in torch."""
    from benchmarks.by_torch import epoch_seconds

    return epoch_seconds(shape.rows, shape.features, shape.batch, shape.classes, banks, threads, REPEATS)


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
