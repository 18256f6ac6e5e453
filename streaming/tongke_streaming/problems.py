"""Refusals as problem details (RFC 9457)."""

import json
from http import HTTPStatus

from starlette.responses import Response

from .frames import Refused


def problem(refused: Refused) -> Response:
    """``code`` is for programs, ``detail`` for people; the title is the status's own phrase."""
    body = {
        "type": f"urn:tongke:problem:{refused.code}",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "code": refused.code,
        "detail": refused.detail,
    }
    headers = {}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        json.dumps(body, ensure_ascii=False),
        refused.status,
        headers,
        media_type="application/problem+json",
    )
