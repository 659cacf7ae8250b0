"""Train with defaults on the real data sets, seeds 0 to 4, and measure the test split, beside peers on the same splits.

Arguments choose among the cases by a part of their names: `python -m benchmarks.quality a9a`.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import mean

from benchmarks import data, peers
from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process, time_run
from benchmarks.problems import PROCESSORS
from container.job.log import JobLog
from linear_learner.learn import fit
from open_algorithms.learning.work import Work

SEEDS = range(5)
PEER_THREADS = 2
BINARY = {"predictor_type": "binary_classifier"}
DIGITS = BINARY | {"feature_dim": "784", "mini_batch_size": "200"}
CLASSIFIERS: dict[str, peers.Fits] = {
    "scikit-learn, LogisticRegression": peers.fit_logistic_regression,
    "scikit-learn, SGDClassifier": peers.fit_sgd_classifier,
    "LIBLINEAR": peers.fit_liblinear,
    "Vowpal Wabbit": peers.fit_vowpal_wabbit,
}


@dataclass(frozen=True)
class Case:
    """A data set, a job on it, the metric of its log and of the peers."""

    name: str
    load: Callable[[], dict[str, data.Split]]
    hyperparameters: dict[str, str]
    logged: str
    metric: str
    peers: dict[str, peers.Fits]
    validated: bool = True


ACCURACY, F_BETA = "binary_classification_accuracy", {"binary_classifier_model_selection_criteria": "f_beta"}
TEN = {"predictor_type": "multiclass_classifier", "num_classes": "10"}
REGRESSOR = {"predictor_type": "regressor"}
CASES = (
    Case("MNIST, is it a 0", data.load_is_zero, DIGITS, ACCURACY, "accuracy", CLASSIFIERS),
    Case("the same, no validation channel", data.load_is_zero, DIGITS, ACCURACY, "accuracy", {}, validated=False),
    Case("a9a", data.load_a9a, BINARY, ACCURACY, "accuracy", CLASSIFIERS),
    Case("a9a, F1", data.load_a9a, BINARY | F_BETA, "binary_f_1.000", "F1", CLASSIFIERS),
    Case("MNIST, ten classes", data.load_mnist, TEN, "multiclass_accuracy", "accuracy of classes", CLASSIFIERS),
    Case(
        "California housing",
        data.load_california,
        REGRESSOR,
        "mse",
        "squared error",
        {"scikit-learn, Ridge": peers.fit_ridge},
    ),
    Case(
        "California housing, absolute",
        data.load_california,
        REGRESSOR | {"loss": "absolute_loss"},
        "absolute_loss",
        "absolute error",
        {"scikit-learn, QuantileRegressor": peers.fit_quantile, "scikit-learn, SGDRegressor": peers.fit_sgd_regressor},
    ),
)


def figures() -> Iterator[Figure]:
    """Measure case after case."""
    for case in CASES:
        if is_chosen(case.name):
            yield from measure_case(case)


def measure_case(case: Case) -> Iterator[Figure]:
    """Measure one case."""
    splits = case.load()
    if not case.validated:
        del splits["validation"]
    channels = {split: [(X, y)] for split, (X, y) in splits.items()}
    values, times = [], []
    for seed in SEEDS:
        log = io.StringIO()
        texts = case.hyperparameters | {"seed": str(seed)}
        work = Work(texts, channels, JobLog("algo-1", "Linear Learner", log), processors=PROCESSORS)
        times.append(time_run(partial(fit, work)))
        values.append(float(re.findall(rf"test {case.logged} <\w+>=(\S+)", log.getvalue())[-1]))
    yield Figure(case.name, f"test {case.metric}, mean over seeds 0-4", mean(values))
    yield Figure(case.name, "the least of them", min(values))
    yield Figure(case.name, "the most of them", max(values))
    yield Figure(case.name, "a fit of 32 candidates, mean", mean(times), "s")
    for name, fits in case.peers.items():
        value, taken = run_in_process(PEER_THREADS, peers.fit_and_measure, fits, case.load, case.metric)
        yield Figure(case.name, f"{name}: test {case.metric}", value)
        yield Figure(case.name, f"{name}: its grid", taken, "s")


if __name__ == "__main__":
    run_benchmark(
        "How good are the models of a job with defaults, beside tuned peers chosen on the same split?", figures()
    )
