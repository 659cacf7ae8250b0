"""The parameters of text/csv that are supported, and those of other programs, which would have no effect."""

from collections.abc import Mapping

from container.codecs.delimited.fields import DELIMITER_NAMES
from container.codecs.text.quoting import quote_text
from container.contract.errors import DecodeError

_DELIMITER_PARAMETERS = ("delimiter", "separator", "sep", "delim")
_DELIMITERS = {  # by what a content type may say; an unquoted semicolon already ends the parameter
    **{sign: sign for sign in DELIMITER_NAMES},
    **{name: sign for sign, name in DELIMITER_NAMES.items()},
    "\\t": "\t",
    "": ";",
}
_QUOTES = 'Quote fields by "'
_POINTS = "Write decimals with a point"
_DIGITS = "Write numbers without signs between their digits"
_UNSUPPORTED = {
    **dict.fromkeys(("quotechar", "quote"), ('"', _QUOTES)),
    "decimal": (".", _POINTS),
    "thousands": ("", _DIGITS),
    "encoding": (None, "Say charset"),
    "headers": (None, "Say header=present or header=absent"),
}


def is_header_present(parameters: Mapping[str, str]) -> bool:
    """Tell whether the content type says header=present; raise DecodeError for a value other than present or absent."""
    text = parameters.get("header", "absent").lower()
    if text not in ("present", "absent"):
        raise DecodeError(f"expected header=present or header=absent in the content type, found {text!r}")
    return text == "present"


def read_label_size(parameters: Mapping[str, str], default: int) -> int:
    """Return the number of labels at the start of a row, 0 or 1; raise DecodeError for any other value."""
    text = parameters.get("label_size", str(default))
    if text not in ("0", "1"):
        raise DecodeError(f"expected label_size=0 or label_size=1 in the content type, found {text!r}")
    return int(text)


def read_delimiter(parameters: Mapping[str, str]) -> str:
    r"""Return the sign between fields that a content type says, "" where it says none; DecodeError for any other.

    >>> read_delimiter({"delimiter": "tab"}), read_delimiter({"sep": ";"}), read_delimiter({})
    ('\t', ';', '')
    """
    for name in _DELIMITER_PARAMETERS:
        if name in parameters:
            if (text := parameters[name]).lower() in _DELIMITERS:
                return _DELIMITERS[text.lower()]
            words = ", ".join(DELIMITER_NAMES.values())
            raise DecodeError(f"expected a {name} among {words} in the content type, found {quote_text(text)}")
    return ""


def read_charset(parameters: Mapping[str, str]) -> str:
    """Return the charset of the names; raise DecodeError unless it encodes digits and signs as ASCII does."""
    charset = parameters.get("charset", "utf-8")
    digits = '+-0123456789.eE,"\n'
    try:
        known = digits.encode(charset) == digits.encode("ascii")
    except (LookupError, ValueError):
        known = False
    if not known:
        raise DecodeError(f"charset {charset!r} in the content type is not supported: write the data as UTF-8")
    return charset


def refuse_unsupported(parameters: Mapping[str, str]) -> None:
    """Raise DecodeError for a parameter that asks for what is not supported, such as other quotes."""
    for name, value in parameters.items():
        read, remedy = _UNSUPPORTED.get(name, (value, ""))
        if value != read:
            raise DecodeError(f"the content type says {name}, which is not read. {remedy}, and leave {name} out")
