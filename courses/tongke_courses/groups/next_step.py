"""The one thing a group's page offers first, by who looks at it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tongke_courses.groups.activity_repository import ActivityRepository, DueRepository
from tongke_courses.groups.models import GroupVisibility, JoiningWay
from tongke_courses.groups.repository import JoiningRepository
from tongke_courses.groups.rights import PLAN
from tongke_courses.groups.service import Seen
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

# Nobody writes the minutes of what is longer ago.
RECENT = timedelta(days=30)


@dataclass(frozen=True)
class Step:
    """``words`` is a message with ``params``; a link, or a form's button where ``posts`` is set.

    ``fields`` go along with the form.
    """

    words: str
    href: str
    icon: str
    posts: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


async def of(session: ReadSession, by: Principal, seen: Seen, now: datetime) -> Step | None:
    if seen.part is None:
        return _outside(seen)
    base = f"/groups/{seen.group.id}"
    if seen.part is Role.GROUP_HEAD:
        waiting = await JoiningRepository(session).waiting(seen.group.id)
        asked = sum(one.way is JoiningWay.REQUEST for one in waiting)
        if asked:
            words = N_("Answer requests to join: %(count)s")
            return Step(words, f"{base}/people", "user-plus", params={"count": asked})
    owed = await DueRepository(session).open_of(seen.group.id, by.id)
    if owed:
        words = N_("You owe: %(item)s")
        href = f"/activities/{owed[0].activity_id}"
        return Step(words, href, "check", params={"item": owed[0].item})
    return await _activity(session, seen, now, base)


def _outside(seen: Seen) -> Step | None:
    base = f"/groups/{seen.group.id}"
    if seen.joining is not None and seen.joining.way is JoiningWay.INVITATION:
        fields = {"act": "yes", "joining": str(seen.joining.id)}
        return Step(
            N_("Accept the invitation"), f"{base}/answer", "check", posts=True, fields=fields
        )
    if seen.joining is None and seen.group.visibility is GroupVisibility.LISTED:
        return Step(N_("Ask to join"), f"{base}/ask", "user-plus", posts=True)
    return None


async def _activity(session: ReadSession, seen: Seen, now: datetime, base: str) -> Step | None:
    activities = ActivityRepository(session)
    plans = seen.part in PLAN.roles
    if plans and (last := await activities.without_minutes(seen.group.id, now - RECENT, now)):
        words = N_("Write the minutes: %(title)s")
        href = f"/activities/{last.id}#minutes"
        return Step(words, href, "pencil", params={"title": last.title})
    coming = await activities.coming(seen.group.id, now, 1)
    if coming:
        words = N_("Next: %(title)s")
        href = f"/activities/{coming[0].id}"
        return Step(words, href, "calendar", params={"title": coming[0].title})
    if plans:
        return Step(N_("Plan an activity"), f"{base}/activities/new", "plus")
    return None
