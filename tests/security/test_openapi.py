"""Every JSON operation, asked with what its own description says may and may not be sent.

The cases are those of Schemathesis' coverage phase: each boundary of each value and one step past
it, wrong types, fields left out, doubled and added. They are computed, not drawn: no run differs.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from tests.rights.askers import Asker
from tests.rights.test_walk import OWN_SITE
from tests.rights.ways import HOST, Answer, Undone, send
from tests.rights.world import World
from tongke_platform.frame import Frame

pytestmark = pytest.mark.timeout(200)

MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CHECKS = [content_type_conformance, response_schema_conformance]
# How many of each operation's cases are sent by whom, evenly chosen of all there are.
ASKERS = {"admin.platform@own": 8, "school_admin.organisation@own": 3, "nobody": 1}
# Of each kind: most of them are for one long list of fields.
KEPT = 48
# Text of 8000 characters that fits a pattern takes minutes to find.
LONG = 40

_KEPT: dict[str, list[Case[Any]]] = {}


def cases_of(app: FastAPI) -> Mapping[str, list[Case[Any]]]:
    """By ``METHOD /path``; computed once, since they take seconds."""
    if not _KEPT:
        schema = schemathesis.openapi.from_dict(without_long_patterns(app.openapi()))
        for result in schema.get_all_operations():
            one: Any = result.ok()  # type: ignore[union-attr]  # the document is ours: no errors
            config = schema.config.generation_for(operation=one)
            _KEPT[one.label] = [
                case
                for mode in MODES
                for case in islice(
                    schema.iter_coverage_cases(
                        one, generation_modes=[mode], generation_config=config
                    ),
                    KEPT,
                )
            ]
    return _KEPT


def without_long_patterns(part: Any) -> Any:
    """The document; what the patterns of long text forbid, a NUL, test_hostile.py sends."""
    if isinstance(part, list):
        return [without_long_patterns(one) for one in part]
    if not isinstance(part, dict):
        return part
    long = part.get("maxLength", 0) > LONG
    return {
        key: without_long_patterns(one)
        for key, one in part.items()
        if not (long and key == "pattern")
    }


def some(cases: list[Case[Any]], most: int, start: int) -> Iterator[Case[Any]]:
    step = max(1, -(-len(cases) // most))
    return islice(cases, start % step, None, step)


def prepared(case: Case[Any], world: World) -> requests.PreparedRequest:
    """What is sent: with the ids of objects that are there, unless ids are what the case is about."""
    request = requests.Request(**case.as_transport_kwargs(base_url=f"http://{HOST}")).prepare()
    meta = case.meta
    if case.path_parameters and meta and not meta.is_negative_at(ParameterLocation.PATH):
        path = world.fill(f"{case.operation.method.upper()} {case.path}")
        parts = urlsplit(str(request.url))
        request.url = parts._replace(path=path).geturl()
    return request


async def ask(app: FastAPI, request: requests.PreparedRequest, asker: Asker) -> Answer:
    parts = urlsplit(str(request.url))
    body = request.body or b""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [
            (str(key).lower().encode(), value if isinstance(value, bytes) else value.encode())
            for key, value in request.headers.items()
        ]
        + [(b"host", HOST.encode())],
        "client": ("127.0.0.1", 5000),
        "server": (HOST, 80),
    }
    content = body.encode() if isinstance(body, str) else bytes(body)  # type: ignore[arg-type]  # prepared: text or bytes
    return await send(app, scope, content, {**OWN_SITE, "accept": "*/*", **asker.headers})


def trouble(case: Case[Any], request: requests.PreparedRequest, answer: Answer) -> str:
    """What is wrong with an answer, in one line; empty for nothing."""
    if answer.status >= 500:
        return f"{answer.status} {answer.body[:400]!r}"
    headers = {key: [value] for key, value in answer.headers.items()}
    response = Response(answer.status, headers, answer.body, request, 0.0, verify=False)
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as failures:
        return "; ".join(f"{one.title}: {one.message[:200]}" for one in failures.exceptions)
    return ""


async def test_every_operation(app: FastAPI, frame: Frame, world: World) -> None:
    undone = Undone(frame.database)
    askers = {one.name: one for one in world.askers}
    wrong: dict[str, str] = {}
    sent = 0
    async with undone.connected():
        for number, (label, cases) in enumerate(cases_of(app).items()):
            for name, most in ASKERS.items():
                for case in some(cases, most, number + 5 * frame.database.is_sqlite):
                    request = prepared(case, world)
                    async with undone.request():
                        answer = await ask(app, request, askers[name])
                    sent += 1
                    if found := trouble(case, request, answer):
                        wrong.setdefault(
                            f"{label} by {name}: {found}", f"{request.url} {request.body!r:.300}"
                        )
    said = [f"{found}\n      {request}" for found, request in wrong.items()]
    assert not said, f"{len(said)} of {sent} answers:\n" + "\n".join(said)
