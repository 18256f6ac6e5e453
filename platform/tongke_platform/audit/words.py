"""What the page of the log calls fields and values of an entry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tongke_platform.audit.details import HIDDEN
from tongke_platform.consent.purposes import WORDS
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.organisations.kinds import KIND_NAMES
from tongke_platform.organisations.models import Organisation, Region, Room
from tongke_platform.people import roles
from tongke_platform.people.models import Person

# A field that is not here is shown as it is written.
FIELDS: dict[str, str] = {
    "acting_for_id": N_("For"),
    "changed": N_("changed"),
    "changed_at": N_("Changed"),
    "class_lists": N_("Class lists"),
    "class_name": N_("Class"),
    "class_size": N_("Pupils"),
    "closed_on": N_("Closed"),
    "code": N_("Code"),
    "deactivated_at": N_("Closed"),
    "display_name": N_("Name"),
    "ends_on": N_("Until"),
    "erased_at": N_("Person erased"),
    "from_person_id": N_("Before"),
    "new": N_("new"),
    "size": N_("Size"),
    "state": N_("State"),
    "title": N_("Title"),
    "unchanged": N_("as they are"),
    "wrong": N_("to correct"),
    "expires_at": N_("Until"),
    "group": N_("Group of teachers"),
    "into": N_("Other topic"),
    "kind": N_("Kind"),
    "label": N_("Name"),
    "manager_id": N_("Managing school"),
    "merged_into_id": N_("Merged into"),
    "name": N_("Name"),
    "organisation_code": N_("School"),
    "parent_id": N_("Belongs to"),
    "person_id": N_("Person"),
    "post": N_("Post"),
    "posts": N_("Posts of a topic"),
    "purpose": N_("Consent"),
    "reason": N_("Reason"),
    "region_id": N_("Region"),
    "revoked_at": N_("Withdrawn"),
    "role": N_("Role"),
    "scope_id": N_("School"),
    "school_id": N_("School"),
    "starts_on": N_("From"),
    "suspended_at": N_("Paused"),
    "token": N_("Address"),
    "until": N_("Until"),
    "upheld": N_("Found not right"),
}
# Said by the entry itself, or of no use to a person.
UNSAID = frozenset(
    {
        "scope", "partnership_id", "pupil_id", "class_id", "act", "way", "topic_id", "post_id",
        "into_id",
    }
)  # fmt: skip
VALUES: dict[str, Mapping[str, str]] = {
    "purpose": {purpose.value: words.name for purpose, words in WORDS.items()},
    "state": {
        "waiting": N_("Being put together"),
        "ready": N_("Ready"),
        "fetched": N_("Fetched"),
        "expired": N_("Over"),
    },
    "role": {role.value: name for role, name in roles.NAMES.items()},
    "kind": {
        **{kind.value: name for kind, name in KIND_NAMES.items()},
        "phone": N_("Phone number"),
        "staff": N_("Staff number"),
        "mail": N_("Mail"),
        "name": N_("Sign-in name"),
    },
}
Translate = Callable[[str], str]


async def names_in(session: ReadSession, details: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The names that ids in these details have now: one query for each kind of thing."""
    keys: set[UUID] = set()
    for detail in details:
        for field, value in detail.items():
            if field.endswith("_id") and field not in UNSAID:
                keys.update(_ids(value))
    found: dict[str, str] = {}
    if keys:
        for model, column in (
            (Person, Person.display_name),
            (Organisation, Organisation.name),
            (Region, Region.name),
            (Room, Room.name),
        ):
            rows = await session.execute(select(model.id, column).where(model.id.in_(keys)))
            found.update((str(key), name) for key, name in rows.all())
    return found


def _ids(value: Any) -> Iterable[UUID]:
    for one in value if isinstance(value, list) else [value]:
        try:
            yield UUID(one)
        except (TypeError, ValueError, AttributeError):
            continue


def said(
    detail: Mapping[str, Any], names: Mapping[str, str], translate: Translate
) -> Sequence[tuple[str, str]]:
    """Pairs of a field and what is said of it, in the reader's language; what is empty is left out."""
    pairs: list[tuple[str, str]] = []
    for field, value in detail.items():
        if field in UNSAID or value in (None, "", []):
            continue
        words = _words(field, value, names, translate)
        pairs.append((translate(FIELDS[field]) if field in FIELDS else field, words))
    return pairs


def _words(field: str, value: Any, names: Mapping[str, str], translate: Translate) -> str:
    if isinstance(value, list):
        between = " → " if len(value) == 2 else "、"
        return between.join(_words(field, one, names, translate) for one in value)
    if value is None or value == "":
        return "–"
    if value == HIDDEN:
        return translate(N_("not shown"))
    if isinstance(value, bool):
        return translate(N_("Yes") if value else N_("No"))
    text = str(value)
    if field.endswith("_id"):
        return names.get(text, "…" + text[-6:])
    if field in VALUES and text in VALUES[field]:
        return translate(VALUES[field][text])
    if field.endswith(("_at", "_on")) or field == "until":
        return _moment(text)
    return text


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return text
