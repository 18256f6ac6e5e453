"""Every address the application has, read from the application itself."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, WebSocketRoute

# Asked without a body before the real request, and answered alike to everybody.
ASIDE = {"HEAD", "OPTIONS"}


def addresses(app: FastAPI) -> set[str]:
    """``METHOD /path/{param}`` of each route, with those of mounted parts, ``WS`` for sockets and
    ``WS /api/wire kind`` for each kind of topic.
    """
    found = set(_walk(app, ""))
    kinds = app.state.frame.wire._kinds
    return found | {f"WS /api/wire {name}" for name in kinds}


def _walk(app: FastAPI, prefix: str) -> Iterator[str]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        path = prefix + (context.path or "")
        if isinstance(route, Mount):
            if route.routes:
                raise NotImplementedError(f"{path}: say how the walk enters this mount")
            yield f"MOUNT {path}"
        elif isinstance(route, WebSocketRoute):
            yield f"WS {path}"
        else:
            for method in sorted((context.methods or set()) - ASIDE):
                yield f"{method} {path}"
