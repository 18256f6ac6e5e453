"""Where the change that is going on comes from: set once per request, read by what records it."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass
class Origin:
    """``address`` is the client's; ``via`` is the label of its API token, or the job's name."""

    address: str = ""
    via: str = ""
    person_id: UUID | None = None
    acting_for_id: UUID | None = None


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def origin() -> Origin:
    """Of this task; an empty one outside of requests."""
    return _origin.get() or Origin()


def begin(address: str = "", via: str = "") -> Origin:
    """From here on in this task; who is asking is filled in when that is known."""
    found = Origin(address=address, via=via)
    _origin.set(found)
    return found


def known(person_id: UUID, acting_for_id: UUID | None, via: str = "") -> None:
    """The credential was good: this is who is asking."""
    if (found := _origin.get()) is not None:
        found.person_id, found.acting_for_id = person_id, acting_for_id
        found.via = via or found.via
