"""From the records of a request to its answer: negotiate its content type, score, encode.

Tests: tests/container/web/test_application.py.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from container.codecs.delimited.parameters import is_header_present
from container.codecs.registry import ANSWER_ENCODINGS, parse_content_type
from container.codecs.text.digits import write_plainly
from container.contract.errors import BadPayload, NotAcceptable, PayloadTooLarge
from container.contract.media import negotiate_type
from container.rows.asked import AskedTable, RowCounter, TableModel
from container.rows.blocks import DEFAULT_OPTIONS, AnswerColumns, DecodeOptions, Features, all_finite
from container.rows.columns import arrange_features, arrange_numbered_features, show_names
from open_algorithms.learning.rows.csr import Csr, slice_rows

ANSWER_BYTES = 128 << 20
VALUES_AT_ONCE = 1 << 18  # that are scored at once: they stay in a processor's cache


class ServedModel(Protocol):
    """What is served: `predict` takes features (n, feature_dim), dense or CSR, and returns named columns of n rows."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def outputs(self) -> int:
        """The number of values that are computed for a record."""

    def predict(self, X: Features) -> Mapping[str, NDArray[Any]]:
        """Score records."""


@runtime_checkable
class NamedModel(Protocol):
    """A model that knows its features' names, and whether it needs features in float64."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the features, or none."""

    @property
    def exact(self) -> bool:
        """Whether features are to be decoded to float64."""


class Answer:
    """The encoded answer to one request, in parts; `rows` counts the records scored so far.

    In JSON the answers are a list under `key`. Of CSV the content type may say header=present: then names come first.
    """

    def __init__(
        self, model: ServedModel, records: Iterator[Features], content_type: str, key: str = "predictions"
    ) -> None:
        """Score the first records; raise BadPayload if there are none or they cannot be scored."""
        self.content_type = content_type
        self.rows = 0
        media = parse_content_type(content_type)
        self._encoding = ANSWER_ENCODINGS[media.name]
        self._has_header = is_header_present(media.parameters)
        self._classes = _find_classes(model)
        self._opening = self._encoding.opening % {b"key": json.dumps(key).encode()}
        self._parts = self._score_parts(model, records)
        self._first = next(self._parts, None)
        if self._first is None:
            raise BadPayload("no record in the body; expected one or more")

    def iter_parts(self) -> Iterator[bytes]:
        """Yield the answer while records are read; raise BadPayload for one that cannot be read or scored."""
        assert self._first is not None
        yield self._opening + self._first
        for part in self._parts:
            yield self._encoding.separator + part
        yield self._encoding.closing

    def read_whole(self) -> bytes:
        """Return the whole answer; raise PayloadTooLarge if it exceeds ANSWER_BYTES."""
        kept, size = [], 0
        for part in self.iter_parts():
            kept.append(part)
            size += len(part)
            if size > ANSWER_BYTES:
                raise PayloadTooLarge(f"the answer is larger than {ANSWER_BYTES >> 20} MB; send fewer records at once")
        return b"".join(kept)

    def _score_parts(self, model: ServedModel, records: Iterator[Features]) -> Iterator[bytes]:
        for X in _slice_records(records, model):
            columns = model.predict(X)
            _check_finite_scores(columns, self.rows + 1)
            begins, self.rows = not self.rows, self.rows + X.shape[0]
            part = self._encoding.encode(name_labels(columns, self._classes, self._encoding.write_text))
            if begins and self._has_header and self._encoding.write_header:
                part = self._encoding.write_header(name_fields(columns, self._classes)) + part
            yield part


def make_decode_options(
    model: ServedModel, warn: Callable[[str], None], counter: RowCounter | None = None
) -> DecodeOptions:
    """Return options that select columns by the model's feature names; columns that it does not know are left out.

    A model without names gets the default options, or f0, f1, ... where a request names its columns so. Those of a
    model with a recipe say how the rows of a table become features, and `counter` is told what is odd about them.
    """
    if isinstance(model, TableModel) and model.recipe is not None:
        return DecodeOptions(
            warn=warn, table=AskedTable(model.recipe, model.feature_dim, model.encode_rows, warn, counter)
        )
    if not isinstance(model, NamedModel):
        return DEFAULT_OPTIONS

    def arrange_columns(names: Sequence[str]) -> Sequence[int] | None:
        if not model.names:
            warn(
                "Requests name their columns, but the model does not know its features' names: they go by their places"
            )
            return arrange_numbered_features(names, model.feature_dim)
        order = arrange_features(names, model.names)
        if order.left_out:
            warn(f"Requests name columns that the model does not know; they are left out: {show_names(order.left_out)}")
        return order.columns

    return DecodeOptions(arrange_columns, warn=warn, keep_float64=model.exact)


def choose_answer_type(accept: str | None, default: str) -> str:
    """Choose the content type of the answer by the Accept header; raise NotAcceptable if none fits."""
    if not accept or accept == "*/*":
        return default
    name = negotiate_type(accept, [default, *(name for name in ANSWER_ENCODINGS if name != default)])
    if name is None:
        raise NotAcceptable(f"expected an Accept of {', '.join(ANSWER_ENCODINGS)}, found {accept!r}")
    if ";" in accept and ANSWER_ENCODINGS[name].write_header is not None:
        asked = [media.parameters for media in map(parse_content_type, accept.split(",")) if media.name == name]
        if any(parameters.get("header", "").lower() == "present" for parameters in asked):
            return f"{name};header=present"
    return name


def name_labels(
    columns: AnswerColumns, classes: Sequence[str | float], write_text: Callable[[str], str] | None
) -> AnswerColumns:
    """Replace whole numbers, which are those of classes, by the classes as texts of the answer.

    They stay where there are no classes, or where the answer takes no text.
    """
    if not classes or write_text is None:
        return columns
    texts = _write_classes(tuple(classes), write_text)
    return {name: texts[values] if values.dtype.kind == "i" else values for name, values in columns.items()}


def name_fields(columns: AnswerColumns, classes: Sequence[str | float] = ()) -> list[str]:
    """Return the names of the fields of a row: of several of a column, with the class or the number behind it."""
    names = []
    for name, values in columns.items():
        if values.ndim == 1:
            names.append(name)
        else:
            known = len(classes) == values.shape[1]
            parts = map(_write_class, classes) if known else map(str, range(values.shape[1]))
            names += [f"{name}_{part}" for part in parts]
    return names


def _find_classes(model: ServedModel) -> Sequence[str | float]:
    """Return the classes in the order of their numbers, none where labels are numbers."""
    classes: Sequence[str | float] = getattr(model, "classes", ())
    return classes


@lru_cache(maxsize=16)
def _write_classes(classes: tuple[str | float, ...], write_text: Callable[[str], str]) -> NDArray[np.object_]:
    """Write classes as values of an answer, (classes,): texts as such, numbers as numbers."""
    texts = np.empty(len(classes), object)
    texts[:] = [write_text(one) if isinstance(one, str) else write_plainly(one) for one in classes]
    return texts


def _write_class(one: str | float) -> str:
    return one if isinstance(one, str) else write_plainly(one)


def _slice_records(records: Iterator[Features], model: ServedModel) -> Iterator[Features]:
    """Split blocks so that the values read and computed at once fit a processor's cache; skip empty blocks."""
    for X in records:
        dense = not isinstance(X, Csr)
        step = max(1, VALUES_AT_ONCE // max(model.outputs, model.feature_dim if dense else 1))
        if 0 < X.shape[0] <= step:
            yield X
            continue
        for first in range(0, X.shape[0], step):
            yield slice_rows(X, first, min(first + step, X.shape[0]))


def _check_finite_scores(columns: Mapping[str, NDArray[Any]], first_record: int) -> None:
    """Raise BadPayload for a score that is not finite; `first_record` is the number of the first row."""
    for name, values in columns.items():
        if values.dtype.kind == "f" and not all_finite(values):
            row = int(np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))[0])
            raise BadPayload(f"record {first_record + row}: its {name} is not finite; are its features too large?")
