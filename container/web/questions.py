"""Requests that ask for recommendations instead of predictions: JSON that a model's algorithm answers as it is.

    {"recommend": QUESTION}  or  {"recommend": [QUESTION, ...]}

The answer is that to the question, or a list of answers. In JSON Lines each line is such a request. A client that takes
only the other of the two types gets that: lines as a list, or each answer of a list as a line.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from container.codecs.registry import parse_content_type
from container.codecs.sniffing.sniff import JSON, JSON_LINES
from container.contract.errors import BadPayload, NotAcceptable, PayloadTooLarge
from container.contract.media import negotiate_type
from container.web.answering import ANSWER_BYTES
from container.web.bodies import WHOLE_BODY_BYTES, BoundedStream, GunzipStream, PrefixedStream, Stream

KEY = "recommend"
HEAD_BYTES = 1 << 10  # within which a request shows what it is
_BEGINNING = re.compile(rb'\s*\{\s*"' + KEY.encode() + rb'"\s*:\s*[\[{]')
_EXPECTED = f'expected {{"{KEY}": ...}} with a question or a list of questions'

Recommend = Callable[[Any, Sequence[Any]], Iterator[Any]]  # of a model and questions; an answer to each


class Asking(NamedTuple):
    """What answers questions, and the errors that it raises for those of a user that it cannot answer."""

    recommend: Recommend
    user_errors: tuple[type[Exception], ...] = ()


class Questions(NamedTuple):
    """Those of a body: the questions of each document, and whether it had one that is not in a list; its media type."""

    documents: list[tuple[list[Any], bool]]
    media_type: str

    @property
    def total(self) -> int:
        """The number of questions."""
        return sum(len(asked) for asked, _ in self.documents)


class Opened(NamedTuple):
    """The body of a request of which the first bytes were looked at, no longer compressed if it was."""

    stream: Stream
    content_encoding: str
    asks: bool


def asks_question(head: bytes) -> bool:
    """Tell whether a body that begins with these bytes asks for recommendations."""
    return _BEGINNING.match(head, 0, HEAD_BYTES) is not None


def open_body(stream: Stream, content_type: str | None, content_encoding: str) -> Opened:
    """Look whether a body asks for recommendations; only JSON does, or what does not say its type."""
    if content_type is not None and parse_content_type(content_type).name not in (JSON, JSON_LINES):
        return Opened(stream, content_encoding, asks=False)
    if content_encoding == "gzip":
        stream, content_encoding = GunzipStream(stream), ""
    head = stream.read(HEAD_BYTES)
    return Opened(PrefixedStream(head, stream), content_encoding, asks_question(head))


def read_questions(stream: Stream, content_type: str | None, limit_bytes: int) -> Questions:
    """Read the questions of a body; raise BadPayload where they are none, and PayloadTooLarge beyond the limit."""
    body = BoundedStream(stream, limit_bytes or WHOLE_BODY_BYTES).read()
    media = JSON if content_type is None else parse_content_type(content_type).name
    try:
        return Questions([_read_document(body)], JSON) if media == JSON else _read_lines(body)
    except BadPayload:
        if content_type is not None or b"\n" not in body.strip():
            raise
    return _read_lines(body)


def answer_questions(model: Any, questions: Questions, asking: Asking, answer_type: str) -> bytes:
    """Return the answers as JSON or JSON Lines; raise BadPayload for a question that cannot be answered."""
    found, size = list[bytes](), 0
    splits = answer_type == JSON_LINES != questions.media_type
    try:
        answers = asking.recommend(model, [one for asked, _ in questions.documents for one in asked])
        for asked, is_single in questions.documents:
            texts = [json.dumps(next(answers), ensure_ascii=False) for _ in asked]
            parts = texts if is_single or splits else [f"[{', '.join(texts)}]"]
            found += [part.encode("utf-8", "backslashreplace") for part in parts]
            size += sum(map(len, found[len(found) - len(parts) :]))
            if size > ANSWER_BYTES:
                raise PayloadTooLarge(f"the answer is larger than {ANSWER_BYTES >> 20} MB; ask for fewer items at once")
    except asking.user_errors as error:
        raise BadPayload(str(error)) from None
    if answer_type == JSON_LINES:
        return b"".join(one + b"\n" for one in found)
    return found[0] if questions.media_type == JSON else b"[" + b", ".join(found) + b"]"


def choose_type(accept: str | None, questions: Questions) -> str:
    """Choose the type of the answers, that of the questions if the client takes it; raise NotAcceptable for others."""
    offers = sorted((JSON, JSON_LINES), key=lambda name: name != questions.media_type)
    found = negotiate_type(accept, offers) if accept else offers[0]
    if found is None:
        raise NotAcceptable(f"recommendations are {JSON} or {JSON_LINES}; found an Accept of {accept!r}")
    return found


def _read_lines(body: bytes) -> Questions:
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    return Questions([_read_document(line, f"line {number}: ") for number, line in lines], JSON_LINES)


def _read_document(text: bytes, place: str = "") -> tuple[list[Any], bool]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPayload(f"{place}{_EXPECTED}, found what is no JSON: {error}") from None
    if not isinstance(found, dict) or list(found) != [KEY]:
        names = ", ".join(map(repr, found)) if isinstance(found, dict) else type(found).__name__
        raise BadPayload(f"{place}{_EXPECTED}, and nothing else, found {names[:80]}")
    asked = found[KEY]
    return (asked, False) if isinstance(asked, list) else ([asked], True)
