"""One row of libsvm, read field by field: the first that is wrong is named, with its likely cause."""

from math import isfinite

from container.codecs.text.decimals import NUMBER_PATTERN, read_decimal
from container.codecs.text.quoting import decode_text, quote_text
from container.codecs.text.value_faults import explain_value
from container.contract.errors import DecodeError

MAX_INDEX = (1 << 31) - 1


def read_row(tokens: list[bytes], feature_dim: int | None, needs_label: bool) -> tuple[float, dict[int, float]]:
    """Return the label of a row, 0 if it needs none and has none, and its values by index; raises DecodeError.

    `feature_dim` is the largest index of a request; None for training data.
    """
    label = 0.0
    pairs: dict[int, float] = {}
    labels = int(needs_label or b":" not in tokens[0])
    if labels and not isfinite(label := read_decimal(tokens[0])):
        raise DecodeError(_explain_label(tokens), "column 1")
    for column, token in enumerate(tokens[labels:], labels + 1):
        try:
            index, value = _read_pair(token, feature_dim)
        except DecodeError as error:
            weight = _explain_weight(tokens) if column == 1 else ""
            raise DecodeError(f"{error.problem}{weight}", f"column {column}") from None
        if index in pairs:
            raise DecodeError(f"index {index} comes twice in the row{_explain_weight(tokens)}", f"column {column}")
        pairs[index] = value
    return label, pairs


def _read_pair(token: bytes, feature_dim: int | None) -> tuple[int, float]:
    name, _, text = token.partition(b":")
    index, value = _read_index(name), read_decimal(text)
    if not 1 <= index <= (feature_dim or MAX_INDEX) or not isfinite(value):
        raise DecodeError(f"expected index:value, found {quote_text(token)}{_explain_pair(token, feature_dim)}")
    return index, value


def _read_index(name: bytes) -> int:
    """Parse an index: 0 if it is not a whole number; one of many digits is cut to eleven, which is still too large."""
    return int(name.lstrip(b"0")[:11] or b"0") if name.isdigit() else 0


def _explain_pair(token: bytes, feature_dim: int | None) -> str:
    name, colon, text = token.partition(b":")
    if not colon:
        return f". {_explain_other_format(token)}"
    if name == b"qid":
        return ": rows are not ranked within queries. Remove the qid of every row"
    if not name.isdigit():
        return ", whose index is not a whole number"
    if not _read_index(name):
        return ", but indices count from 1. Add 1 to the indices of all rows"
    if _read_index(name) > (feature_dim or MAX_INDEX):
        limit = f"the {feature_dim} features of the model" if feature_dim else f"the largest one possible, {MAX_INDEX}"
        return f", whose index is beyond {limit}"
    return _explain_number(text) or ", whose value is not a number. Write categories as numbers"


def _explain_label(tokens: list[bytes]) -> str:
    found = f"expected a label, found {quote_text(tokens[0])}"
    if b":" in tokens[0] and (weight := _explain_weight(tokens)):
        return f"{found}{weight}"
    if b":" in tokens[0]:
        return (
            f"{found}. Is the label missing? It comes first in every row. Instance weights, label:weight, are not "
            "supported"
        )
    if b"," in tokens[0] and any(b":" in token for token in tokens):
        return f"{found}. A row has one label"
    if b"," in tokens[0]:
        return f"{found}. {_explain_other_format(tokens[0])}"
    if not any(b":" in token or NUMBER_PATTERN.fullmatch(token) for token in tokens):
        return f"{found}. Is this a header row? Remove it: every row must be data"
    return f"{found}{_explain_number(tokens[0]) or '. Write classes as numbers, 0, 1 and so on'}"


def _explain_weight(tokens: list[bytes]) -> str:
    """Explain a first token that is label:weight; "" if it may be index:value, its index preceding the next."""
    label, colon, weight = tokens[0].partition(b":")
    following = _read_index(tokens[1].partition(b":")[0]) if len(tokens) > 1 else 0
    known = bool(colon) and isfinite(read_decimal(label)) and isfinite(read_decimal(weight))
    if not known or 0 < _read_index(label) < (following or MAX_INDEX + 1):
        return ""
    return f". Is {quote_text(tokens[0])} label:weight? Instance weights are not supported: write the label alone"


def _explain_other_format(token: bytes) -> str:
    if b"," in token:
        return "Is this CSV? Then set the content type to text/csv"
    return "Is this text/libsvm? Its rows are written `label index:value index:value ...`"


def _explain_number(text: bytes) -> str | None:
    return explain_value(decode_text(text)) if text else ", whose value is missing. A value that is not written is zero"
