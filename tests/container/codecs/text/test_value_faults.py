"""Fields that are no numbers: what they are, and what to write instead."""

from io import BytesIO
from time import process_time

import pytest

from container.codecs import csv, libsvm
from container.codecs.text.quoting import quote_text
from container.codecs.text.value_faults import explain_separator, explain_value
from container.contract.errors import DecodeError
from tests.container.bodies import decode_body

MISSING = ": a missing value. Remove rows with missing values or fill them in"
DATE = ": a date or time. Write it as a number, such as days since a fixed day"
TIME = ": a time. Write it as a number, such as minutes"
FORMULA = ": a formula. Write the value that it comes to"
MARK = ": a number with a mark beside it. Write 5"
VECTOR = ": brackets, as of a vector. Write every number as a column of its own, without brackets"
UNIT = " behind it. Write the number alone, in one unit in all rows"

VALUES = [
    *((text, MISSING) for text in ["", "\\N", "-", ".", "#N/A", "NaT", "<NA>", "(null)", "None", " nan", "'NA'", "—"]),
    ("-inf", ": an infinite value. Remove or replace it"),
    ("1e39", ", which is too large for a 32-bit float"),
    ("\N{MINUS SIGN}1.5", ", with U+2212 (MINUS SIGN) in it. Write -1.5"),
    ("\N{EN DASH}3", ", with U+2013 (EN DASH) in it. Write -3"),
    ("\N{NO-BREAK SPACE}1.5", ", with U+00A0 (NO-BREAK SPACE) in it. Write 1.5"),
    ("\N{ZERO WIDTH SPACE}7", ", with U+200B (ZERO WIDTH SPACE) in it. Write 7"),
    ("\ufeff1", ", with U+FEFF (BYTE ORDER MARK) in it. Write 1"),
    ("\uff11.5", ", with U+FF11 (FULLWIDTH DIGIT ONE) in it. Write 1.5"),
    ("\u201c1.5\u201d", ", with U+201C (LEFT DOUBLE QUOTATION MARK) in it. Write 1.5"),
    ("\u0663", ", with U+0663 (ARABIC-INDIC DIGIT THREE) in it. Write 3"),
    ("1.5\x1a", ", with U+001A (control character) in it. Write 1.5"),
    ("1\N{THIN SPACE}234", ": a number with signs between its digits. Write 1234"),
    ("$5", ": an amount of money. Write 5, without the sign"),
    ("-$1,234.50", ": an amount of money. Write -1234.50, without the sign"),
    ("12,50 €", ": an amount of money. Write 12.50, without the sign"),
    ("USD 7", ": an amount of money. Write 7, without the sign"),
    ("12.5 %", ": a percentage. Write 12.5, without the sign"),
    ("1,5", ": a number with a decimal comma. Write 1.5"),
    ("1.234,56", ": a number with a decimal comma. Write 1234.56"),
    ("1,234", ": a number with a comma. Write 1234, or 1.234 if the comma is decimal"),
    ("1,234,567.5", ": a number with commas between its digits. Write 1234567.5"),
    ("1'234.5", ": a number with signs between its digits. Write 1234.5"),
    ("1_0", ": a number with signs between its digits. Write 10"),
    *(
        (text, DATE)
        for text in ["2024-01-31", "2024-01-31T12:00:00.5Z", "31.12.2024", "1/31/24", "31.1.2024 9:05", "5 Jan 2024"]
    ),
    *((text, DATE) for text in ["Timestamp('2024-01-31')", "Mon, 05 Jan 2024 10:00:00 GMT"]),
    *((text, TIME) for text in ["12:30", "1:02:03 pm", "-0:45", "3 days 12:00:00", "timedelta(days=1)"]),
    *((text, FORMULA) for text in ["=A1+B2", "=SUM(A1:A3)", "{=A1*B1}", "=-A1", "='Sheet 1'!B2"]),
    *((text, MARK) for text in ["5*", "**5", "5†", "5 [1]", "5(a)", "5 (est.)", "#5", "5?"]),
    *((text, VECTOR) for text in ["[1, 2]", "[1. 2.]", "(1, 2)", "[0.5", "0.5]", "tensor([1., 2.])", "['a']"]),
    ("[1.5]", ": a number in brackets. Write 1.5"),
    ("(5)", ": a negative number in parentheses. Write -5"),
    ("np.float64(1.5)", ": a number as Python prints it. Write 1.5"),
    ("tensor(1.)", ": a number as Python prints it. Write 1"),
    ("Decimal('1.5')", ": a number as Python prints it. Write 1.5"),
    ("(1+2j)", ": a complex number. Write its two parts as two columns"),
    ("0x1F", ": a number that is not decimal. Write 31"),
    ("0x1.8p3", ": a number that is not decimal. Write 12.0"),
    ("True", ": a truth value. Write 1 for true and 0 for false"),
    ("#DIV/0!", ": an error of a spreadsheet. Remove rows with errors or fill them in"),
    ('=""5""', ": a number with signs around it. Write 5"),
    ("1.5D+03", ": an exponent as Fortran writes it. Write 1.5e+03"),
    ("5-", ": a minus sign behind the number. Write -5"),
    ("- 5", ": a blank after the sign. Write -5"),
    ("<5", ": a bound, no number. Choose a number for it"),
    ("18+", ": a bound, no number. Choose a number for it"),
    ("18-24", ": a range, no number. Write its ends as two columns, or its middle"),
    ("1/2", ": a fraction, no decimal number. Divide it"),
    ("5kg", f": a number with 'kg'{UNIT}"),
    ("10 km/h", f": a number with 'km/h'{UNIT}"),
    ("1 2 3", ". Columns must be separated by commas, not by blanks"),
    *(
        (text, ". Write categories as numbers")
        for text in ["red", "Action|Comedy", "log(income)", "192.168.0.1", "größe"]
    ),
]


@pytest.mark.parametrize(("text", "words"), VALUES, ids=ascii)
def test_a_field_is_named_for_what_it_is(text: str, words: str) -> None:
    with pytest.raises(DecodeError) as refused:
        list(csv.decode_blocks(BytesIO(b"1,2,3\n" * 1000 + f'0,"{text}",4\n'.encode()), {}, None))
    shown = quote_text(text.replace('""', '"'))
    assert str(refused.value) == f"row 1001, column 2: expected a number, found {shown}{words}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"1 3:nan", "row 1, column 2: expected index:value, found '3:nan': a missing value. Remove rows"),
        (b"1 3:1,5", "row 1, column 2: expected index:value, found '3:1,5': a number with a decimal comma. Write 1.5"),
        ("1 3:\N{MINUS SIGN}2".encode(), "row 1, column 2: .* found '3:\N{MINUS SIGN}2', with U\\+2212 .MINUS SIGN."),
        (b"True 3:1", "row 1, column 1: expected a label, found 'True': a truth value. Write 1 for true"),
    ],
)
def test_libsvm_has_the_same_words(text: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        list(libsvm.decode_blocks(BytesIO(text), {}, None))


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("größe".encode(), "'größe'"),
        ("größe".encode("latin-1"), "'größe'"),
        (b"\x80 uro", "'€ uro'"),  # as Windows writes it
        (b"a\x81\x1b[2J", r"'a\x81\x1b[2J'"),
        ("a\u202eb\u200b".encode(), r"'a\u202eb\u200b'"),
        (b"it's \\d", r"'it's \d'"),
        ("é".encode() * 100, f"'{'é' * 80}'"),
    ],
)
def test_texts_are_shown_as_they_are_and_what_cannot_be_seen_escaped(field: bytes, shown: str) -> None:
    with pytest.raises(DecodeError) as refused:
        list(csv.decode_blocks(BytesIO(b"0,1\n" * 2000 + b"1," + field + b"\n"), {}, None))
    assert str(refused.value) == f"row 2001, column 2: expected a number, found {shown}. Write categories as numbers"


@pytest.mark.parametrize("text", ["1" * 990 + "x", "1" * 980 + "xj", "." + "1" * 500 + "e" + "1" * 480 + "xj"])
def test_a_long_number_that_is_none_is_refused_at_once(text: str) -> None:
    started = process_time()
    with pytest.raises(DecodeError, match="record 1, column 2: expected a number, found"):
        decode_body("text/csv", f"1,{text}".encode(), {}, 2)
    assert process_time() - started < 5  # it takes a fifth of a second


INFINITE = ": an infinite value. Remove or replace it"
PRINTED = ": a number as Python prints it. Write 1.5"
COMPLEX = ": a complex number. Write its two parts as two columns"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *(
            (text, MISSING)
            for text in ("", " ", "n/a", "#NA", "n.a.", "nil", "void", "undefined", "missing", "?", "--")
        ),
        *((text, MISSING) for text in ("---", "..", "...", "*", "_", "<null>", "<NaN>", "(none)", "[null]", "(blank)")),
        *(
            (text, MISSING)
            for text in (
                "#N/A N/A",
                "1.#IND",
                "-1.#QNAN",
                "1.#SNAN",
                "NA_real_",
                "NA_integer_",
                "np.nan",
                "+nan",
                '"NA"',
            )
        ),
        *(
            (text, MISSING)
            for text in ("`null`", "\uff2e\uff21", "\N{MINUS SIGN}", 2 * "\N{EM DASH}", 3 * "\N{EN DASH}")
        ),
        *((text, INFINITE) for text in ("inf", "+Infinity", "infinite", "∞", "-∞", "1.#INF", "np.inf")),
        *((text, DATE) for text in ("2024/1/31", "2024.01.31", "31/1/2024", "2024-W05", "2024-Q1", "31-Jan-24")),
        *(
            (text, DATE)
            for text in ("Jan 31, 2024", "January 5, 2024", "Wednesday 31.01.24 9:05 pm", "2024-01-31 09:05+01:00")
        ),
        *((text, DATE) for text in ("datetime.date(2024, 1, 31)", "Period('2024-01')", "2024-01-31 09:05 UTC")),
        *(
            (text, TIME)
            for text in ("9:05", "123:45:06.7", "9:05:06,5", "-1 days +02:00:00", "3 day", "datetime.time(9, 5)")
        ),
        *((text, TIME) for text in ("np.timedelta64(1, 'D')", "9:05 a.m.", "9:05z")),
        *(
            (text, PRINTED)
            for text in ("np.float32(1.5)", "Decimal('1.5')", "tensor(1.5, device='cpu')", "b'1.5'", "f(1.5")
        ),
        *(
            (text, PRINTED)
            for text in ("tensor(1.5, dtype=torch.float32)", "tensor(1.5, requires_grad=True)", "Tensor(1.5, type=x)")
        ),
        *(
            (text, VECTOR)
            for text in ("array([1.5, 2])", "tensor(1.5, 2)", "[]", "{1, 2}", "(1 2)", "1, 2)", "1}}", "{'a'}")
        ),
        *((text, COMPLEX) for text in ("1+2j", "(1.5-2e3i)", "2j", "-3.i")),
        ("-0b101", ": a number that is not decimal. Write -5"),
        ("0o17", ": a number that is not decimal. Write 15"),
        ("+0XfF", ": a number that is not decimal. Write +255"),
        ("-0x1p-1", ": a number that is not decimal. Write -0.5"),
        ("[-1.5]", ": a number in brackets. Write -1.5"),
        ("{7}", ": a number in brackets. Write 7"),
        ("($1,234.5)", ": a negative number in parentheses. Write -1234.5"),
        ("(5)", ": a negative number in parentheses. Write -5"),
        ('="1.5"', ": a number with signs around it. Write 1.5"),
        ("'-7'", ": a number with signs around it. Write -7"),
        *((text, MARK) for text in ("†5", "5‡", "5 §", "5¶", "5^", "#5", "5!", "5 [abc]", "5 (p.)")),
        *(
            (text, ": a formula. Write the value that it comes to")
            for text in ("=B2", "{=A1}", "= -1+2", "=(A1)", "=@A", "=$A$1")
        ),
        *(
            (text, ": an error of a spreadsheet. Remove rows with errors or fill them in")
            for text in ("#REF!", "#NAME?")
        ),
        *((text, ": a truth value. Write 1 for true and 0 for false") for text in ("FALSE", ".true.", ".False.")),
        ("1 2", ". Columns must be separated by commas, not by blanks"),
        ("1\t2", ". Columns must be separated by commas, not by tabs. Or say delimiter=tab in the content type"),
        (
            "x;2",
            ". Columns must be separated by commas, not by ';', and decimals written with a point"
            ". Or say delimiter=semicolon in the content type",
        ),
        (
            "1|2,5",
            ". Columns must be separated by commas, not by '|', and decimals written with a point"
            ". Or say delimiter=pipe in the content type",
        ),
        ("1\x012", ". Columns must be separated by commas, not by U+0001"),
        ("1、2", ". Columns must be separated by commas, not by U+3001 (IDEOGRAPHIC COMMA)"),
        ("1،2", ". Columns must be separated by commas, not by U+060C (ARABIC COMMA)"),
        ("1e999", ", which is too large for a 32-bit float"),
        ("\u200b", ": nothing but U+200B (ZERO WIDTH SPACE). Remove the row or fill it in"),
        ("5\u200b", ", with U+200B (ZERO WIDTH SPACE) in it. Write 5"),
    ],
    ids=ascii,
)
def test_a_text_is_told_for_what_it_is(text: str, words: str) -> None:
    assert explain_value(text) == words


@pytest.mark.parametrize(
    "text",
    ["red", "Action|Comedy", "a;b", "(red)", "x=5", "#hash", "true love", "A1", "'x'", "192.168.0.1", "x" * 2000],
)
def test_a_word_is_of_no_known_kind(text: str) -> None:
    assert explain_value(text) is None


@pytest.mark.parametrize("text", ["1", "1 234", "a b", "1 x", "", "12 345.6"])
def test_blanks_separate_columns_only_where_all_parts_are_numbers_and_not_one_in_groups(text: str) -> None:
    assert explain_separator(text) is None


def test_several_blanks_separate_columns_too() -> None:
    assert explain_separator(" 1   2 ") == "Columns must be separated by commas, not by blanks"
    assert explain_separator("a\tb") == (
        "Columns must be separated by commas, not by tabs. Or say delimiter=tab in the content type"
    )
