"""What the forms of groups are filled with, read and say when something is wrong."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request

from tongke_courses.groups import rights
from tongke_courses.groups.lesson_choice import key_in
from tongke_courses.groups.models import GroupActivity
from tongke_platform.errors import N_
from tongke_platform.fields import parse_day
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.pages.desk import parse_uuid
from tongke_platform.pages.rendering import Pages
from tongke_platform.pages.times import day_words, local
from tongke_platform.rights import Principal, Scope

LABELS = {
    "kind": N_("Kind of group"),
    "name": N_("What the group is called"),
    "about": N_("What the group is for"),
    "subject": N_("Subject"),
    "stage": N_("Stage"),
    "grade": N_("Grade"),
    "visibility": N_("Who can find it"),
    "home": N_("At home in"),
    "display_name": N_("Their name"),
    "sign_in_name": N_("Phone number or mail address they sign in with"),
    "note": N_("A line about yourself"),
    "title": N_("Title"),
    "starts_at": N_("Begins"),
    "ends_at": N_("Ends"),
    "place": N_("Place"),
    "agenda": N_("Agenda"),
    "text": N_("Minutes of the activity"),
    "item": N_("What is to be brought"),
    "due_on": N_("Until"),
    "person_id": N_("Who"),
    "expires_at": N_("Good until"),
    "reason": N_("Reason"),
}
WORDS = ("kind", "name", "about", "subject", "stage", "grade", "visibility")
WRONG_TIMES = N_("Please give a day, and an end that lies after the beginning.")


def said_days(pages: Pages, request: Request, today: date) -> Callable[[date], str]:
    """Days as people say them, for a template."""
    return lambda day: day_words(day, today, pages.language(request))


def homes(principal: Principal) -> list[tuple[str, str]]:
    """Where they may found a group: ``o:id`` or ``r:id`` and a name, the school they act for first."""
    organisations: dict[UUID, Organisation] = {}
    regions: dict[UUID, Region] = {}
    for one in principal.person.memberships:
        if one.role not in rights.CREATE.roles:
            continue
        if one.scope is Scope.ORGANISATION and one.organisation is not None:
            organisations[one.organisation.id] = one.organisation
        if one.scope is Scope.REGION and one.region is not None:
            regions[one.region.id] = one.region
    ordered = sorted(organisations.values(), key=lambda one: one.id != principal.acting_for)
    return [(f"o:{one.id}", one.name) for one in ordered if one.closed_on is None] + [
        (f"r:{one.id}", one.name) for one in regions.values()
    ]


def home_of(text: str) -> dict[str, UUID | None]:
    """Of a chosen home; none for what is none."""
    kind, _, key = text.partition(":")
    found = parse_uuid(key)
    return {
        "organisation_id": found if kind == "o" else None,
        "region_id": found if kind == "r" else None,
    }


def activity_body(values: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """As ActivityIn takes it; times that are none are missing. Without a last day it ends on the first."""
    body: dict[str, Any] = {
        name: values.get(name, "") for name in ("kind", "title", "place", "agenda")
    }
    first, last = values.get("day", ""), values.get("last_day", "").strip()
    for name, day, clock in (
        ("starts_at", parse_day(first), values.get("from", "")),
        ("ends_at", parse_day(last or first), values.get("to", "")),
    ):
        at = _clock(clock)
        if day is not None and at is not None:
            body[name] = datetime.combine(day, at, zone)
    body["lesson_id"] = key_in(values.get("lesson", ""))
    return body


def looks_for_lesson(values: Mapping[str, str]) -> bool:
    """The form is not to be saved yet: a lesson is looked for, also by the return key."""
    asked = values.get("lesson_q", "").strip()
    return "find" in values or (asked != "" and asked != values.get("lesson_q_was", "").strip())


def _clock(text: str) -> time | None:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=None, microsecond=0)


def activity_values(activity: GroupActivity, zone: ZoneInfo) -> dict[str, str]:
    """As the form shows them."""
    begins, ends = local(activity.starts_at, zone), local(activity.ends_at, zone)
    return {
        "kind": activity.kind.value,
        "title": activity.title,
        "day": begins.date().isoformat(),
        "from": f"{begins:%H:%M}",
        "to": f"{ends:%H:%M}",
        "last_day": ends.date().isoformat() if ends.date() != begins.date() else "",
        "place": activity.place,
        "lesson": str(activity.lesson_id or ""),
        "agenda": activity.agenda,
        "version": str(activity.version),
    }
