"""What a machine is measured by is what scikit-learn says, however the rows come."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as judge

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.measuring import metrics
from open_algorithms.factorization_machines.measuring.log_metrics import KINDS
from open_algorithms.factorization_machines.measuring.metrics import Measurement, measure_blocks, split_blocks
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float32s
from tests.factorization_machines.models import draw_model, draw_rows
from tests.learning.job.host_threads import run_hosts

ROWS = 300
X = draw_rows(ROWS)
CLASSIFIER, REGRESSOR = draw_model("binary_classifier"), draw_model("regressor")
GENERATOR = np.random.default_rng(3)
LABELS = (GENERATOR.random(ROWS) < CLASSIFIER.predict(X)["score"]).astype(np.float32)
TARGETS = (REGRESSOR.margins(X) + GENERATOR.normal(size=ROWS)).astype(np.float32)


def cut_blocks(y: Float32s, count: int, *, sparse: bool = False) -> list[Block]:
    parts = np.array_split(np.arange(ROWS), count)
    return [(as_csr(X[part]) if sparse else X[part], y[part]) for part in parts]


def by_name(found: Measurement) -> dict[str, float]:
    return {name: value for name, _, value in found.scores}


def test_a_classifier_is_measured_as_by_scikit_learn_and_the_originals_metrics_come_first() -> None:
    answer = CLASSIFIER.predict(X)
    score, label = answer["score"], answer["predicted_label"]
    expected = {
        "binary_classification_accuracy": judge.accuracy_score(LABELS, label),
        "binary_classification_cross_entropy": judge.log_loss(LABELS, score.astype(np.float64)),
        "binary_f_2.000": judge.fbeta_score(LABELS, label, beta=2.0),
        "precision": judge.precision_score(LABELS, label),
        "recall": judge.recall_score(LABELS, label),
        "roc_auc_score": judge.roc_auc_score(LABELS, score),
    }
    found = measure_blocks(CLASSIFIER, cut_blocks(LABELS, 4), f_beta=2.0)
    assert by_name(found) == pytest.approx(expected, rel=1e-6)
    assert list(by_name(found)) == list(expected)
    assert found.rows == ROWS
    assert found.calibration is not None
    assert 0 < found.calibration.value < 0.2


def test_a_regressor_is_measured_as_by_scikit_learn_and_the_originals_metrics_come_first() -> None:
    score = REGRESSOR.predict(X)["score"]
    expected = {
        "rmse": judge.root_mean_squared_error(TARGETS, score),
        "mse": judge.mean_squared_error(TARGETS, score),
        "absolute_loss": judge.mean_absolute_error(TARGETS, score),
        "r2": judge.r2_score(TARGETS, score),
    }
    found = measure_blocks(REGRESSOR, cut_blocks(TARGETS, 4))
    assert by_name(found) == pytest.approx(expected, rel=1e-6)
    assert list(by_name(found)) == list(expected)
    assert (found.rows, found.calibration) == (ROWS, None)


@pytest.mark.parametrize(("model", "y"), [(CLASSIFIER, LABELS), (REGRESSOR, TARGETS)], ids=["classifier", "regressor"])
def test_a_metric_that_the_log_defines_is_of_the_kind_that_it_says(model: FactorModel, y: Float32s) -> None:
    kinds = {
        name.replace("f_1.000", "f_beta"): kind for name, kind, _ in measure_blocks(model, cut_blocks(y, 2)).scores
    }
    expected = {name: kind for name, kind in KINDS.items() if name.startswith("binary") == (model is CLASSIFIER)}
    assert {name: kind for name, kind in kinds.items() if name in KINDS} == expected


def test_rows_are_measured_alike_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = by_name(measure_blocks(CLASSIFIER, cut_blocks(LABELS, 1)))
    assert by_name(measure_blocks(CLASSIFIER, cut_blocks(LABELS, 7, sparse=True))) == pytest.approx(whole, rel=1e-9)
    monkeypatch.setattr(metrics, "NUMBERS_AT_ONCE", 44)
    parts = list(split_blocks(cut_blocks(LABELS, 2), CLASSIFIER.num_factors + 1))
    assert {len(y) for _, y in parts[:-1]} == {11, 150 % 11}
    assert by_name(measure_blocks(CLASSIFIER, cut_blocks(LABELS, 2))) == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize(("model", "y"), [(CLASSIFIER, LABELS), (REGRESSOR, TARGETS)], ids=["classifier", "regressor"])
def test_hosts_measure_their_parts_as_one_host_measures_all(model: FactorModel, y: Float32s) -> None:
    blocks = cut_blocks(y, 6)

    def measure(hosts: Hosts) -> Measurement:
        return measure_blocks(model, blocks[hosts.rank :: 2], hosts=hosts)

    alone = measure_blocks(model, blocks)
    for found in run_hosts(2, measure):
        assert by_name(found) == pytest.approx(by_name(alone), rel=1e-9)
        assert found.rows == ROWS


def test_the_cross_entropy_of_a_row_that_is_surely_wrong_is_its_margin_and_not_infinite() -> None:
    sure = replace(CLASSIFIER, bias=-1000.0)
    found = measure_blocks(sure, [(np.zeros((2, 7), np.float32), np.array([1, 0], np.float32))])
    assert by_name(found)["binary_classification_cross_entropy"] == 500.0


def test_a_job_that_is_asked_to_stop_stops_while_it_measures() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_blocks(CLASSIFIER, cut_blocks(LABELS, 2), raise_if_stopped=stop)
