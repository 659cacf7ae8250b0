"""Text from data as messages show it: short, readable, and without characters that control a terminal."""

import codecs
import unicodedata

SHOWN_CHARACTERS = 80  # characters

_NAMES = {"\ufeff": "BYTE ORDER MARK"}
_LOOKALIKES = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # the full-width forms of ASCII
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\xab\xbb", ""),  # quotation marks
    **dict.fromkeys("\u0435\u0415", "e"),  # Cyrillic letters
    **dict.fromkeys("\u043e\u041e", "0"),
    "\N{MINUS SIGN}": "-",
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC THOUSANDS SEPARATOR}": ",",
    "\N{ARABIC PERCENT SIGN}": "%",
}


def decode_text(data: bytes) -> str:
    """Decode the beginning of a text, more than is shown: as UTF-8, else Windows-1252, else Latin-1."""
    head = data[: 4 * SHOWN_CHARACTERS]
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        pass
    try:
        return head.decode("cp1252")
    except UnicodeDecodeError:
        return head.decode("latin-1")


def quote_text(text: str | bytes) -> str:
    """Return the beginning of a text in quotes: `'1.5'`."""
    return f"'{to_printable(text if isinstance(text, str) else decode_text(text))}'"


def to_printable(text: str) -> str:
    """Return the beginning of a text, unprintable characters escaped as in Python."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:SHOWN_CHARACTERS])


def to_ascii(text: str) -> str:
    """Replace look-alikes of ASCII digits, signs and blanks, and drop invisible characters."""
    return "".join(
        char if char.isascii() and char.isprintable() else _character_to_ascii(char) for char in text
    ).strip()


def name_strange_character(text: str) -> str | None:
    """Return code point and name of the first character that `to_ascii` would replace; None if there is none."""
    for char in text:
        if not (char.isascii() and char.isprintable()) and _character_to_ascii(char) != char:
            other = "control character" if unicodedata.category(char) == "Cc" else "no character"
            return f"U+{ord(char):04X} ({_NAMES.get(char) or unicodedata.name(char, other)})"
    return None


def _character_to_ascii(char: str) -> str:
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    match unicodedata.category(char):
        case "Nd":
            return str(unicodedata.decimal(char))
        case "Pd":
            return "-"
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Cf" | "Cs" | "Co" | "Cn" | "Mn":
            return ""
        case "Cc":
            return char if char == "\t" else ""
    return char
