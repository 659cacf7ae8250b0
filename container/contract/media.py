"""Media types of HTTP and SageMaker: parsing of Content-Type, and negotiation by Accept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache

ANSWER_TYPES = (
    "application/json",
    "application/jsonlines",
    "text/csv",
    "application/x-recordio-protobuf",
)  # what answers can be written as, the default first


@dataclass(frozen=True)
class MediaType:
    """A media type such as `text/csv` with its parameters, all names in lower case."""

    name: str
    parameters: Mapping[str, str]


@lru_cache(maxsize=256)
def parse_media_type(text: str) -> MediaType:
    """Parse a Content-Type: `text/CSV; label_size=0` is `text/csv` with label_size "0".

    The name is "" if the text is not a media type.
    """
    message = Message()
    message["content-type"] = text
    try:
        (name, _), *parameters = message.get_params() or [("", "")]
    except (TypeError, ValueError):  # what email's parser makes of RFC 2231 gone wrong
        return MediaType("", {})
    name = name.strip().lower()
    return MediaType(name, {key.lower(): str(value) for key, value in parameters})


def negotiate_type(accept: str, offers: Sequence[str]) -> str | None:
    """Choose the offer that an Accept header prefers (RFC 9110, 12.5.1), None if it accepts none.

    Ties are decided by the order of the header, then by that of the offers.
    """
    ranges = [_parse_range(position, part) for position, part in enumerate(accept.split(",")) if part.strip()]
    best: tuple[float, int, int] | None = None
    for order, offer in enumerate(offers):
        fitting = [r for r in ranges if r.covers(offer)]
        if not fitting:
            continue
        exact = min(fitting, key=lambda r: r.name.count("*"))
        rank = (-exact.quality, exact.position, order)
        if exact.quality > 0 and (best is None or rank < best):
            best = rank
    return None if best is None else offers[best[2]]


@dataclass(frozen=True)
class _Range:
    name: str
    quality: float
    position: int

    def covers(self, offer: str) -> bool:
        return self.name in ("*/*", "*", offer, offer.partition("/")[0] + "/*")


def _parse_range(position: int, text: str) -> _Range:
    media = parse_media_type(text)
    try:
        quality = float(media.parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    return _Range(media.name, quality, position)
