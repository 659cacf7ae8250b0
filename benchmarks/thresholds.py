"""Calibrate thresholds on few rows, as a job does and at the best of these rows, and measure both on many new rows."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import data
from benchmarks.measure import Figure, run_benchmark
from open_algorithms.learning.measuring.smoothing import smooth_threshold
from open_algorithms.learning.measuring.thresholds import (
    Criterion,
    Cuts,
    accuracy_at_cuts,
    calibrate_threshold,
    enumerate_cuts,
    f_beta_at_cuts,
)
from open_algorithms.learning.types.arrays import Floats

Rows = tuple[Floats, Floats]  # scores and labels
CRITERIA: dict[str, Criterion] = {"accuracy": accuracy_at_cuts, "F1": partial(f_beta_at_cuts, beta=1.0)}
COUNTS = (30, 100, 300, 1000, 3000, 10_000)
SPLITS, DRAWS = 5, 40
NEW_SHARE = 0.4  # of the rows, at least


def draw_normal(rows: int, features: int, positives: float, distance: float, flipped: float = 0.0) -> data.Split:
    """Draw two normal classes, `distance` apart, and flip a share of the labels."""
    generator = np.random.default_rng(0)
    label = generator.random(rows) < positives
    X = generator.standard_normal((rows, features))
    X[:, 0] += distance * label
    return X, (label ^ (generator.random(rows) < flipped)).astype(np.float32)


def score_rows(split: data.Split, fitted: int, seed: int, **kinds: object) -> Rows:
    """Fit so many rows, drawn by the seed; return the scores and labels of the others."""
    X, y = split
    order = np.random.default_rng(seed).permutation(len(y))
    hinge = kinds.pop("loss", None) == "hinge"
    model = SGDClassifier(alpha=1e-3, random_state=0) if hinge else LogisticRegression(max_iter=300, **kinds)
    pipeline = make_pipeline(StandardScaler(), model).fit(X[order[:fitted]], y[order[:fitted]])
    others = X[order[fitted:]]
    score = pipeline.decision_function(others) + 0.5 if hinge else pipeline.predict_proba(others)[:, 1]
    return score.astype(np.float32), y[order[fitted:]].astype(np.float32)


def load_problems() -> Mapping[str, Callable[[int], Rows]]:
    """Return by name what scores rows that were not fitted, by a seed; no split for tests is touched."""
    X, y = load_breast_cancer(return_X_y=True)
    census, digits = data.load_a9a()["train"], data.load_mnist()["train"]
    is_eight = digits[0][:20_000], digits[1][:20_000] == 8
    rare, even = draw_normal(50_000, 10, 0.02, 2.5), draw_normal(50_000, 50, 0.5, 2.0)
    return {
        "breast cancer": partial(score_rows, (X, 1 - y), 150),
        "a9a": partial(score_rows, census, 3000),
        "a9a, balanced class weights": partial(score_rows, census, 3000, class_weight="balanced"),
        "a9a, hinge loss": partial(score_rows, census, 3000, loss="hinge"),
        "a9a, overfitted": partial(score_rows, census, 300, C=100),
        "MNIST, is it an 8": partial(score_rows, is_eight, 2000, C=0.01),
        "normal, 2 % positive": partial(score_rows, rare, 3000),
        "normal, overfitted": partial(score_rows, even, 80, C=1000),
        "normal, 30 % flipped": partial(score_rows, draw_normal(50_000, 10, 0.5, 2.0, 0.3), 500),
    }


def value_at(cuts: Cuts, threshold: float, criterion: Criterion) -> float:
    """Return the criterion's value at a threshold."""
    return float(criterion(cuts).value[np.searchsorted(-cuts.scores, -np.float32(threshold), side="right")])


def measure_regrets(scored: list[Rows], count: int, criterion: Criterion) -> tuple[float, float]:
    """Return the mean regret on new rows of the smooth and of the plain threshold of `count` rows."""
    regrets = []
    for draw in range(DRAWS):
        score, label = scored[draw % len(scored)]
        order = np.random.default_rng([count, draw]).permutation(len(label))
        few, many = order[:count], order[count:]
        new = enumerate_cuts(score[many], label[many])
        found = (find(score[few], label[few], criterion).threshold for find in (smooth_threshold, calibrate_threshold))
        best = criterion(new).value.max()
        regrets.append([best - value_at(new, threshold, criterion) for threshold in found])
    smooth, plain = np.mean(regrets, axis=0)
    return float(smooth), float(plain)


def figures() -> Iterator[Figure]:
    """Measure both criteria at every number of rows, over all problems that have enough."""
    scored = {name: [score(seed) for seed in range(SPLITS)] for name, score in load_problems().items()}
    for name, criterion in CRITERIA.items():
        for count in COUNTS:
            enough = {p: rows for p, rows in scored.items() if count <= (1 - NEW_SHARE) * len(rows[0][1])}
            regrets = {p: measure_regrets(rows, count, criterion) for p, rows in enough.items()}
            smooth, plain = np.mean([*regrets.values()], axis=0)
            subject = f"{name}, {count:,} rows"
            excess = {p: ours - best for p, (ours, best) in regrets.items()}
            worst = max(excess, key=excess.__getitem__)
            yield Figure(subject, f"regret of the best of these rows, mean of {len(regrets)} problems", plain)
            yield Figure(subject, "regret of ours", smooth)
            yield Figure(subject, "ours, of the other", smooth / plain, most=1.0)
            yield Figure(subject, f"ours less the other, where it is worst: {worst}", excess[worst])


if __name__ == "__main__":
    run_benchmark("How good is a threshold on new rows, by the rows that it is calibrated on?", figures())
