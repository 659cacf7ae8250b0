"""A report as JSON: its fields by name, and no number that JSON cannot hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from open_algorithms.learning.showing.report_json import BESIDE, encode_report


@dataclass(frozen=True)
class Part:
    class_: int
    scores: Mapping[str, float] = field(metadata=BESIDE)
    values: list[float]
    known: float | None
    note: str | None = None


def test_fields_stand_by_name_in_their_order_and_what_is_beside_them_in_its_place() -> None:
    text = encode_report({"parts": [Part(1, {"msd": 0.5}, [1.0, 2.0], None)]})
    assert text == '{"parts": [{"class": 1, "msd": 0.5, "values": [1.0, 2.0], "known": null}]}'


def test_a_field_that_may_be_left_out_stands_where_it_has_a_value() -> None:
    assert json.loads(encode_report(Part(1, {}, [], 1.0, "here"))) == {
        "class": 1,
        "values": [],
        "known": 1.0,
        "note": "here",
    }


def test_a_number_that_is_not_finite_is_null_wherever_it_stands() -> None:
    found = json.loads(encode_report(Part(1, {"msd": float("nan")}, [float("inf"), -float("inf")], float("nan"))))
    assert found == {"class": 1, "msd": None, "values": [None, None], "known": None}
