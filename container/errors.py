"""What can be wrong with what a user gives us, each kind with the exit or HTTP status it stands for."""

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


class NotAcceptable(HttpError):
    """An Accept header that names nothing we can answer with."""

    status = 406


class PayloadTooLarge(HttpError):
    """A body over the limit."""

    status = 413


class UnsupportedMediaType(HttpError):
    """A content type that has no codec."""

    status = 415
