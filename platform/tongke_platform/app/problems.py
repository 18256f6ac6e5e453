"""One handler for every error: problem details (RFC 9457) for programs, a page for people."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from tongke_platform.database.unfit import is_busy
from tongke_platform.errors import (
    N_,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TongkeError,
    Unauthorized,
    wants_problem,
)
from tongke_platform.frame import get_frame
from tongke_streaming.frames import LinkLost, Refused

log = structlog.get_logger(__name__)

# What the media processes refuse, said to a person. Codes are those of docs/architecture.md.
REFUSALS = {
    "bad_sdp": N_("The offer could not be understood."),
    "source_taken": N_("Somebody else is already publishing this picture."),
    "no_h264": N_("The sender offers no H.264 video. Please choose H.264 in its settings."),
    "too_many_tracks": N_("The sender offers more tracks than one picture and one sound."),
    "full": N_("The server is full. Please try again in a moment."),
    "not_live": N_("The lesson has not begun yet."),
    "nothing_yet": N_("There is nothing to watch yet."),
    "no_session": N_("This connection has ended."),
}
TOO_LARGE = N_("This is too much to be sent at once. Nothing of it was saved.")
ALREADY_THERE = N_("This is already there, or has changed meanwhile. Please look again.")
BUSY = N_("Many are changing this at the same moment. Please try again.")
MEDIA_AWAY = N_("The media service is restarting. Please try again in a moment.")

# Of every operation, in the document of the API.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "code": {"type": "string", "description": "Stable, for programs."},
                        "detail": {"type": "string", "description": "For people."},
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "field": {"type": "string"},
                                    "detail": {"type": "string"},
                                },
                            },
                        },
                    },
                }
            }
        },
    }
    for status, words in {
        "4XX": "Refused, as a problem (RFC 9457).",
        "5XX": "Failed, as a problem (RFC 9457).",
    }.items()
}


def message_of(connection: HTTPConnection, error: TongkeError) -> str:
    """The error's sentence in the language of who asked."""
    frame = get_frame(connection)
    text = frame.translate(connection, error.message)
    return text % error.params if error.params else text


def problem(
    connection: HTTPConnection, error: TongkeError, extra: dict[str, Any] | None = None
) -> JSONResponse:
    """``code`` is stable and for programs; ``detail`` is for people."""
    body = {
        "type": "about:blank",
        "title": phrase_of(error.status),
        "status": error.status,
        "code": error.code,
        "detail": message_of(connection, error),
        **(extra or {}),
    }
    return JSONResponse(
        body, error.status, headers_of(error), media_type="application/problem+json"
    )


def phrase_of(status: int) -> str:
    """Of a protocol's own status (tus has 460) as well."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Client Error"


def headers_of(error: TongkeError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return headers


def render(request: Request, error: TongkeError, extra: dict[str, Any] | None = None) -> Response:
    page = get_frame(request).error_page
    if page is None or wants_problem(request):
        return problem(request, error, extra)
    answer = page(request, error.status, error.code, message_of(request, error))
    answer.headers.update(headers_of(error))
    return answer


def from_refusal(refusal: Refused) -> TongkeError:
    message = REFUSALS.get(refusal.code) or refusal.detail.replace("%", "%%") or None
    return TongkeError(
        message, code=refusal.code, status=refusal.status, retry_after=refusal.retry_after
    )


def too_large() -> TongkeError:
    return TongkeError(TOO_LARGE, code="too_large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def from_http(error: HTTPException) -> TongkeError:
    """Starlette's own errors (no route, wrong method, …) as ours."""
    known: dict[int, type[TongkeError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound}
    if error.status_code in known:
        return known[error.status_code]()
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return too_large()
    phrase = HTTPStatus(error.status_code)
    return TongkeError(
        error.detail or phrase.phrase, code=phrase.name.lower(), status=error.status_code
    )


def install(app: FastAPI) -> None:
    async def on_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, TongkeError)
        return render(request, error, error.extra)

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return render(request, from_refusal(error))

    async def on_media_away(request: Request, error: Exception) -> Response:
        return render(
            request, TongkeError(MEDIA_AWAY, code="media_away", status=503, retry_after=1)
        )

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = render(request, from_http(error))
        answer.headers.update(error.headers or {})
        return answer

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fields = [
            {"field": ".".join(map(str, one["loc"][1:])), "detail": one["msg"]}
            for one in error.errors()
        ]
        return render(request, Invalid(), {"errors": fields})

    async def on_unfit(request: Request, error: Exception) -> Response:
        return render(request, Invalid(code="unfit_value"))

    async def on_twice(request: Request, error: Exception) -> Response:
        # Two at once: what is looked up first has its own sentence where it matters.
        log.warning("refused by the database", error=type(error.__cause__).__name__)
        return render(request, Conflict(ALREADY_THERE))

    async def on_database(request: Request, error: Exception) -> Response:
        assert isinstance(error, DBAPIError)
        if not is_busy(error):
            raise error
        return render(request, TongkeError(BUSY, code="busy", status=503, retry_after=1))

    async def on_bug(request: Request, error: Exception) -> Response:
        log.error("request failed", exc_info=error)
        return render(request, TongkeError())

    app.add_exception_handler(TongkeError, on_error)
    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(LinkLost, on_media_away)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(DataError, on_unfit)
    app.add_exception_handler(IntegrityError, on_twice)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(Exception, on_bug)
