"""Numbers in bulk are the bits that Python and numpy make of each alone."""

import math

import numpy as np
import pytest

from container.codecs.text.decimals import read_decimal, read_decimals, read_whole_numbers

DIGITS = "123456789012345678901234567890"
NUMBERS = [
    *(sign + DIGITS[:count] for sign in ("", "-", "+") for count in range(1, 27)),
    *(f"{DIGITS[:whole]}.{DIGITS[:part]}" for whole in (0, 1, 8, 9, 24) for part in (1, 7, 8, 9, 16, 17, 24, 25)),
    *(
        f"{sign}1.5{e}{power}"
        for sign in ("", "-")
        for e in "eE"
        for power in ("0", "+7", "-7", "38", "-45", "-46", "007")
    ),
    *(
        "0",
        "-0",
        "00012",
        "1e39",
        "-1e39",
        "1e400",
        "-1e400",
        "1e-400",
        "0e999",
        "3.4028235e38",
        "3.4028236e38",
        "1e250",
    ),
    *(
        "16777217",
        "16777219",
        "1.00000005960464477539062500001",
        "0.1",
        "123456789e-20",
        "1e99999999999999999999999999",
    ),
]
NO_NUMBERS = [
    *(
        ".",
        "-",
        "+",
        "e",
        "E5",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e-",
        "1e5.5",
        "1.2.3",
        "--1",
        "+-1",
        "1-",
        "1e5e5",
        "-.",
        "1e.5",
    ),
    *("12345678x", "1/2", "1:2", "a", "0x10", "nan", "inf", "1_0", "..", "1.-2", "1e--5", "/", ":", "5.;"),
]


def bits(values: object) -> list[int]:
    return [int(value) for value in np.asarray(values, np.float32).view(np.uint32)]


def at_once(tokens: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    stops = np.cumsum([len(token) + 1 for token in tokens]) - 1
    return read_decimals(" ".join(tokens).encode(), stops - [len(token) for token in tokens], stops)


def by_python(token: str) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(float(token)))


@pytest.mark.parametrize("token", NUMBERS)
def test_a_number_is_what_python_and_numpy_make_of_it(token: str) -> None:
    expected = bits([by_python(token)])
    assert bits([read_decimal(token.encode())]) == expected
    assert bits(at_once([token])) == expected


@pytest.mark.parametrize("token", NO_NUMBERS)
def test_what_is_no_number_is_none_in_bulk_either(token: str) -> None:
    assert math.isnan(read_decimal(token.encode()))
    assert np.isnan(at_once([token])).all()


def test_neighbours_do_not_matter() -> None:
    tokens = [*NUMBERS, *NO_NUMBERS, *reversed(NUMBERS)]
    np.testing.assert_array_equal(
        at_once(tokens), np.array([read_decimal(token.encode()) for token in tokens], np.float32)
    )


@pytest.mark.parametrize("token", ["7", "00042", "2147483647", "123456789012345"])
def test_whole_numbers_are_exact(token: str) -> None:
    assert read_whole_numbers(f"x{token}".encode(), np.array([1]), np.array([1 + len(token)])).tolist() == [int(token)]


@pytest.mark.parametrize("token", ["+7", "-7", "1.0", "1e3", "a", "1" * 25])
def test_other_than_digits_are_no_whole_number(token: str) -> None:
    assert np.isnan(read_whole_numbers(token.encode(), np.array([0]), np.array([len(token)]))).all()
