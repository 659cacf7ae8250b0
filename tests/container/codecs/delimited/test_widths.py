"""A line with too many or too few fields is told the likeliest cause, and none where there is none."""

import pytest

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.widths import explain_width, may_be_joined_lines

LOST = ". Were line breaks lost, as by curl -d? Send the body by --data-binary"
COMMAS = ". Is there a decimal comma or a thousands separator? Write 1.5 for 1,5 and 1234 for 1,234"
LABEL = (
    ". Does it still hold the label? Send features only, no id or index either, or say 'text/csv;label_size=1' if the "
    "label comes first"
)
SED = (
    ". Does each row begin with an index that the header does not name? "
    """Then put "", before the names: sed '1s/^/"",/'"""
)


def record(columns: int, **more: object) -> CsvSchema:
    return CsvSchema(columns, 0, "record", **more)  # type: ignore[arg-type]


def row(columns: int, **more: object) -> CsvSchema:
    return CsvSchema(columns, 1, "row", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "schema", "number", "cause"),
    [
        ("1,2", row(3), 2, ""),
        ("1,2", row(4, names=("y", "a", "", ""), header_row=1), 2, ": the header ends in 2 commas. Remove them"),
        ("1,2,3", row(4, names=("y", "a", "", ""), header_row=1), 2, ""),
        ("1,2", row(3, names=("y", "a", ""), header_row=1), 2, ": the header ends in a comma. Remove it"),
        ("1,2,", row(2), 2, ": the line ends in a comma. Remove the comma"),
        ("1,2,,", row(2), 2, ": the line ends in 2 commas. Remove them"),
        ("1,2,,", row(3), 2, ": the line ends in a comma. Remove the comma"),
        ("1,2,5,7", row(3), 2, COMMAS),
        ("1,2.5,7,8", row(3), 2, ""),
        ("1,234,2.5", row(2), 2, COMMAS),
        ("1,234,5,678,2.5", row(3), 2, COMMAS),
        ("1,234,5,67,2.5", row(3), 2, ""),
        ("0,1,2", record(2), 1, LABEL),
        ("A17,1,2", record(2), 1, ". Is the first, 'A17', an id or index? Send features only"),
        ("a,b,c", record(2), 1, LABEL),
        ("A17" + ",x" * 98 + ",5", record(99), 1, ". Is the first, 'A17', an id or index? Send features only"),
        ("A17" + ",x" * 99 + ",5", record(100), 1, LABEL),  # the first hundred tell what a line is
        ("1.5,2.51.5,2.5", record(2), 1, LOST),
        ("1.5,2.5,2.5", record(2), 1, LABEL),
        ("1.5,2.51.5,2.5", record(2), 2, LABEL),
        (",".join(["1.5"] * 901), record(3), 1, LOST),
        (",".join(["1.5"] * 900), record(3), 1, ""),
        (",".join(["1.5"] * 901), record(3), 2, ""),
        (",".join(["1.5"] * 901), row(3), 1, ""),
        ("1,2,3,4,5", record(3), 1, COMMAS + LOST),
        ("1,2,3,4,5,6,7", record(3), 1, LOST),
        ("x1,2,3", row(2, names=("y", "a"), header_row=1), 2, f"{SED} FILE > fixed.csv"),
        ("x1,2.5,3", row(2, names=("y", "a"), header_row=1), 3, ""),
        ("7,2.5,3", row(2, names=("y", "a"), header_row=1), 2, ". Is a name missing in the header?"),
        ("x1,2.5,3", row(2, names=("y", "a"), header_row=3), 4, f"{SED.replace('1s', '3s')} FILE > fixed.csv"),
        (
            "x1,2.5,3",
            record(2, names=("a", "b"), header_row=1),
            2,
            ". Does each row begin with an index that the header does not name? Then remove it",
        ),
    ],
)
def test_a_line_of_another_width_is_told_why(line: str, schema: CsvSchema, number: int, cause: str) -> None:
    fields = line.split(",")
    columns = schema.column_count or 0
    expected = f"{columns} (a label and {columns - 1} features)" if schema.label_count else f"{columns}"
    assert explain_width(fields, schema, number) == f"expected {expected} columns, found {len(fields)}{cause}"


@pytest.mark.parametrize(
    ("text", "number", "cause"),
    [
        ("1,2", 2, ". Quotes stand around the whole row: remove them"),
        (
            "1;2",
            2,
            ". Columns must be separated by commas, not by ';', and decimals written with a point"
            ". Or say delimiter=semicolon in the content type",
        ),
        ("1\t2", 2, ". Columns must be separated by commas, not by tabs. Or say delimiter=tab in the content type"),
        ("y age", 1, ". Are its columns separated by blanks? Separate them by commas; if it is a title, remove it"),
        ("y age", 2, ". Are its columns separated by blanks? Separate them by commas"),
        ("age", 1, ""),
    ],
)
def test_a_line_of_one_field_is_told_what_separates_its_columns(text: str, number: int, cause: str) -> None:
    found = explain_width([text], record(3), number)
    assert found == f"expected 3 columns, found 1{f', {text!r}{cause}' if cause else ''}"
    alone = explain_width([text], CsvSchema(None, 1, "row"), number)
    assert alone == (
        f"expected a label and at least one feature, found one column, {text!r}{cause or '. The label comes first'}"
    )


def test_a_quoted_number_before_the_others_is_an_index() -> None:
    names = row(2, names=("y", "a"), header_row=1)
    assert "index" in explain_width(["17", "2.5", "3"], names, 2, quoted=True)
    assert "index" not in explain_width(["17", "2.5", "3"], names, 2, quoted=False)
    assert "index" not in explain_width(["1.7", "2.5", "3"], names, 2, quoted=True)
    assert "index" in explain_width(["0", "2.5", "3"], names, 2)


@pytest.mark.parametrize(
    ("fields", "columns", "joined"),
    [(901, 3, True), (900, 3, False), (3, 3, False), (3, 2, True), (2, 3, False), (5, 1, False), (1, 1, False)],
)
def test_rows_on_one_line_share_a_field_at_each_lost_break(fields: int, columns: int, joined: bool) -> None:
    assert may_be_joined_lines(fields, columns) == joined
