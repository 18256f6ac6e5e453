"""Values nobody means well with, and requests that carry them in one place each."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from tests.rights.ways import Asked

MARKUP = "<script>alert(7)</script>\"'><img src=x onerror=alert(7)>"
ELSEWHERE = "//evil.example/"
# No page of ours writes these; an answer with one of them has printed what was sent.
UNESCAPED = (b"<script>alert(7)", b"<img src=x")

TEXTS = (
    "a\0b",
    MARKUP,
    "\ud800",
    "x" * 10_240,
    "9" * 30,
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01",
    "9999-12-31",
    "../../../../etc/passwd",
    "' OR 1=1; DROP TABLE people; --",
    "%s%n%(x)s{0.__class__}{{7*7}}",
    "-1",
    "NaN",
    "٣",
    "\u202e\u2066",
    "",
    ELSEWHERE,
    "2147483648",
    "\N{PILE OF POO}" * 40,
)
WRONG_TYPES: tuple[Any, ...] = (
    None, True, -1, 10**30, 2**31, 2**63, 1e300, 0.5, [], {}, [[]], {"a": {"b": [1]}}, ["a\0b"],
    [{"$ne": 1}],
)  # fmt: skip
# What some other program would take into a row unasked.
UNASKED = {
    "role": "admin",
    "is_admin": "true",
    "scope": "platform",
    "admin": "1",
    "deactivated_at": "2020-01-01T00:00:00Z",
    "id": "00000000-0000-7000-8000-000000000000",
    "person_id": "00000000-0000-7000-8000-000000000000",
    "created_at": "2020-01-01T00:00:00Z",
    "password_hash": "x",
    "token": "x",
}


@dataclass(frozen=True)
class Fields:
    """What an address takes, besides its path."""

    query: tuple[str, ...] = ()
    body: tuple[str, ...] = ()


def fields_of(app: FastAPI) -> dict[str, Fields]:
    """By ``METHOD /path``, read from the routes."""
    found: dict[str, Fields] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            known = Fields(tuple(_query(route.dependant)), tuple(_body(route.dependant)))
            found |= {f"{method} {context.path}": known for method in context.methods or ()}
    return found


def _query(dependant: Dependant) -> Iterator[str]:
    for one in dependant.query_params:
        yield one.alias
    for inner in dependant.dependencies:
        yield from _query(inner)


def _body(dependant: Dependant) -> Iterator[str]:
    for one in dependant.body_params:
        kind = one.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from kind.model_fields
        else:
            yield one.alias


def _json(fields: object) -> dict[str, Any]:
    return {"content": json.dumps(fields), "headers": {"content-type": "application/json"}}


def _form(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "content": urlencode(fields, doseq=True, errors="surrogatepass"),
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    }


def bodies(parts: Mapping[str, Any], more: tuple[str, ...], values: "Chosen") -> Iterator[Any]:
    """The right body, wrong in one field each time."""
    kind = "json" if "json" in parts else "data"
    right = parts.get(kind)
    if right is None and not more:
        return
    right = right or {}
    if not isinstance(right, Mapping):
        return
    packed: Callable[[Any], dict[str, Any]] = _json if kind == "json" else _form
    if "files" in parts:
        yield from _multipart(parts, right, values)
        return
    for name in dict.fromkeys((*right, *more)):
        for value in values(WRONG_TYPES if kind == "json" else ()):
            yield packed({**right, name: value})
        if kind == "data":
            yield packed({**right, name: [str(right.get(name, "")), MARKUP]})
    yield packed({**right, **UNASKED})
    if kind == "json":
        for whole in (None, [], "a", 7, [right]):
            yield _json(whole)
        yield {"content": '{"a": ' * 5000, "headers": {"content-type": "application/json"}}
        yield {"content": "\0", "headers": {"content-type": "application/json"}}


def _multipart(parts: Mapping[str, Any], right: Mapping[str, Any], values: "Chosen") -> Any:
    for name in right:
        for value in values(()):
            if value.isprintable() or value == "a\0b":
                yield {**parts, "data": {**right, name: value}}
    yield {**parts, "data": {**right, **UNASKED}}
    for name, (_, data, kind) in parts["files"].items():
        for called in ("../../x.sh", MARKUP, "x" * 5000, "a.exe"):
            yield {**parts, "files": {name: (called, data, kind)}}
        for bytes_ in (b"", b"\0" * 64, b"<svg onload=alert(7)>", b"\xff" * 4096, b"PK\3\4" + b"x"):
            yield {**parts, "files": {name: ("people.csv", bytes_, kind)}}
        yield {"data": {**right, name: MARKUP}}


class Chosen:
    """The first ``always`` values each time; of the others one in ``every``, others for each place."""

    def __init__(self, *, always: int, every: int, start: int = 0) -> None:
        self._always, self._every, self._place = always, every, start

    def __call__(self, also: tuple[Any, ...] = ()) -> Iterator[Any]:
        self._place += 1
        yield from TEXTS[: self._always]
        others = (*TEXTS[self._always :], *also)
        yield from others[self._place % self._every :: self._every]


def paths(path: str, filled: str, values: Chosen) -> Iterator[str]:
    """``filled`` with another value in one of the places of ``path``."""
    parts, right = path.split("/"), filled.split("/")
    for index, part in enumerate(parts):
        if "{" in part:
            for value in values():
                text = quote(value or " ", safe="", errors="surrogatepass")
                yield "/".join([*right[:index], text, *right[index + 1 :]])


def queries(names: tuple[str, ...], values: Chosen) -> Iterator[str]:
    """Each alone; and all at once, twice, with those that lead somewhere."""
    for name in names:
        for value in values():
            yield "?" + urlencode({name: value}, errors="surrogatepass")
    elsewhere = [(name, ELSEWHERE) for name in ("next", "back", "lang", *names)]
    yield "?" + urlencode([*elsewhere, *((name, MARKUP) for name, _ in elsewhere)])


def requests(
    method: str, path: str, filled: str, fields: Fields, parts: Mapping[str, Any], values: Chosen
) -> Iterator[Asked]:
    """One address, asked wrongly in every place it has."""
    body = {key: value for key, value in parts.items() if key != "query"}
    for wrong in paths(path, filled, values):
        yield Asked(method, wrong, **body)
    for query in queries(fields.query, values):
        yield Asked(method, filled + query, **body)
    if method != "GET":
        for sent in bodies(body, fields.body, values):
            yield Asked(method, filled, **sent)
