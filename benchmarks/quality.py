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
from benchmarks.measure import Figure, answer, apart, chosen, seconds
from benchmarks.problems import PROCESSORS
from container.job.log import Log
from linear_learner.training.fit import fit

SEEDS = range(5)
PEER_THREADS = 2
BINARY = {"predictor_type": "binary_classifier"}
DIGITS = BINARY | {"feature_dim": "784", "mini_batch_size": "200"}
CLASSIFIERS: dict[str, peers.Fits] = {
    "scikit-learn, LogisticRegression": peers.logistic_regression,
    "scikit-learn, SGDClassifier": peers.sgd_classifier,
    "LIBLINEAR": peers.liblinear,
    "Vowpal Wabbit": peers.vowpal_wabbit,
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
    Case("MNIST, is it a 0", data.is_zero, DIGITS, ACCURACY, "accuracy", CLASSIFIERS),
    Case("the same, no validation channel", data.is_zero, DIGITS, ACCURACY, "accuracy", {}, validated=False),
    Case("a9a", data.a9a, BINARY, ACCURACY, "accuracy", CLASSIFIERS),
    Case("a9a, F1", data.a9a, BINARY | F_BETA, "binary_f_1.000", "F1", CLASSIFIERS),
    Case("MNIST, ten classes", data.mnist, TEN, "multiclass_accuracy", "accuracy of classes", CLASSIFIERS),
    Case(
        "California housing",
        data.california,
        REGRESSOR,
        "mse",
        "squared error",
        {"scikit-learn, Ridge": peers.ridge},
    ),
    Case(
        "California housing, absolute",
        data.california,
        REGRESSOR | {"loss": "absolute_loss"},
        "absolute_loss",
        "absolute error",
        {"scikit-learn, QuantileRegressor": peers.quantile, "scikit-learn, SGDRegressor": peers.sgd_regressor},
    ),
)


def figures() -> Iterator[Figure]:
    """Measure case after case."""
    for case in CASES:
        if chosen(case.name):
            yield from measure(case)


def measure(case: Case) -> Iterator[Figure]:
    """Measure one case."""
    splits = case.load()
    if not case.validated:
        del splits["validation"]
    channels = {split: [(X, y)] for split, (X, y) in splits.items()}
    values, times = [], []
    for seed in SEEDS:
        log = io.StringIO()
        texts = case.hyperparameters | {"seed": str(seed)}
        job = partial(fit, texts, channels, Log("algo-1", "Linear Learner", log), processors=PROCESSORS)
        times.append(seconds(job))
        values.append(float(re.findall(rf"test {case.logged} <\w+>=(\S+)", log.getvalue())[-1]))
    yield Figure(case.name, f"test {case.metric}, mean over seeds 0-4", mean(values))
    yield Figure(case.name, "the least of them", min(values))
    yield Figure(case.name, "the most of them", max(values))
    yield Figure(case.name, "a fit of 32 candidates, mean", mean(times), "s")
    for name, fits in case.peers.items():
        value, taken = apart(PEER_THREADS, peers.fitted, fits, case.load, case.metric)
        yield Figure(case.name, f"{name}: test {case.metric}", value)
        yield Figure(case.name, f"{name}: its grid", taken, "s")


if __name__ == "__main__":
    answer("How good are the models of a job with defaults, beside tuned peers chosen on the same split?", figures())
