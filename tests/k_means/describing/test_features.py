"""Features are told in the words of their columns, in as many digits as tell rows apart."""

import pytest

from open_algorithms.k_means.describing.features import (
    DAYS,
    NUMBER,
    SHARE,
    TIME,
    FeatureKind,
    count_digits,
    list_kinds,
)
from tests.k_means.tables import RECIPE, make_model, make_table_model

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (5076.25, 800, "5076"),
        (45.123, 5.4, "45.12"),
        (45.123, 0.05, "45.123"),
        (-0.00012345, 1, f"{MINUS}0.000123"),
        (123456, 1e5, "123,456"),
        (1600000123.25, 10, "1600000123.2"),
        (0, 3, "0"),
        (7, 0, "7"),
        (1e15, 1e15, "1e+15"),
        (1234567, 1e9, "1,234,567"),
        (float("nan"), 1, "\N{EN DASH}"),
    ],
)
def test_a_number_has_the_digits_by_which_rows_differ(value: float, spread: float, text: str) -> None:
    assert FeatureKind(NUMBER).write(value, spread) == text


def test_digits_are_bounded_whatever_the_spread() -> None:
    assert count_digits(1.0, 1e-300) == count_digits(1e300, 1e-300) == 12
    assert count_digits(1e-300, 1e300) == 3


def test_a_share_is_in_percent_a_day_is_a_date_and_a_part_of_one_is_a_time() -> None:
    assert FeatureKind(SHARE).write(0.256, 0.4) == "26%"
    assert FeatureKind(SHARE).write(-1e-9, 0.4) == "0%"
    assert FeatureKind(DAYS).write(19782.4, 5) == "2024-02-29"
    assert FeatureKind(DAYS).write(-1.0, 5) == "1969-12-31"
    assert FeatureKind(DAYS).write(19781.9999, 5) == "2024-02-29"
    assert [FeatureKind(TIME).write(part, 0.2) for part in (0.25, 0.99999, -0.25)] == ["06:00", "00:00", "18:00"]


def test_features_of_a_table_are_of_the_kinds_of_their_columns() -> None:
    model = make_table_model()
    kinds = list_kinds(model)
    told = {name: kinds[i] for i, name in enumerate(RECIPE.feature_names)}
    assert told["age"] == FeatureKind(NUMBER, 0.0)
    assert told["since"] == FeatureKind(NUMBER, 1.6e9)
    assert told["day (days)"] == FeatureKind(DAYS, 19000.0)
    assert told["hour (days)"] == FeatureKind(TIME, 0.5)
    others = {kind for name, kind in told.items() if name not in ("age", "since", "day (days)", "hour (days)")}
    assert others == {FeatureKind(SHARE)}


def test_features_without_a_table_are_numbers() -> None:
    assert list_kinds(make_model(2, features=3)) == {}
