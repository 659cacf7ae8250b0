"""What is odd about first rows is said, and of ordinary ones nothing."""

import numpy as np
import pytest

from container.rows.oddities import find_oddities

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(200, 3))
Y = GENERATOR.integers(0, 2, 200).astype(float)
COUNTS = np.arange(200)


def with_column(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return np.column_stack([X[:, 0], values, X[:, 1]])


def oddities(X: object, y: object = Y, names: tuple[str, ...] = (), may_be_header: bool = True) -> list[str]:
    return list(find_oddities(X, y, names, may_be_header))


@pytest.mark.parametrize(
    "column",
    [
        X[:, 2],
        np.exp(3 * X[:, 2]),
        Y,
        np.zeros(200),
        GENERATOR.poisson(0.05, 200),
        2000 + COUNTS % 20,
        np.where(COUNTS < 3, 1e6, 0),
        np.sort(X[:, 2]),
    ],
)
def test_of_ordinary_columns_nothing_is_said(column: object) -> None:
    assert oddities(with_column(np.asarray(column))) == []


def test_a_column_that_counts_the_rows_is_named() -> None:
    (said,) = oddities(with_column(COUNTS + 7))
    assert said == "column 3 counts the rows, as an index does. If it is one, leave it out"
    (said,) = oddities(with_column(COUNTS), names=("a", "id", "b"))
    assert said.startswith("column 'id' counts the rows")


def test_a_label_that_counts_the_rows_is_told_shuffled_or_not() -> None:
    (said,) = oddities(X, COUNTS)
    assert said.startswith(
        "the label, column 1, counts the rows, as an index does. If it is one, write the data without"
    )
    (said,) = oddities(X, GENERATOR.permutation(COUNTS))
    assert said.startswith("the label, column 1, has a whole number of its own for each row, as an index or an id does")
    assert oddities(X, GENERATOR.normal(size=200)) == []
    assert oddities(X, 1000.0 * GENERATOR.permutation(10**6)[:200]) == []


def test_a_value_that_stands_for_a_missing_one_is_told() -> None:
    time = 1.6e9 + 3.0 * COUNTS + GENERATOR.random(200)
    time[::50] = 0
    (said,) = oddities(with_column(time), names=("a", "time", "b"))
    assert said.startswith("column 'time' holds 0, which is far from most of its values, such as 1.6e+09.")
    (said,) = oddities(with_column(-time), names=("a", "time", "b"))
    assert said.startswith("column 'time' holds -0, which is far from most of its values, such as -1.6e+09.")
    largest = np.finfo(np.float32).max
    (said,) = oddities(with_column(np.append(X[1:, 2], largest)).astype(np.float32))
    assert said.startswith("column 3 holds 3.40282e+38, which is far from")


@pytest.mark.parametrize("first", [[0, 1, 2, 3], [2, 0, 1, 3], [4, 1, 2, 3], [7, 2018, 2019, 2020]])
def test_a_first_row_that_may_be_names_is_told(first: list[int]) -> None:
    rows = np.vstack([first[1:], X])
    labels = np.append(first[0], Y)
    said = oddities(rows, labels)[0]
    assert said.startswith(f"the first row is {first[0]}, {first[1]}, {first[2]} and so on, as names of columns are")
    assert not any("first row" in said for said in oddities(rows, labels, may_be_header=False))
    assert oddities(np.vstack([X, X]), np.append(Y, Y)) == []
