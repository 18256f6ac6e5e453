"""The yearly promotion: every class a grade higher, the highest leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tongke_platform.classes.repository import (
    ClassRepository,
    ClassYearRepository,
    PupilRepository,
)
from tongke_platform.classes.rights import MANAGE
from tongke_platform.classes.service import grade_name, year_after, year_on
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Conflict
from tongke_platform.organisations.models import AcademicYear, ClassYear, Organisation
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.organisations.service import check_open, organisation
from tongke_platform.rights import Principal
from tongke_platform.undo.service import takes_back

# Before that many days ahead of its end, a year is still being taught.
EARLY = timedelta(days=75)


@dataclass(frozen=True)
class Step:
    """What becomes of a class; ``grade`` None: it leaves. ``done``: it did so already."""

    now: ClassYear
    grade: int | None
    name: str
    done: bool = False


@dataclass(frozen=True)
class Plan:
    school: Organisation
    from_year: AcademicYear
    to_year: AcademicYear
    steps: Sequence[Step]

    @property
    def open(self) -> list[Step]:
        return [step for step in self.steps if not step.done]

    @property
    def leaving(self) -> list[Step]:
        return [step for step in self.open if step.grade is None]


async def plan(session: WriteSession, school: Organisation, *, by: Principal) -> Plan:
    """What ``promote`` would do; years that nobody has set are made. Raises Forbidden, Conflict."""
    MANAGE.check(by, school)
    check_open(school)
    source, target = await _years(session, school, by.today)
    classes = ClassRepository(session)
    now = await classes.in_year(school.id, source.id)
    there = await classes.with_year(target.id, [one.class_id for one in now])
    steps = [_step(one, school.last_grade, one.class_id in there) for one in now]
    return Plan(school, source, target, steps)


async def _years(
    session: WriteSession, school: Organisation, today: date
) -> tuple[AcademicYear, AcademicYear]:
    """Shortly before the end of a year into the next, else from the last into this one."""
    this = await year_on(session, school, today)
    if this.ends_on - today <= EARLY:
        return this, await year_after(session, school, this)
    return await year_on(session, school, this.starts_on - timedelta(days=1)), this


def _step(now: ClassYear, last_grade: int, done: bool) -> Step:
    if now.grade >= last_grade:
        return Step(now, None, "")
    grade = now.grade + 1
    return Step(now, grade, renamed(now.name, now.grade), done)


def renamed(name: str, grade: int) -> str:
    """``三年级1班`` → ``四年级1班``; a name without its grade stays."""
    return name.replace(grade_name(grade), grade_name(grade + 1), 1)


async def promote(
    session: WriteSession, school_id: UUID, *, by: Principal
) -> tuple[Plan, dict[str, Any]]:
    """The plan carried out, and what ``classes.promote`` needs to take it back; twice is once.

    Raises NotFound, Forbidden, Conflict ``nothing_to_promote``.
    """
    school = await organisation(session, school_id)
    # Two who confirm at once promote once.
    await OrganisationRepository(session).to_change(school.id)
    planned = await plan(session, school, by=by)
    if not planned.open:
        raise Conflict(N_("There is no class left to move up."), code="nothing_to_promote")
    years = ClassYearRepository(session)
    made = [
        await years.add(
            ClassYear(
                class_id=step.now.class_id,
                year_id=planned.to_year.id,
                grade=step.grade,
                name=step.name,
                size=step.now.size,
            )
        )
        for step in planned.open
        if step.grade is not None
    ]
    left = await _leave(session, planned)
    kept = {"school": str(school.id), "made": [one.id.hex for one in made], **left}
    return planned, kept


async def _leave(session: WriteSession, planned: Plan) -> dict[str, Any]:
    day = planned.from_year.ends_on
    for step in planned.leaving:
        step.now.school_class.ends_on = day
    keys = [step.now.class_id for step in planned.leaving]
    await session.flush()
    classes, pupils = ClassRepository(session), PupilRepository(session)
    rooms = {room.id.hex: room.class_id for room in await classes.rooms(keys)}
    await classes.seat([UUID(key) for key in rooms], None)
    entries = await pupils.end_entries(keys, day)
    await pupils.leave(entries, day)
    return {
        "left": [key.hex for key in keys],
        "entries": [key.hex for key in entries],
        "rooms": {key: owner.hex for key, owner in rooms.items() if owner},
    }


@takes_back("classes.promote")
async def _take_back(session: WriteSession, by: Principal, data: dict[str, Any]) -> None:
    school = await organisation(session, UUID(data["school"]))
    MANAGE.check(by, school)
    classes, pupils = ClassRepository(session), PupilRepository(session)
    await classes.remove_years([UUID(key) for key in data["made"]])
    for key in data["left"]:
        found = await classes.to_change(UUID(key))
        if found is not None:
            found.ends_on = None
    await session.flush()
    entries = [UUID(key) for key in data["entries"]]
    await pupils.leave(entries, None)
    await pupils.reopen(entries)
    for room, owner in data["rooms"].items():
        await classes.seat([UUID(room)], UUID(owner))
