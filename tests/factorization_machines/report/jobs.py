"""Finished jobs whose reports the tests look at: small machines that know the truth of the rows, but for some noise."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.learn import fit
from open_algorithms.factorization_machines.measuring.metrics import Measurement, measure_blocks
from open_algorithms.factorization_machines.options.candidates import Candidate, build_candidates
from open_algorithms.factorization_machines.options.hyperparameters import parse_hyperparameters
from open_algorithms.factorization_machines.recommending.collecting import collect_seen
from open_algorithms.factorization_machines.recommending.pairs import choose_pair
from open_algorithms.factorization_machines.report.build import build_report
from open_algorithms.factorization_machines.report.schema import Report
from open_algorithms.factorization_machines.rows.units import Units
from open_algorithms.factorization_machines.training.result import Course, TrainingResult
from open_algorithms.learning.columns.recipe import CategoryColumn, NumberColumn, Recipe, Target
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Work
from tests.learning.job.recorder import Recorder

USERS, ITEMS, FACTORS = 30, 20, 4
COLUMNS = {"user": USERS, "item": ITEMS}
KINDS = ("binary_classifier", "regressor")
CHANNELS = {"train": 600, "validation": 150, "test": 200}
SECONDS = {"read": 0.25, "train": 1.5, "save": 0.125}
SHARES = {5: 0.5, 4: 0.3, 3: 0.2}  # of chosen candidates
NAMES = (*(f"user={i}" for i in range(USERS)), *(f"item={i}" for i in range(ITEMS)), "age")


def draw_truth(kind: str) -> FactorModel:
    """Return a machine of users, items and an age."""
    generator = np.random.default_rng(0)
    linear = generator.normal(0, 0.5, USERS + ITEMS + 1).astype(np.float32)
    factors = generator.normal(0, 0.8, (USERS + ITEMS + 1, FACTORS)).astype(np.float32)
    linear[-1] /= 20
    factors[-1] /= 20
    return FactorModel(kind, 0.25, linear, factors, names=NAMES, label_name="liked")


def draw_features(rows: int, seed: int) -> Float32s:
    """Return rows of a user, an item and an age."""
    generator = np.random.default_rng(seed)
    X = np.zeros((rows, USERS + ITEMS + 1), np.float32)
    X[np.arange(rows), generator.integers(0, USERS, rows)] = 1
    X[np.arange(rows), USERS + generator.integers(0, ITEMS, rows)] = 1
    X[:, -1] = generator.normal(40, 10, rows)
    return X


def draw_block(truth: FactorModel, rows: int, seed: int) -> Block:
    """Return rows of a user, an item and an age, and what the machine says of them, with some noise."""
    generator, X = np.random.default_rng([seed, 1]), draw_features(rows, seed)
    z = truth.margins(X)
    if truth.predictor_type == "regressor":
        return X, (z + generator.normal(0, 0.5, rows)).astype(np.float32)
    return X, (generator.random(rows) < 1 / (1 + np.exp(-z))).astype(np.float32)


def tabulate(model: FactorModel) -> FactorModel:
    """Return the machine as it is learned from a table, whose train rows it has seen."""
    users, items = (CategoryColumn(name, tuple(f"{name[0]}{i}" for i in range(n))) for name, n in COLUMNS.items())
    classes = () if model.predictor_type == "regressor" else ("no", "yes")
    recipe = Recipe((users, items, NumberColumn("age", 40.0)), Target("liked", classes))
    rows = draw_block(model, CHANNELS["train"], 0)
    return replace(model, names=recipe.feature_names, recipe=recipe, seen=collect_seen([rows], choose_pair(recipe)))


def measure_channels(model: FactorModel, channels: tuple[str, ...]) -> dict[str, Measurement]:
    """Return how good a machine is on the rows of some channels."""
    truth = draw_truth(model.predictor_type)
    return {
        name: measure_blocks(model, [draw_block(truth, CHANNELS[name], seed)])
        for seed, name in enumerate(CHANNELS)
        if name in channels
    }


def take_course(settings: Candidate, epochs: int, *, has_validation: bool) -> Course:
    """Return the course of a candidate: the later ones learn faster, and are worse on other rows in the end."""
    speed = 0.02 if settings.original else 0.1 + 0.02 * settings.number
    train = [0.3 + 0.5 * math.exp(-speed * epoch) for epoch in range(epochs)]
    other = [0.42 + 0.4 * math.exp(-speed * epoch) + 0.003 * speed * epoch**1.5 for epoch in range(epochs)]
    losses = other if has_validation else train
    best = int(np.argmin(losses)) if losses else None
    shares = SHARES if epochs else {5: 1.0}
    return Course(settings, train, other if has_validation else [], best, shares.get(settings.number, 0.0))


def take_job(
    kind: str = "binary_classifier",
    texts: dict[str, str] | None = None,
    channels: tuple[str, ...] = tuple(CHANNELS),
    epochs: int = 12,
    **more: Any,
) -> tuple[TrainingResult, Work]:
    """Return the result of a job and its work; `more` are other fields of the result."""
    texts = {"predictor_type": kind, "num_factors": "32", "epochs": "20", "num_models": "6", **(texts or {})}
    hp, truth = parse_hyperparameters(texts), draw_truth(kind)
    model = replace(truth, linear=truth.linear * np.float32(0.9), threshold=0.45)
    has_validation = "validation" in channels
    courses = [take_course(one, epochs, has_validation=has_validation) for one in build_candidates(hp, 600)]
    result = TrainingResult(
        model=model,
        hp=hp,
        courses=[replace(courses[0], share=1.0)] if len(courses) == 1 else courses,
        deciding_channel="validation" if has_validation else "train",
        held_out=0,
        is_refitted=False,
        epochs=epochs,
        objective=hp.objective,
        units=fit_example_units(truth),
        is_sparse=False,
        measurements=measure_channels(model, channels),
        was_stopped=False,
        host_count=1,
    )
    work = Work(texts, {}, Recorder(), seconds_by_part=SECONDS)
    return replace(result, **more), work


def train_job(kind: str, *, has_others: bool) -> tuple[TrainingResult, Work, Recorder]:
    """Train a job on the rows of the example, with channels to select and to measure on or without; return its log."""
    texts, truth, log = {"predictor_type": kind, "epochs": "8", "num_models": "4"}, draw_truth(kind), Recorder()
    names = tuple(CHANNELS) if has_others else ("train",)
    channels = {name: [draw_block(truth, CHANNELS[name], seed)] for seed, name in enumerate(names)}
    work = Work(texts, channels, log, seconds_by_part=SECONDS)
    return fit(work), work, log


def fit_example_units(truth: FactorModel) -> Units:
    """Return the units of the train rows."""
    ages = draw_features(CHANNELS["train"], 0)[:, -1]
    centers, sizes = np.zeros(truth.feature_dim, np.float32), np.ones(truth.feature_dim, np.float32)
    centers[-1], sizes[-1] = ages.mean(), ages.std()
    return Units(centers, sizes)


def make_report(kind: str = "binary_classifier", texts: dict[str, str] | None = None, **more: Any) -> Report:
    """Return the report of a job."""
    return build_report(*take_job(kind, texts, **more))


def make_table_report(kind: str = "binary_classifier") -> Report:
    """Return the report of a job on a table."""
    result, work = take_job(kind)
    return build_report(replace(result, model=tabulate(result.model)), work)
