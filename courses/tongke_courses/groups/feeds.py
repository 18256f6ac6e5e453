"""A group's calendar for the programs of its members: each has an address of their own."""

from datetime import timedelta
from uuid import UUID

from tongke_courses.groups import calendar, rights, service
from tongke_courses.groups.activity_repository import ActivityRepository
from tongke_courses.groups.calendar import Event
from tongke_courses.groups.models import GroupCalendar
from tongke_courses.groups.repository import CalendarRepository
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

KEPT = timedelta(days=92)
MOST = 500
NO_CALENDAR = N_("This calendar address is not good any more.")


async def make(session: WriteSession, by: Principal, key: UUID) -> GroupCalendar:
    """A new address; the one they had is good no more. Raises NotFound, Forbidden."""
    await revoke(session, by, key)
    return await CalendarRepository(session).add(GroupCalendar(group_id=key, person_id=by.id))


async def revoke(session: WriteSession, by: Principal, key: UUID) -> None:
    """Having none is no error. Raises NotFound, Forbidden."""
    await service.to_act(session, by, key, rights.TAKE_PART)
    await CalendarRepository(session).remove(key, by.id)


async def own(session: ReadSession, by: Principal, key: UUID) -> GroupCalendar | None:
    return await CalendarRepository(session).of(key, by.id)


def path_of(found: GroupCalendar) -> str:
    return f"/groups/calendar/{found.token}.ics"


async def read(session: ReadSession, frame: Frame, token: str, base: str) -> bytes:
    """What an address opens, as long as its owner belongs to the group: no names in it, and no
    minutes. ``base`` is ``https://host``. Raises NotFound ``no_calendar``.
    """
    group = await CalendarRepository(session).group_of(token, frame.today())
    if group is None:
        raise NotFound(NO_CALENDAR, code="no_calendar")
    found = await ActivityRepository(session).since(group.id, frame.now() - KEPT, MOST)
    events = [
        Event(
            uid=f"{one.id}@tongke",
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            changed_at=one.changed_at,
            sequence=one.version - 1,
            summary=one.title,
            location=one.place,
            description=one.agenda,
            url=f"{base}/activities/{one.id}",
            cancelled=one.cancelled_at is not None,
        )
        for one in found
    ]
    return calendar.write(group.name, events)
