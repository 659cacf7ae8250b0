"""Rows that were predicted, and their tallies."""

from collections.abc import Mapping

import numpy as np

from open_algorithms.learning.measuring.metrics import BinaryTally, MulticlassTally, RegressorTally, Tally
from open_algorithms.learning.showing.quality.build import channel_quality, count_labels, usual_answer
from open_algorithms.learning.showing.quality.schema import Judgement, Quality
from open_algorithms.learning.types.arrays import Floats, Numbers

ROWS, THRESHOLD = 400, 0.4
KINDS = ("binary", "classes", "numbers")
CHANNELS = ("train", "test")
Predicted = tuple[Mapping[str, Numbers], Floats]


def predict_rows(kind: str, seed: int = 0) -> Predicted:
    """Return answers and labels of rows of two classes, of three, or whose labels are numbers."""
    generator = np.random.default_rng(seed)
    if kind == "numbers":
        y = generator.normal(size=ROWS).astype(np.float32)
        return {"score": (y + generator.normal(size=ROWS) / 4).astype(np.float32)}, y
    if kind == "classes":
        y = generator.integers(0, 3, ROWS).astype(np.float32)
        score = generator.dirichlet(np.ones(3), ROWS) + np.eye(3)[y.astype(int)] / 2
        return {"score": score.astype(np.float32), "predicted_label": score.argmax(axis=1)}, y
    score = generator.random(ROWS).astype(np.float32)
    y = (generator.random(ROWS) < score).astype(np.float32)
    return {"score": score, "predicted_label": (score.astype(np.float64) >= THRESHOLD).astype(np.int64)}, y


def tally_rows(kind: str, rows: Predicted) -> Tally:
    """Return the tally of rows."""
    answer, y = rows
    tally: Tally = RegressorTally()
    if kind != "numbers":
        tally = BinaryTally(1.0) if kind == "binary" else MulticlassTally(3, 1.0, 2)
    tally.add(y, answer)
    return tally


def judge_rows(kind: str, seed: int = 0) -> Quality:
    """Return how good the predictions of rows are."""
    tally = tally_rows(kind, predict_rows(kind, seed))
    return channel_quality(tally.metrics(), tally, THRESHOLD, is_probability=True, usual=usual_answer(tally))


def judge_channels(kind: str, *, classes: list[str] | None = None, label: str = "") -> Judgement:
    """Return how good predictions are on two channels, of which train has chosen the threshold."""
    seeds = {name: seed for seed, name in enumerate(CHANNELS)}
    counted = {name: count_labels(tally_rows(kind, predict_rows(kind, seed))) for name, seed in seeds.items()}
    channels = {name: judge_rows(kind, seed) for name, seed in seeds.items()}
    return Judgement(channels, counted, "train", classes, label)
