"""What can be wrong with what a user gives us, each kind with the exit or HTTP status it stands for."""

import json
from typing import ClassVar


class ClientError(Exception):
    """A fault in the user's data or configuration: training ends with exit status 1 and this message alone."""


class DecodeError(Exception):
    """Bytes that are not what their content type promises.

    A codec knows the place inside the bytes ("row 3", "column 2"); whoever reads the bytes adds where they came from.
    """

    def __init__(self, problem: str, *place: str) -> None:
        super().__init__(problem, *place)
        self.problem = problem
        self.place = place

    def within(self, *outer: str) -> str:
        """Give the message with the place written from the outside in."""
        return f"{', '.join((*outer, *self.place))}: {self.problem}"

    def __str__(self) -> str:
        return self.within() if self.place else self.problem


class HttpError(Exception):
    """A request that cannot be answered; the message is meant for the client."""

    status: ClassVar[int]


class BadPayload(HttpError):
    """A body that cannot be read or scored."""

    status = 400


class ModelError(HttpError):
    """A call about one of many models that cannot be followed; answered in the form of the container contract."""


class BadOrder(ModelError):
    """A call that does not say what it must, or names a model that cannot be read."""

    status = 400


class ModelNotFound(ModelError):
    """A model that is not loaded, or a folder that is not there."""

    status = 404


class NotAcceptable(HttpError):
    """An Accept header that names nothing we can answer with."""

    status = 406


class TooSlow(HttpError):
    """A body that hardly comes."""

    status = 408


class AlreadyLoaded(ModelError):
    """A model of a name that is taken."""

    status = 409


class PayloadTooLarge(HttpError):
    """A body over the limit."""

    status = 413


class UnsupportedMediaType(HttpError):
    """A content type that has no codec."""

    status = 415


class Busy(HttpError):
    """A request that there is no room for now."""

    status = 503


class NoRoom(ModelError):
    """A model that there is no memory for."""

    status = 507


def error_body(reason: str) -> bytes:
    """Say why a request is not answered, as clients of Linear Learner expect it: JSON with an `error`."""
    text = json.dumps({"error": f"unable to evaluate payload provided: {reason}"}, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")  # half a character is escaped as JSON does it
