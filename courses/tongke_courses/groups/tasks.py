"""Reminders: of an activity within a day before it, of what is owed on its day; nothing twice."""

from datetime import timedelta

from tongke_courses.groups import telling
from tongke_courses.groups.activity_repository import ActivityRepository, DueRepository
from tongke_courses.groups.repository import MemberRepository
from tongke_platform.frame import Frame
from tongke_platform.rounds import Rounds

EVERY_S = 300.0
AHEAD = timedelta(days=1)
# A server that stood still for a week still says what fell due meanwhile.
LATE = timedelta(days=7)


async def remind(frame: Frame) -> int:
    """To how many people something was new. A notice's key keeps it from being told twice."""
    now, today = frame.now(), frame.today()
    async with frame.database.read() as session:
        soon = await ActivityRepository(session).beginning(now, now + AHEAD)
        owed = await DueRepository(session).due(today - LATE, today)
        people = MemberRepository(session)
        members = {
            key: [one.person.id for one in await people.of(key, today)]
            for key in {one.group_id for one in soon} | {one.activity.group_id for one in owed}
        }
    if not soon and not owed:
        return 0
    told = 0
    async with frame.database.write() as session:
        for activity in soon:
            told += await telling.soon(session, activity, members[activity.group_id])
        for one in owed:
            if one.person_id in members[one.activity.group_id]:
                told += await telling.due(session, one)
    return told


def rounds(frame: Frame) -> Rounds:
    return Rounds("reminders of groups", lambda: remind(frame), EVERY_S)
