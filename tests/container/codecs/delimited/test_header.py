"""A header: its names say which columns are read, and copies of it are no rows."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NoReturn

import pytest

from container.codecs import csv
from container.codecs.delimited.header import has_header_line
from container.contract.errors import DecodeError
from container.rows.blocks import DecodeOptions
from container.rows.notices import NO_NOTICES
from container.rows.table import ChannelColumns

LOST = ". Were line breaks lost, as by curl -d? Send the body by --data-binary"
YEARS = ",".join(str(year) for year in range(2001, 2010))  # more names than a row has equal numbers by chance


def read(text: bytes, options: DecodeOptions) -> list[list[float]]:
    blocks = csv.decode_blocks(BytesIO(text), {"header": "present"}, None, options)
    return [[float(label), *row] for X, y in blocks for row, label in zip(X.tolist(), y, strict=True)]


def ask(body: bytes, features: int, arrange: Callable[[Sequence[str]], Sequence[int] | None]) -> list[list[float]]:
    blocks = csv.decode_records(BytesIO(body), {"header": "present"}, features, DecodeOptions(arrange))
    return [row for X in blocks for row in X.tolist()]


def refuse_names(names: Sequence[str]) -> NoReturn:
    raise DecodeError("other names are expected")


@pytest.mark.parametrize(
    ("copy", "rows"),
    [
        (b"y,a\n", [[1, 2], [3, 4]]),
        (b'"y", "a"\r\n', [[1, 2], [3, 4]]),
        (b"\xef\xbb\xbfy,a\n", [[1, 2], [3, 4]]),
    ],
)
def test_copies_of_the_header_are_left_out_and_told_once(copy: bytes, rows: list[list[float]]) -> None:
    warned: list[str] = []
    assert read(b"y,a\n1,2\n" + copy + b"\n3,4\n" + copy, DecodeOptions(warn=warned.append)) == rows
    assert warned == ["row 3: the header comes again, as where files were joined. Such lines are left out"]


def test_a_long_header_of_numbers_is_left_out_where_it_comes_again() -> None:
    warned: list[str] = []
    row = ",".join("123456789")
    options = DecodeOptions(lambda names: range(len(names)), warn=warned.append)
    assert read(f"{YEARS}\n{row}\n{YEARS}\n{row}\n".encode(), options) == [[*range(1, 10)]] * 2
    assert sum("row 3: the header comes again" in text for text in warned) == 1


def test_rows_that_are_not_the_header_of_numbers_are_not_told_of() -> None:
    warned: list[str] = []
    options = DecodeOptions(lambda names: range(len(names)), warn=warned.append)
    assert read(b"2018,2019\n2018,20190\n12018,2019\n", options) == [[2018, 20190], [12018, 2019]]
    assert not any("the same as the header" in text for text in warned)


@pytest.mark.parametrize("features", [2, 3])
def test_one_name_for_several_features_is_told_what_separates_columns_before_other_names_are_asked_for(
    features: int,
) -> None:
    with pytest.raises(DecodeError, match=r"found 1, 'a b'. Are its columns separated by blanks\?"):
        ask(b"a b\n1 2\n", features, refuse_names)
    with pytest.raises(DecodeError, match=r"found one column, 'y a'. Are its columns separated by blanks\?"):
        read(b"y a\n1 2\n", DecodeOptions(refuse_names))


def test_a_model_of_one_feature_has_a_header_of_one_name() -> None:
    assert ask(b"a\n5\n", 1, lambda names: None) == [[5]]


@pytest.mark.parametrize(
    ("body", "advice"), [(b"a,b1.5,23.5,4", LOST), (b"a,b,c\n1,2,3\n", ""), (b"a,c\n", LOST), (b"a,c\n1,2\n", "")]
)
def test_lost_line_breaks_are_suspected_only_where_nothing_follows_the_names(body: bytes, advice: str) -> None:
    with pytest.raises(DecodeError) as refused:
        ask(body, 2, refuse_names)
    assert str(refused.value) == f"record 1: other names are expected{advice if body.count(b',') > 1 else ''}"


def test_columns_are_taken_by_name_and_others_may_hold_anything() -> None:
    text = b'id,b,y,a\nx,1,2,3\n"y, z",4,5,6\n'
    assert read(text, DecodeOptions(lambda names: [names.index(name) for name in ("y", "a", "b")])) == [
        [2, 3, 1],
        [5, 6, 4],
    ]


class LineByLine(BytesIO):
    """A request that arrives a line at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return self.readline()


def test_rows_that_arrive_after_the_names_follow_them_too() -> None:
    options = DecodeOptions(refuse_names)
    with pytest.raises(DecodeError, match=r"^record 1: other names are expected$"):
        list(csv.decode_records(LineByLine(b"a,b,c\n1,2,3\n"), {"header": "present"}, 2, options))


def test_copies_of_a_long_header_of_numbers_are_no_records() -> None:
    row = ",".join("123456789")
    assert ask(f"{YEARS}\n{row}\n{YEARS}\n{row}\n".encode(), 9, lambda names: range(9)) == [[*range(1, 10)]] * 2


def test_a_label_alone_is_no_row_even_if_labels_are_not_wanted() -> None:
    parameters = {"header": "present", "label_size": "1"}
    with pytest.raises(DecodeError, match="row 1: expected a label and at least one feature, found one column, 'y'"):
        list(csv.decode_blocks(BytesIO(b"y\n1\n"), parameters, None, DecodeOptions(labelled=False)))


@pytest.mark.parametrize("text", [b"y,a,b\nred,1,2\n", b"y,a,b\n7,1,2\n", b",y,a,b\n0,red,1,2\n"])
def test_a_label_that_is_not_wanted_may_be_anything_and_stands_behind_the_index(text: bytes) -> None:
    columns = ChannelColumns("train", NO_NOTICES)
    columns.labelled = False
    parameters = {"header": "present", "label_size": "1"}
    ((X, _),) = csv.decode_blocks(BytesIO(text), parameters, None, columns.decode_options("part"))
    assert X.tolist() == [[1, 2]]
    assert columns.names is not None
    assert columns.names.features == ("a", "b")


def test_a_line_of_numbers_is_a_header_if_these_are_the_known_names() -> None:
    assert has_header_line(b"1, 0 ,2\n", known=["0", "1"])
    assert not has_header_line(b"1,2\n", known=["0", "1"])
    assert not has_header_line(b"1,2\n")
    assert not has_header_line(b",\n")


def test_a_line_that_no_reader_can_split_is_no_header() -> None:
    assert not has_header_line(b"y," + b"a" * 200_000)
    assert has_header_line(b"y,a\n1,2\n")
