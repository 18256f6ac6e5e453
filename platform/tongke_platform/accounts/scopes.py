"""What an API token may do less than its owner."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import HTTPConnection

from tongke_platform.errors import N_, Forbidden, Invalid
from tongke_platform.rights import Principal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

ACTS = {"read": N_("read"), "write": N_("read and change")}
# An area is the first part of an address below /api.
AREAS = {
    "lessons": N_("Lessons"),
    "organisations": N_("Schools and organisations"),
    "people": N_("People"),
    "rooms": N_("Rooms of schools"),
    "classes": N_("Classes"),
    "partnerships": N_("Partnerships"),
    "imports": N_("Imports"),
    "notices": N_("Notices"),
    "facts": N_("Records of what happened"),
}
# Media addresses are the lessons' own.
_AREA_OF = {
    "live": "lessons",
    "replay": "lessons",
    "uploads": "lessons",
    "materials": "lessons",
    "regions": "organisations",
    "rollups": "facts",
    "pupils": "classes",
}


def check_asked(scopes: Iterable[str]) -> list[str]:
    """Scopes as they are stored. Raises Invalid ``no_scope`` for unknown ones and for no act."""
    asked = sorted(set(scopes))
    if not set(asked) <= ACTS.keys() | AREAS.keys() or not set(asked) & ACTS.keys():
        raise Invalid(N_("Please choose what this token may do."), code="no_scope")
    return asked


def check_scopes(principal: Principal, connection: HTTPConnection) -> None:
    """Raises Forbidden ``scope``. Without ``write`` only reading; with areas only those."""
    scopes = principal.scopes
    if scopes is None:
        return
    if connection.scope.get("method", "GET") not in SAFE_METHODS and "write" not in scopes:
        raise Forbidden(N_("This token may only read."), code="scope")
    if not scopes & ACTS.keys():
        raise Forbidden(N_("This token may do nothing here."), code="scope")
    areas = scopes & AREAS.keys()
    if areas and _area(connection.scope) not in areas:
        raise Forbidden(N_("This token may do nothing here."), code="scope")


def _area(scope: Any) -> str:
    path: str = scope["path"]
    first, _, rest = path.strip("/").partition("/")
    name = rest.partition("/")[0] if first == "api" else first
    return _AREA_OF.get(name, name)
