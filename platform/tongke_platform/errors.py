"""Errors carry their status; one handler renders them, as a problem (RFC 9457) or as a page."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection


def N_(message: str) -> str:
    """Mark a message for the catalogues; it is translated when it is shown."""
    return message


class TongkeError(Exception):
    """``message`` is an English sentence with %(name)s places, translated by the handler. ``extra``
    are further members of the problem, for programs.
    """

    status = 500
    code = "internal"
    message = N_("Something went wrong on our side. Nothing you entered was lost.")

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        extra: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.retry_after = retry_after
        self.extra = dict(extra or {})
        self.params = params
        super().__init__(f"{self.code}: {self.message % params if params else self.message}")


class Unauthorized(TongkeError):
    status = 401
    code = "unauthorized"
    message = N_("Please log in first.")


class Forbidden(TongkeError):
    status = 403
    code = "forbidden"
    message = N_("Your account is not allowed to do this.")


class NotFound(TongkeError):
    status = 404
    code = "not_found"
    message = N_("There is nothing at this address.")


class Conflict(TongkeError):
    status = 409
    code = "conflict"
    message = N_("This cannot be done now.")


class Invalid(TongkeError):
    status = 422
    code = "invalid"
    message = N_("Something in what was sent is not right.")


class TooMany(TongkeError):
    status = 429
    code = "too_many"
    message = N_("Too many tries. Please wait a moment and try again.")


class Busy(TongkeError):
    status = 503
    code = "busy"
    message = N_("The server is very busy. Please try again in a moment.")


def wants_problem(connection: HTTPConnection) -> bool:
    """Whether an error is for a program: under /api, /live, /replay, or nobody asked for HTML."""
    path = connection.url.path
    if path.startswith(("/api/", "/live/", "/replay/")):
        return True
    return "text/html" not in connection.headers.get("accept", "")
