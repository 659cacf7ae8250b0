"""A row of libsvm, field by field."""

import pytest

from container.codecs.indexed.one_row import MAX_INDEX, read_row
from container.contract.errors import DecodeError

WEIGHT = "label:weight? Instance weights are not supported: write the label alone"
MISSING = ". Is the label missing? It comes first in every row. Instance weights, label:weight, are not supported"


def refuse(row: str, features: int | None = None, *, needs_label: bool = True) -> str:
    with pytest.raises(DecodeError) as refused:
        read_row(row.encode().split(), features, needs_label)
    return str(refused.value)


@pytest.mark.parametrize(
    ("row", "features", "needs_label", "expected"),
    [
        ("1 3:2 1:0.5", None, True, (1, {3: 2, 1: 0.5})),
        ("-1.5", None, True, (-1.5, {})),
        ("3:2", 5, False, (0, {3: 2})),
        ("7 3:2", 5, False, (7, {3: 2})),
        (f"1 {MAX_INDEX}:1 0001:2", None, True, (1, {MAX_INDEX: 1, 1: 2})),
        ("5:1", 5, False, (0, {5: 1})),
    ],
)
def test_a_row_is_a_label_if_there_is_one_and_pairs(
    row: str, features: int | None, needs_label: bool, expected: tuple[float, dict[int, float]]
) -> None:
    assert read_row(row.encode().split(), features, needs_label) == expected


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            "1 0:5",
            "column 2: expected index:value, found '0:5', but indices count from 1. Add 1 to the indices of all rows",
        ),
        ("1 2:1 2:1", "column 3: index 2 comes twice in the row"),
        (
            f"1 {MAX_INDEX + 1}:1",
            f"column 2: expected index:value, found '{MAX_INDEX + 1}:1', whose index is beyond the largest one "
            f"possible, {MAX_INDEX}",
        ),
        (
            "1 3:",
            "column 2: expected index:value, found '3:', whose value is missing. A value that is not written is zero",
        ),
        (
            "1 3:x",
            "column 2: expected index:value, found '3:x', whose value is not a number. Write categories as numbers",
        ),
        (
            "1 x",
            "column 2: expected index:value, found 'x'. Is this text/libsvm? Its rows are written `label index:value "
            "index:value ...`",
        ),
        ("1 2,3", "column 2: expected index:value, found '2,3'. Is this CSV? Then set the content type to text/csv"),
        ("0:1 2:3", f"column 1: expected a label, found '0:1'. Is '0:1' {WEIGHT}"),
        ("3:1 3:3", f"column 1: expected a label, found '3:1'. Is '3:1' {WEIGHT}"),
        ("2:1 3:3", f"column 1: expected a label, found '2:1'{MISSING}"),
        ("2:1", f"column 1: expected a label, found '2:1'{MISSING}"),
        (f"{MAX_INDEX}:1", f"column 1: expected a label, found '{MAX_INDEX}:1'{MISSING}"),
        (
            f"{MAX_INDEX + 1}:1",
            f"column 1: expected a label, found '{MAX_INDEX + 1}:1'. Is '{MAX_INDEX + 1}:1' {WEIGHT}",
        ),
        ("x:1 2:3", f"column 1: expected a label, found 'x:1'{MISSING}"),
        ("1:x 2:3", f"column 1: expected a label, found '1:x'{MISSING}"),
        ("1,2 3:4", "column 1: expected a label, found '1,2'. A row has one label"),
        ("1,2 3", "column 1: expected a label, found '1,2'. Is this CSV? Then set the content type to text/csv"),
        ("y age", "column 1: expected a label, found 'y'. Is this a header row? Remove it: every row must be data"),
        ("y 5", "column 1: expected a label, found 'y'. Write classes as numbers, 0, 1 and so on"),
        ("5% 1:2", "column 1: expected a label, found '5%': a percentage. Write 5, without the sign"),
    ],
)
def test_the_first_field_that_is_wrong_is_named_with_its_likely_cause(row: str, problem: str) -> None:
    assert refuse(row) == problem


def test_a_request_has_no_index_beyond_the_features_of_the_model() -> None:
    assert refuse("6:1", 5, needs_label=False) == (
        "column 1: expected index:value, found '6:1', whose index is beyond the 5 features of the model"
    )
