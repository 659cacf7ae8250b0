"""Names, literals and sums as SQL writes them.

Tests: tests/commands/test_export.py.
"""

from collections.abc import Iterable, Sequence


def join_balanced(parts: Sequence[str], operator: str) -> str:
    """Join parts as a balanced tree of parentheses, of logarithmic depth.

    Databases limit the depth of an expression.
    """
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({join_balanced(parts[:middle], operator)}{operator}{join_balanced(parts[middle:], operator)})"


def quote_identifier(name: str) -> str:
    """Quote a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def double_literal(value: float) -> str:
    """Write a number so that SQL reads it as a double: with an exponent."""
    text = repr(float(value))
    return text.upper() if "e" in text else f"{text}E0"


def text_literal(text: str) -> str:
    """Quote a text."""
    return "'" + text.replace("'", "''") + "'"


def text_list(texts: Iterable[str]) -> str:
    """Write texts as the list that IN looks into."""
    return f"({', '.join(map(text_literal, texts))})"
