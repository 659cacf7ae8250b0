"""Compare default models with what a careful person fits to the same rows, on the test part of many data sets.

Arguments choose by parts of what is printed: `python -m benchmarks.optimum wine` or `... "drawn, with validation"`.
"""

import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.careful import (
    Answer,
    Measure,
    Predict,
    choose_by_folds,
    choose_by_validation,
    label_errors,
    log_losses,
    squared_errors,
)
from benchmarks.measure import Figure, is_chosen, run_benchmark
from benchmarks.problems import PROCESSORS
from benchmarks.sets import BINARY, MULTICLASS, REGRESSOR, SETS, Rows, Set, split_rows
from benchmarks.tables import METRICS, TABLES, train_table
from container.job.log import JobLog
from linear_learner.learn import fit
from open_algorithms.learning.options.selection import usual_selection
from open_algorithms.learning.types.arrays import Floats, Int64s
from open_algorithms.learning.work import Work

LOCAL = usual_selection({}, ("holdout", "folds"))  # what people get who train on their own machine
VALIDATED, ALONE, TWENTY = "with validation", "without validation", "twenty splits"
CHOSEN_BY: dict[str, Measure] = {REGRESSOR: squared_errors, BINARY: label_errors, MULTICLASS: log_losses}
JUDGED_BY: dict[str, tuple[Measure, ...]] = {
    REGRESSOR: (squared_errors,),
    BINARY: (label_errors,),
    MULTICLASS: (label_errors, log_losses),
}
LOSSES = {REGRESSOR: squared_errors, BINARY: log_losses, MULTICLASS: log_losses}
BY_LOSS = {"binary_classifier_model_selection_criteria": "loss_function"}
SPLITS = ((500, 10), (2000, 5), (20_000, 3), (10**9, 1))  # rows of a set, splits of the sets with fewer
CLIP = 20.0
WORSE = 3.0
SMALL = ("iris", "wine", "digits", "breast cancer", "diabetes")
SEEDED_TABLES = ("titanic", "telco", "credit")


@dataclass(frozen=True)
class Duel:
    """The losses of the same test rows, each (n,): of our model and of the peer's."""

    rows: Int64s
    ours: Floats
    peers: Floats


@dataclass(frozen=True)
class Excess:
    """By how many percent our test loss exceeds the peer's, and the standard error of that."""

    percent: float
    error: float

    @property
    def bound(self) -> float:
        """The largest excess that could be chance, beyond what is tolerated."""
        return WORSE + 2 * self.error


def learn(predictor_type: str, settings: Mapping[str, str], train: Rows, held: Rows | None) -> Predict:
    """Train by default; return the prediction of the model."""
    texts = {"predictor_type": predictor_type, **settings}
    if predictor_type == MULTICLASS:
        texts["num_classes"] = str(int(train[1].max()) + 1)
    channels = {"train": [train]} | ({} if held is None else {"validation": [held]})
    model = fit(Work(texts, channels, JobLog("algo-1", "Linear Learner", io.StringIO()))).model

    def predict(X: Floats) -> Answer:
        z = model.float64_margins(X)
        answer = model.predict_from_margins(z)
        return Answer(z, answer.get("predicted_label", answer["score"]))

    return predict


def compete(given: Set, way: str, seed: int) -> dict[str, Duel]:
    """Fit ours and the peer's to a split of a set; return the duels by measure."""
    X, y = given.load()
    kind = given.predictor_type
    train, held, asked = ((X[rows], y[rows]) for rows in split_rows(y, kind, seed))
    rows = split_rows(y, kind, seed)[2]
    if way == ALONE:
        both = (np.concatenate([train[0], held[0]]), np.concatenate([train[1], held[1]]))
        ours = learn(kind, LOCAL, both, None)
        peer = choose_by_folds(both, kind, CHOSEN_BY[kind])
    else:
        by_loss = way == TWENTY
        ours = learn(kind, BY_LOSS if by_loss and kind == BINARY else {}, train, held)
        peer = choose_by_validation(train, held, kind, (LOSSES if by_loss else CHOSEN_BY)[kind])
    measures = (LOSSES[kind],) if way == TWENTY else JUDGED_BY[kind]
    ours_said, peers_said = ours(asked[0]), peer(asked[0])
    return {
        measure.__name__.replace("_", " "): Duel(rows, measure(ours_said, asked[1]), measure(peers_said, asked[1]))
        for measure in measures
    }


def find_excess(duels: list[Duel], counted: bool) -> Excess:
    """Compare the losses of all test rows of all splits.

    The standard error is that of a ratio of means over paired rows; a row that several splits test counts once. Where
    errors are `counted`, each side has half of one more, so that none is a number to compare with, too.
    """
    rows = np.concatenate([duel.rows for duel in duels])
    ours = np.concatenate([duel.ours for duel in duels])
    peers = np.concatenate([duel.peers for duel in duels])
    more = 0.5 if counted else 0.0
    ratio = (ours.sum() + more) / (peers.sum() + more)
    residuals = np.bincount(rows, weights=ours - ratio * peers)
    return Excess(100 * (ratio - 1), 100 * float(np.sqrt((residuals**2).sum())) / (peers.sum() + more))


def count_splits(rows: int) -> int:
    """Return how many splits are measured of a set: more of a small one, whose test part says little."""
    return next(splits for most, splits in SPLITS if rows < most)


def excess_figures(pool: Executor) -> Iterator[Figure]:
    """Measure set after set with and without validation rows, then sum up."""
    waiting: list[tuple[Set, str, list[Future[dict[str, Duel]]]]] = []
    for given in SETS:
        for way in (VALIDATED, ALONE):
            if given.is_here and is_chosen(f"{given.name}, {way}"):
                seeds = range(count_splits(len(given.load()[1])))
                waiting.append((given, way, [pool.submit(compete, given, way, seed) for seed in seeds]))
    found: dict[tuple[str, str], dict[str, Excess]] = defaultdict(dict)
    for given, way, futures in waiting:
        duels = [future.result() for future in futures]
        for measure in duels[0]:
            excess = find_excess([duel[measure] for duel in duels], counted=measure == "label errors")
            found[f"{given.predictor_type}, {way}", measure][given.name] = excess
            what = f"{measure} above the peer's, standard error {excess.error:.2g}"
            yield Figure(f"{given.name}, {way}", what, excess.percent, "%", most=excess.bound)
    for (subject, measure), by_name in found.items():
        yield from sum_up(subject, measure, by_name)


def sum_up(subject: str, measure: str, by_name: Mapping[str, Excess]) -> Iterator[Figure]:
    """Tell the mean excess of a kind of sets, and which is the worst."""
    clipped = np.clip([excess.percent for excess in by_name.values()], -CLIP, CLIP)
    worst = max(by_name, key=lambda name: by_name[name].percent - by_name[name].bound)
    worse = sum(excess.percent > excess.bound for excess in by_name.values())
    yield Figure(subject, f"{measure} above the peer's, mean of {len(by_name)} sets", float(clipped.mean()), "%")
    yield Figure(subject, f"{measure}: sets that are worse by 3 % and two standard errors", float(worse), most=0)
    yield Figure(subject, f"{measure}: the worst, {worst}", by_name[worst].percent, "%", most=by_name[worst].bound)


def twenty_figures(pool: Executor) -> Iterator[Figure]:
    """Compare the test losses of small sets, means over twenty splits, both sides chosen by the validation loss."""
    ratios = []
    for given in [given for given in SETS if given.name in SMALL and is_chosen(f"{given.name}, {TWENTY}")]:
        duels = pool.map(partial(compete, given, TWENTY), range(20))
        losses = np.array([[duel.ours.mean(), duel.peers.mean()] for found in duels for duel in found.values()])
        difference = losses[:, 0] - losses[:, 1]
        ratios.append(losses[:, 0].mean() / losses[:, 1].mean())
        yield Figure(f"{given.name}, {TWENTY}", "mean test loss, of the peer's", ratios[-1])
        deviation = difference.std(ddof=1) / np.sqrt(len(difference))
        yield Figure(f"{given.name}, {TWENTY}", "paired difference, in standard errors", difference.mean() / deviation)
    if ratios:
        yield Figure(TWENTY, "mean test loss, of the peer's, geometric mean", float(np.exp(np.log(ratios).mean())))


def seed_figures() -> Iterator[Figure]:
    """Tell how much the test loss of tables depends on the seed."""
    kinds = json.loads((TABLES / "peers.json").read_text()) if TABLES.exists() else {}
    for name in [name for name in SEEDED_TABLES if name in kinds and is_chosen(f"{name}, seeds 0-4")]:
        losses = []
        for seed in range(5):
            with tempfile.TemporaryDirectory() as folder:
                scores = train_table(name, kinds[name], Path(folder, "model"), {"seed": str(seed)})
            losses.append(scores[METRICS[kinds[name]["kind"]]])
        yield Figure(f"{name}, seeds 0-4", "largest test log loss, of the least", max(losses) / min(losses))


def figures() -> Iterator[Figure]:
    """Measure all."""
    with ProcessPoolExecutor(PROCESSORS, get_context("spawn")) as pool:
        yield from excess_figures(pool)
        yield from twenty_figures(pool)
    yield from seed_figures()


if __name__ == "__main__":
    run_benchmark("Is the default model ever worse than what a careful person fits?", figures())
