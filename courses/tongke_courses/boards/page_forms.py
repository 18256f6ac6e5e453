"""What the forms of boards are filled with, read and say when something is wrong."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID, uuid4

from tongke_courses.boards import anchors
from tongke_courses.boards.models import AnchorKind
from tongke_courses.boards.schemas import AnchorIn, AnchorOut
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.pages.desk import parse_uuid, query
from tongke_platform.rights import Principal

LABELS = {
    "title": N_("Title"),
    "text": N_("What you want to say"),
    "note": N_("A few words on it"),
    "reason": N_("Reason"),
    "due_on": N_("Until"),
    "class_id": N_("Class"),
    "person_id": N_("Who"),
    "group_id": N_("Group of teachers"),
    "into_id": N_("Topic"),
    "post_ids": N_("Posts to split off"),
    "version": N_("Version"),
}
_Choice = TypeVar("_Choice", bound=StrEnum)
THINGS = ("lesson", "material", "course", "node")
_KINDS = {
    "lesson": AnchorKind.LESSON,
    "material": AnchorKind.MATERIAL,
    "course": AnchorKind.COURSE,
    "node": AnchorKind.TEXTBOOK,
}


def anchor_of(values: Mapping[str, str]) -> AnchorIn | None:
    """Of an address or a form: ``lesson`` with perhaps ``at`` (seconds), ``material`` with perhaps
    ``page``, ``course`` or ``node``. What is no number is left out.

    Raises ValidationError for a number that is out of bounds.
    """
    for name in THINGS:
        key = parse_uuid(values.get(name, ""))
        if key is None:
            continue
        kind, more = _KINDS[name], dict[str, Any]()
        if name == "lesson" and (at := _number(values.get("at", ""))) is not None:
            kind, more = AnchorKind.MOMENT, {"at_ms": at * 1000}
        if name == "material" and (number := _number(values.get("page", ""))):
            more = {"page": number}
        return AnchorIn(kind=kind, id=key, **more)
    return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def anchor_values(wanted: AnchorIn | None) -> dict[str, str]:
    """As ``anchor_of`` reads it."""
    if wanted is None:
        return {}
    kinds = {**{kind: name for name, kind in _KINDS.items()}, AnchorKind.MOMENT: "lesson"}
    found = {kinds[wanted.kind]: str(wanted.id)}
    if wanted.at_ms is not None:
        found["at"] = str(wanted.at_ms // 1000)
    if wanted.page is not None:
        found["page"] = str(wanted.page)
    return found


async def anchor_shown(
    session: ReadSession, by: Principal, wanted: AnchorIn | None
) -> AnchorOut | None:
    """Of a topic that is not written yet. Raises NotFound ``no_anchor``."""
    if wanted is None:
        return None
    found = await anchors.fields(session, by, wanted)
    return AnchorOut(
        kind=wanted.kind,
        id=wanted.id,
        label=found["anchor_label"],
        at_ms=wanted.at_ms,
        page=wanted.page,
    )


def ask_address(**thing: object) -> str:
    """Where one asks about a thing; the group is chosen there."""
    return f"/ask{query(**thing)}"


def key_of(values: Mapping[str, str]) -> UUID:
    """What the form is sent with, so that twice is once; a new one where it has none."""
    return parse_uuid(values.get("sent_as", "")) or uuid4()


def one_of(kind: type[_Choice], text: str) -> _Choice | None:
    """None for what is none."""
    return kind(text) if text in {one.value for one in kind} else None


def number_in(values: Mapping[str, str], name: str = "version") -> int:
    """0 fits nothing."""
    return _number(values.get(name, "")) or 0


def line_in(values: Mapping[str, str], name: str) -> str:
    return values.get(name, "").replace("\0", "").strip()[:500]
