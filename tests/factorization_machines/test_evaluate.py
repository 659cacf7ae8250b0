"""A finished machine is measured on a channel as a job measures it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.evaluate import measure_model
from open_algorithms.factorization_machines.measuring.metrics import measure_blocks
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Floats
from open_algorithms.learning.work import ColumnRequest, Columns, Work
from tests.factorization_machines.models import KINDS, draw_model, draw_rows, move_centers
from tests.learning.job.recorder import Recorder

X = draw_rows(60)
Y = (np.arange(60) % 3 == 0).astype(np.float32)


def measure(model: FactorModel, features: Any, labels: Floats = Y, shift: Any = None) -> dict[str, float]:
    def read_columns(request: ColumnRequest) -> Columns:
        assert request.may_shift == model.exact
        return Columns(shift=shift)

    work = Work({}, {"data": [(features, labels)]}, Recorder(), read_columns=read_columns)
    return {name: value for name, _, value in measure_model(model, work)}


@pytest.mark.parametrize("kind", KINDS)
def test_its_metrics_are_those_of_its_blocks(kind: str) -> None:
    model = draw_model(kind)
    expected = {name: value for name, _, value in measure_blocks(model, [(X, Y)]).scores}
    assert measure(model, X) == expected
    assert measure(model, as_csr(X)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_shifted_as_an_exact_machine_lets_them_be_are_measured_as_they_were(kind: str) -> None:
    shift = np.array([1e3, -7, 0, 0.5, 30, 0, 2])
    exact = move_centers(draw_model(kind)).absorb_shift(-shift)
    far = X.astype(np.float64) + shift
    expected = {name: value for name, _, value in measure_blocks(exact, [(far, Y)]).scores}
    assert measure(exact, X, shift=shift) == pytest.approx(expected, rel=1e-5)


def test_the_f_score_has_the_beta_of_the_job() -> None:
    model = draw_model("binary_classifier")
    found = measure(replace(model, settings={"f_beta": "2.5"}), X)
    expected = {name: value for name, _, value in measure_blocks(model, [(X, Y)], f_beta=2.5).scores}
    assert found["binary_f_2.500"] == expected["binary_f_2.500"]
    assert "binary_f_1.000" in measure(model, X)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "auto", ""])
def test_a_beta_that_is_no_number_above_0_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=f"say f_beta '{text}'; expected a number above 0"):
        measure(replace(draw_model("binary_classifier"), settings={"f_beta": text}), X)


def test_labels_and_widths_that_do_not_fit_the_machine_are_refused() -> None:
    with pytest.raises(InputError, match="row 3: expected a label among the integers 0 to 1, found 2"):
        measure(draw_model("binary_classifier"), X, np.where(np.arange(60) == 2, 2, Y).astype(np.float32))
    with pytest.raises(InputError, match="expected 8 features a row, found 7"):
        measure(draw_model(features=8), X)
    assert measure(draw_model("regressor"), X, 2 * Y)
