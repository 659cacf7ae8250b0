"""Texts of the data are shown so that they can be read and cannot do anything to a terminal."""

import pytest

from container.codecs.text.quoting import decode_text, name_strange_character, quote_text, to_ascii, to_printable


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("größe".encode(), "größe"),
        ("größe".encode("latin-1"), "größe"),
        (b"\x80\x93", "€“"),  # Windows-1252
        (b"\x81\xe9", "\x81é"),  # no character of it, so Latin-1
        ("é".encode() * 400, "é" * 160),
        (b"a" + "é".encode() * 400, "a" + "é" * 159),  # cut within a character
        (b"x" * 1000, "x" * 320),
    ],
)
def test_bytes_are_text_in_the_likeliest_charset(data: bytes, text: str) -> None:
    assert decode_text(data) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.5", "'1.5'"),
        (b"1.5", "'1.5'"),
        ("a\tb\x1b[2J", r"'a\tb\x1b[2J'"),
        ("\u202eabc", r"'\u202eabc'"),
        ("größe", "'größe'"),
        ("x" * 100, f"'{'x' * 80}'"),
    ],
)
def test_a_text_is_quoted_and_cut_after_eighty_characters(text: str | bytes, shown: str) -> None:
    assert quote_text(text) == shown
    if isinstance(text, str):
        assert to_printable(text) == shown[1:-1]


@pytest.mark.parametrize(
    ("text", "plain", "named"),
    [
        ("1.5", "1.5", None),
        ("größe", "größe", None),
        ("\N{MINUS SIGN}1", "-1", "U+2212 (MINUS SIGN)"),
        ("\N{EM DASH}1", "-1", "U+2014 (EM DASH)"),
        ("1\N{ARABIC DECIMAL SEPARATOR}5", "1.5", "U+066B (ARABIC DECIMAL SEPARATOR)"),
        ("1\N{ARABIC THOUSANDS SEPARATOR}500", "1,500", "U+066C (ARABIC THOUSANDS SEPARATOR)"),
        ("5\N{ARABIC PERCENT SIGN}", "5%", "U+066A (ARABIC PERCENT SIGN)"),
        ("\N{FULLWIDTH EXCLAMATION MARK}\N{FULLWIDTH TILDE}", "!~", "U+FF01 (FULLWIDTH EXCLAMATION MARK)"),
        ("\uff5f", "\uff5f", None),  # a parenthesis beyond the full-width forms of ASCII
        ("\N{DEVANAGARI DIGIT SEVEN}", "7", "U+096D (DEVANAGARI DIGIT SEVEN)"),
        ("1\N{CYRILLIC SMALL LETTER IE}5", "1e5", "U+0435 (CYRILLIC SMALL LETTER IE)"),
        ("1\N{CYRILLIC SMALL LETTER O}", "10", "U+043E (CYRILLIC SMALL LETTER O)"),
        ("\N{LEFT DOUBLE QUOTATION MARK}1\N{RIGHT DOUBLE QUOTATION MARK}", "1", "U+201C (LEFT DOUBLE QUOTATION MARK)"),
        ("1\N{NO-BREAK SPACE}2", "1 2", "U+00A0 (NO-BREAK SPACE)"),
        ("1\N{LINE SEPARATOR}2", "1 2", "U+2028 (LINE SEPARATOR)"),
        ("1\N{PARAGRAPH SEPARATOR}2", "1 2", "U+2029 (PARAGRAPH SEPARATOR)"),
        ("\ufeff1", "1", "U+FEFF (BYTE ORDER MARK)"),
        ("1\N{ZERO WIDTH SPACE}", "1", "U+200B (ZERO WIDTH SPACE)"),
        ("1\N{COMBINING ACUTE ACCENT}", "1", "U+0301 (COMBINING ACUTE ACCENT)"),
        ("1\ue000", "1", "U+E000 (no character)"),
        ("1\u0378", "1", "U+0378 (no character)"),
        ("1\ud800", "1", "U+D800 (no character)"),
        ("1\x00", "1", "U+0000 (control character)"),
        ("1\t2", "1\t2", None),
        (" 1 ", "1", None),
    ],
    ids=ascii,
)
def test_characters_that_only_look_like_ascii_are_named_and_replaced(text: str, plain: str, named: str | None) -> None:
    assert to_ascii(text) == plain
    assert name_strange_character(text) == named
