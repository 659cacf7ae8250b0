"""The finished model is calibrated and measured in one pass over rows that need not fit in memory."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linear_learner.measuring.final import SCORES_AT_ONCE, CalibrationRows, calibrate_model, compute_metrics
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from open_algorithms.learning.measuring.tallies import RANKED_ROWS
from open_algorithms.learning.rows.csr import compress_matrix
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Floats
from tests.chance import draw_examples
from tests.learning.job.recorder import Recorder

ROWS = 300
HYPERPARAMETERS = {
    "binary_classifier": {"predictor_type": "binary_classifier"},
    "multiclass_classifier": {"predictor_type": "multiclass_classifier", "num_classes": "3"},
    "regressor": {"predictor_type": "regressor"},
}
SPLITS = st.lists(st.integers(1, ROWS - 1), max_size=6, unique=True).map(sorted)


def finished(predictor: str, rows: int = ROWS) -> tuple[LinearModel, Hyperparameters, Floats, Floats]:
    """Return a model, its hyperparameters and rows that it is right about more often than not."""
    generator = np.random.default_rng(5)
    hp = parse_hyperparameters(HYPERPARAMETERS[predictor])
    weight = generator.normal(size=(4, hp.outputs)).astype(np.float32)
    model = LinearModel(predictor, hp.objective.loss, weight, np.zeros(hp.outputs, np.float32))
    X = (generator.normal(size=(rows, 4)) * (generator.random((rows, 4)) < 0.5)).astype(np.float32)
    z = X @ weight + generator.normal(size=(rows, hp.outputs))
    y = {"binary_classifier": z[:, 0] > 0, "multiclass_classifier": z.argmax(axis=1), "regressor": z[:, 0]}[predictor]
    return model, hp, X, y.astype(np.float32)


def parts(X: Floats, y: Floats, splits: list[int], *, sparse: bool = False) -> Iterator[Block]:
    for rows in np.split(np.arange(len(y)), splits):
        yield compress_matrix(X[rows]) if sparse else X[rows], y[rows]


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
@draw_examples(10)
@given(splits=SPLITS, sparse=st.booleans())
def test_scores_do_not_depend_on_how_the_rows_come(predictor: str, splits: list[int], sparse: bool) -> None:
    model, hp, X, y = finished(predictor)
    weights = None if predictor == "regressor" else np.array([1.0, 3.0, 0.5])
    whole = compute_metrics(model, [(X, y)], hp, weights).scores
    found = compute_metrics(model, parts(X, y, splits, sparse=sparse), hp, weights).scores
    assert [score[:2] for score in found] == [score[:2] for score in whole]
    expected = pytest.approx([score[2] for score in whole], rel=1e-6 if sparse else 1e-8)
    assert [score[2] for score in found] == expected


@pytest.mark.parametrize("predictor", ["binary_classifier", "multiclass_classifier"])
def test_class_weights_count_in_the_objective_and_not_in_the_log_loss(predictor: str) -> None:
    model, hp, X, y = finished(predictor)
    weights = np.array([1.0, 3.0, 0.5])
    scores = compute_metrics(model, [(X, y)], hp, weights).scores
    p = model.predict(X)["score"].astype(np.float64)
    p = np.stack([1 - p, p], axis=1) if p.ndim == 1 else p
    losses = -np.log(p[np.arange(ROWS), y.astype(int)])
    assert scores[0][2] == pytest.approx((losses * weights[y.astype(int)]).mean(), rel=1e-5)
    assert scores[-2][:2] == (predictor.replace("classifier", "log_loss"), "score")
    assert scores[-2][2] == pytest.approx(losses.mean(), rel=1e-5)


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_scoring_four_times_the_rows_takes_no_more_memory(predictor: str) -> None:
    model, hp, X, y = finished(predictor, 2**15)

    def peak(blocks: int) -> int:
        tracemalloc.start()
        compute_metrics(model, ((X, y) for _ in range(blocks)), hp, None)
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    blocks = 4 if predictor == "regressor" else 1 + RANKED_ROWS // len(y)
    assert peak(4 * blocks) < 1.1 * peak(blocks)


def test_a_block_with_many_scores_is_measured_in_pieces() -> None:
    classes, rows = 1000, 4000
    assert classes * rows > SCORES_AT_ONCE
    hp = parse_hyperparameters({"predictor_type": "multiclass_classifier", "num_classes": str(classes)})
    generator = np.random.default_rng(6)
    weight = generator.normal(size=(2, classes)).astype(np.float32)
    model = LinearModel("multiclass_classifier", hp.objective.loss, weight, np.zeros(classes, np.float32))
    X = generator.normal(size=(rows, 2)).astype(np.float32)
    y = model.predict(X)["predicted_label"].astype(np.float32)
    tracemalloc.start()
    scores = {name: value for name, _, value in compute_metrics(model, [(X, y)], hp, None).scores}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert scores["multiclass_accuracy"] == 1
    assert peak < 8 * classes * rows


class Pipe:
    """Blocks that come one by one from a writer that must be let go."""

    def __init__(self, X: Floats, y: Floats, rows: int) -> None:
        self.X, self.y, self.rows = X, y, rows
        self.read = 0
        self.closed = False

    def blocks(self) -> Iterator[Block]:
        try:
            for first in range(0, len(self.y), self.rows):
                self.read += 1
                yield self.X[first : first + self.rows], self.y[first : first + self.rows]
        finally:
            self.closed = True


@pytest.mark.parametrize(("samples", "read"), [(100, 2), (101, 3), (10_000, 6)])
def test_calibration_reads_no_more_blocks_than_it_needs_and_lets_the_writer_go(samples: int, read: int) -> None:
    model, hp, X, y = finished("binary_classifier")
    hp = parse_hyperparameters(
        HYPERPARAMETERS["binary_classifier"]
        | {"binary_classifier_model_selection_criteria": "f_beta", "num_calibration_samples": str(samples)}
    )
    pipe = Pipe(X, y, 50)
    stream = pipe.blocks()
    threshold = calibrate_model(model, stream, hp, Recorder()).threshold
    assert (pipe.read, pipe.closed) == (read, True)
    assert threshold == calibrate_model(model, [(X[:samples], y[:samples])], hp, Recorder()).threshold


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_calibration_keeps_to_what_there_is_memory_for(sparse: bool) -> None:
    model, _, X, y = finished("binary_classifier")
    hp = parse_hyperparameters(
        HYPERPARAMETERS["binary_classifier"] | {"binary_classifier_model_selection_criteria": "accuracy"}
    )
    y = np.where(np.arange(ROWS) < 60, y, 1 - y)
    found = calibrate_model(model, parts(X, y, [40], sparse=sparse), hp, Recorder(), CalibrationRows(60)).threshold
    assert found == pytest.approx(calibrate_model(model, [(X[:60], y[:60])], hp, Recorder()).threshold, rel=1e-6)
    assert found != pytest.approx(calibrate_model(model, [(X, y)], hp, Recorder()).threshold, rel=1e-3)


@pytest.mark.parametrize("predictor", ["multiclass_classifier", "regressor"])
def test_a_model_without_a_threshold_reads_nothing_to_calibrate(predictor: str) -> None:
    model, hp, X, y = finished(predictor)
    pipe = Pipe(X, y, 50)
    assert calibrate_model(model, pipe.blocks(), hp, Recorder()) == model
    assert pipe.read == 0
