"""Frames of pandas, polars and pyarrow, with columns of any kind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest

from open_algorithms.estimators.fitting.progress import LearningWarning
from open_algorithms.estimators.inputs.frames import as_arrow, is_frame, is_matrix
from tests.estimators.examples import NAMES, NUMBERS, X, fit_quickly, weight_bits

COLUMNS = [f"c{i}" for i in range(30)]
FRAME = pd.DataFrame(X, columns=COLUMNS)
ROWS = 300
GENERATOR = np.random.default_rng(5)
TOWNS, GAPS = GENERATOR.choice(["Bern", "Basel", "Ulm"], ROWS), GENERATOR.random(ROWS) < 0.2
MIXED = pd.DataFrame(
    {
        "text": TOWNS,
        "string": pd.Series(TOWNS, dtype="string").mask(GAPS),
        "object": np.array([None if gap else 1 if i % 2 else "a" for i, gap in enumerate(GAPS)], object),
        "huge": np.array([10**20 + i % 3 for i in range(ROWS)], object),
        "category": pd.Categorical(TOWNS),
        "codes": pd.Categorical(GENERATOR.choice([8000, 9000], ROWS)),
        "bins": pd.cut(GENERATOR.normal(size=ROWS), [-9, -1, 0, 1]),
        "truths": pd.Categorical(GENERATOR.random(ROWS) < 0.5),
        "truth": GENERATOR.random(ROWS) < 0.5,
        "boolean": pd.Series(GENERATOR.random(ROWS) < 0.5, dtype="boolean").mask(GAPS),
        "whole": pd.Series(GENERATOR.integers(0, 9, ROWS), dtype="Int64").mask(GAPS),
        "gaps": np.where(GAPS, np.nan, GENERATOR.normal(size=ROWS)),
        "day": pd.date_range("2024-01-01", periods=ROWS, freq="D"),
        "zoned": pd.date_range("2024-01-01", periods=ROWS, freq="5h", tz="Europe/Zurich"),
        "lasted": pd.to_timedelta(GENERATOR.integers(0, 999, ROWS), unit="s"),
        "period": pd.period_range("2020-01", periods=ROWS, freq="D"),
    }
)
LABELS = np.where(GENERATOR.random(ROWS) < 0.5, "yes", "no")


@pytest.mark.parametrize(
    "convert",
    [
        pd.DataFrame.copy,
        pl.from_pandas,
        pyarrow.Table.from_pandas,
        pyarrow.RecordBatch.from_pandas,
        lambda frame: frame.astype("Float64"),
        lambda frame: frame.astype("float64[pyarrow]"),
    ],
    ids=["pandas", "polars", "pyarrow", "batch", "nullable", "arrow types"],
)
def test_a_frame_of_numbers_is_a_matrix_with_names(convert: Callable[[Any], Any]) -> None:
    frame, plain = convert(FRAME), fit_quickly()
    estimator = fit_quickly(frame)
    assert estimator.feature_names_in_.tolist() == COLUMNS
    assert (estimator.model_.recipe, [*estimator.model_.names]) == (None, COLUMNS)
    assert weight_bits(estimator) == weight_bits(plain)
    np.testing.assert_allclose(estimator.predict_proba(frame), plain.predict_proba(X), rtol=1e-12)


def test_a_frame_of_sparse_columns_is_a_matrix() -> None:
    estimator = fit_quickly(FRAME.astype(pd.SparseDtype("float64", 0.0)))
    np.testing.assert_allclose(estimator.decision_function(FRAME), fit_quickly().decision_function(X), atol=0.01)


def test_names_that_are_no_texts_are_no_names() -> None:
    estimator = fit_quickly(pd.DataFrame(X))
    assert not hasattr(estimator, "feature_names_in_")
    assert weight_bits(estimator) == weight_bits(fit_quickly())


@pytest.mark.parametrize("name", MIXED.columns)
def test_a_column_of_any_kind_is_learned_from(name: str) -> None:
    frame = MIXED[[name]].assign(number=GENERATOR.normal(size=ROWS))
    estimator = fit_quickly(frame, LABELS)
    assert estimator.model_.recipe is not None
    assert [one for one in estimator.coef_names_ if one.startswith(name)], estimator.coef_names_
    assert len(estimator.predict_proba(frame)) == ROWS


def test_what_is_declared_a_category_is_one() -> None:
    names = {*fit_quickly(MIXED, LABELS).coef_names_}
    assert {"codes=8000", "codes=9000", "category=Ulm", "bins=(-9, -1]"} < names
    assert "codes" not in names


def test_times_with_a_zone_count_as_they_are_written() -> None:
    estimator = fit_quickly(MIXED[["zoned"]], LABELS)
    expected = estimator.predict_proba(MIXED[["zoned"]])
    np.testing.assert_array_equal(estimator.predict_proba(MIXED[["zoned"]].astype(str)), expected)


@pytest.mark.parametrize("name", ["bins", "truths", "codes"])
def test_categories_are_known_again_as_texts(name: str) -> None:
    frame = MIXED[[name]].assign(number=GENERATOR.normal(size=ROWS))
    estimator = fit_quickly(frame, LABELS)
    texts = frame.assign(**{name: frame[name].astype(object).map(str, na_action="ignore")})
    np.testing.assert_array_equal(estimator.predict_proba(texts), estimator.predict_proba(frame))


def test_frames_of_pandas_polars_and_pyarrow_are_learned_alike() -> None:
    shared = MIXED[["text", "category", "truth", "whole", "gaps", "day", "zoned"]]
    expected = fit_quickly(shared, LABELS)
    for frame in (pl.from_pandas(shared), pyarrow.Table.from_pandas(shared)):
        found = fit_quickly(frame, LABELS)
        assert [*found.coef_names_] == [*expected.coef_names_]
        assert weight_bits(found) == weight_bits(expected)
        np.testing.assert_array_equal(expected.predict_proba(frame), found.predict_proba(shared))


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(NAMES, name="kind"),
        pd.Series(NAMES, name="kind", dtype="string"),
        pd.Series(pd.Categorical(NAMES), name="kind"),
        pl.Series("kind", NAMES),
        pl.Series("kind", NAMES, dtype=pl.Categorical),
    ],
    ids=["pandas", "strings", "categorical", "polars", "polars categorical"],
)
def test_labels_come_in_columns_too(labels: Any) -> None:
    estimator = fit_quickly(FRAME, labels)
    assert (estimator.classes_.tolist(), estimator.model_.label_name) == (["benign", "malignant"], "kind")
    assert weight_bits(estimator) == weight_bits(fit_quickly(y=NAMES))
    estimator = fit_quickly(FRAME, pyarrow.chunked_array([NAMES[:100].tolist(), NAMES[100:].tolist()]))
    assert weight_bits(estimator) == weight_bits(fit_quickly(y=NAMES))


def test_a_label_that_pandas_calls_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="Input y contains NaN or None: row 4 "):
        fit_quickly(FRAME, pd.Series(NAMES, dtype="string").mask(np.arange(569) == 4))


def test_a_label_that_is_called_as_a_column_gets_another_name() -> None:
    estimator = fit_quickly(MIXED, pd.Series(LABELS, name="text"))
    assert estimator.model_.recipe is not None
    assert estimator.model_.recipe.target is not None
    assert estimator.model_.recipe.target.name == "text #2"


def test_what_is_no_frame_is_none() -> None:
    for rows in (X, X.tolist(), pyarrow.array([1]), pl.Series([1]), "text", None):
        assert not is_frame(rows)
    for frame in (FRAME, pl.from_pandas(FRAME), pyarrow.Table.from_pandas(FRAME)):
        assert is_frame(frame)
        assert is_matrix(as_arrow(frame))


@pytest.mark.parametrize(
    "frame", [FRAME[:0], FRAME[[]], MIXED[:0], pl.from_pandas(FRAME[:0])], ids=lambda one: str(one.shape)
)
def test_a_frame_without_rows_or_columns_is_refused(frame: Any) -> None:
    with pytest.raises(ValueError, match=r"X has the shape \(.*\); expected at least one (row|column)"):
        fit_quickly(frame, LABELS[: len(frame)])


def test_a_frame_without_rows_is_not_answered() -> None:
    with pytest.raises(ValueError, match=r"X has the shape \(0, 16\); expected at least one row"):
        fit_quickly(MIXED, LABELS).predict(MIXED[:0])


def test_a_column_is_no_frame() -> None:
    with pytest.raises(ValueError, match="Expected a 2-dimensional container"):
        fit_quickly(FRAME["c0"], NUMBERS)


def test_a_column_that_is_left_out_is_told(caplog: pytest.LogCaptureFixture) -> None:
    frame = MIXED[["text", "gaps"]].assign(same=7, lists=[[1, 2]] * ROWS, unwanted=1)
    with caplog.at_level("INFO", "linear_learner"), pytest.warns(LearningWarning) as caught:
        estimator = fit_quickly(frame, LABELS, ignore=["unwanted"])
    assert {name.partition("=")[0] for name in estimator.coef_names_} == {"text", "gaps", "gaps (missing)"}
    assert [str(warning.message) for warning in caught] == [
        "The column 'same' is left out: it is the same in every row.",
        "The column 'lists' is left out: it is empty.",
    ]
    assert "Ulm" in caplog.text


def test_an_index_is_no_column() -> None:
    indexed = MIXED.set_index("text")
    assert "text" not in fit_quickly(indexed, LABELS).feature_names_in_
    estimator = fit_quickly(FRAME.set_index(FRAME.index[::-1]), NUMBERS)
    assert weight_bits(estimator) == weight_bits(fit_quickly())


@pytest.mark.parametrize("frame", [FRAME, MIXED[["text", "gaps"]]], ids=["numbers", "table"])
def test_blanks_around_names_are_left_out_as_of_a_file(frame: pd.DataFrame) -> None:
    labels = NAMES if frame is FRAME else MIXED["truth"]
    spaced = frame.rename(columns=lambda name: f" {name} ")
    found = fit_quickly(spaced, labels)
    assert [*found.coef_names_] == [*fit_quickly(frame, labels).coef_names_]
    np.testing.assert_array_equal(found.predict(spaced), fit_quickly(frame, labels).predict(frame))
