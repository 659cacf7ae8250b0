"""Errors that the user can mend, each with its exit status or HTTP status.

Tests: tests/container/test_training.py, tests/container/web/test_application.py.
"""

import json
from typing import ClassVar


class ClientError(Exception):
    """A fault in the user's data or configuration: the job ends with exit status 1 and only this message."""


class DecodeError(Exception):
    """Bytes that are not valid for their content type.

    A codec knows the location inside the bytes ("row 3", "column 2"); its caller adds where the bytes come from.
    """

    def __init__(self, problem: str, *location: str) -> None:
        super().__init__(problem, *location)
        self.problem = problem
        self.location = location

    def message_within(self, *outer: str) -> str:
        """Return the message, with `outer` and then the location in front of it."""
        return f"{', '.join((*outer, *self.location))}: {self.problem}"

    def __str__(self) -> str:
        return self.message_within() if self.location else self.problem


class HttpError(Exception):
    """A request that cannot be answered; the message is for the client."""

    status: ClassVar[int]


class BadPayload(HttpError):
    """A body that cannot be decoded or scored."""

    status = 400


class ModelRequestError(HttpError):
    """A request to load, list or unload models that fails; answered in the format of the multi-model contract."""


class BadModelRequest(ModelRequestError):
    """A request about models that is malformed, or names a model that cannot be read."""

    status = 400


class ModelNotFound(ModelRequestError):
    """A model that is not loaded, or a model folder that does not exist."""

    status = 404


class NotAcceptable(HttpError):
    """An Accept header that includes no supported type."""

    status = 406


class ClientTooSlow(HttpError):
    """A client that sends a body, or takes an answer, too slowly."""

    status = 408


class ModelAlreadyLoaded(ModelRequestError):
    """A model name that is already in use."""

    status = 409


class PayloadTooLarge(HttpError):
    """A body that exceeds the size limit."""

    status = 413


class UnsupportedMediaType(HttpError):
    """A content type without a codec."""

    status = 415


class ServerBusy(HttpError):
    """A request for which there is no capacity at the moment."""

    status = 503


class NoMemoryForModel(ModelRequestError):
    """A model for which there is not enough memory."""

    status = 507


def encode_error(reason: str) -> bytes:
    """Return the JSON body of an error in the format of the platform's own algorithms."""
    text = json.dumps({"error": f"unable to evaluate payload provided: {reason}"}, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")  # half a character is escaped as JSON does it
