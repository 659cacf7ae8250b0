"""Fit the estimator in a running process beside scikit-learn's LogisticRegressionCV, and import the package.

The rows are the 569 x 30 of scikit-learn's breast cancer data. The import is timed in processes of its own.
"""

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark, shortest_times, time_run

MOST_FIT_SECONDS = 0.2
MOST_IMPORT_SECONDS = 0.3
IMPORTS = 5
TIME_IMPORT = "import time; began = time.perf_counter(); import linear_learner; print(time.perf_counter() - began)"


def time_import() -> float:
    """Return the seconds that `import linear_learner` takes in a fresh process."""
    done = subprocess.run([sys.executable, "-c", TIME_IMPORT], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    return float(done.stdout)


def measure_fits() -> Iterator[Figure]:
    """Fit with the rows that are held out by default, and with none, beside LogisticRegressionCV in a pipeline."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from linear_learner import LinearLearnerClassifier

    X, y = load_breast_cancer(return_X_y=True)
    where = f"{len(X)} x {X.shape[1]}"
    yield Figure(
        where, "first fit, with the import of MXNet", time_run(lambda: LinearLearnerClassifier().fit(X, y)), "s"
    )
    rival = make_pipeline(
        StandardScaler(), LogisticRegressionCV(l1_ratios=(0,), use_legacy_attributes=False, scoring="accuracy")
    )
    times = shortest_times(
        {
            "second fit": lambda: LinearLearnerClassifier().fit(X, y),
            "second fit, holdout=0": lambda: LinearLearnerClassifier(holdout=0).fit(X, y),
            "LogisticRegressionCV": lambda: rival.fit(X, y),
        }
    )
    for name, seconds in times.items():
        yield Figure(where, name, seconds, "s", most=MOST_FIT_SECONDS if name.startswith("second") else None)
    yield Figure(where, "LogisticRegressionCV / second fit", times["LogisticRegressionCV"] / times["second fit"], "x")


def measure() -> Iterator[Figure]:
    """Measure what is asked for."""
    if is_chosen("import"):
        seconds = min(time_import() for _ in range(IMPORTS))
        yield Figure("import linear_learner", "fresh process", seconds, "s", most=MOST_IMPORT_SECONDS)
    if is_chosen("fit"):
        yield from measure_fits()


if __name__ == "__main__":
    run_benchmark("How long does a fit take in a running process, beside scikit-learn's?", measure())
