"""Rules of academic years, classes and class lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from tongke_platform.classes.repository import (
    ClassRepository,
    ClassYearRepository,
    EntryRepository,
    PupilRepository,
    YearRepository,
)
from tongke_platform.classes.rights import MANAGE, PUPILS, READ
from tongke_platform.database import ReadSession, WriteSession, take_turn
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.organisations.models import (
    SCHOOLS,
    AcademicYear,
    ClassEntry,
    ClassYear,
    Organisation,
    Pupil,
    Region,
    SchoolClass,
)
from tongke_platform.organisations.rights import YEARS, check_region
from tongke_platform.organisations.service import check_open
from tongke_platform.paging import MOST, Window
from tongke_platform.rights import Principal

DAY = timedelta(days=1)
_TURN = 0x79656172
NO_CLASS = N_("There is no such class.")
# As schools write them; a class is called so in every language.
GRADES = (
    "一年级", "二年级", "三年级", "四年级", "五年级", "六年级",
    "七年级", "八年级", "九年级", "高一", "高二", "高三",
)  # fmt: skip


def grade_name(grade: int) -> str:
    """``grade`` is 1 to 12."""
    return GRADES[grade - 1]


def usual_year(day: date) -> tuple[str, date, date]:
    """Name, first and last day of the year that ``day`` lies in where nobody has said otherwise."""
    first = day.year if day.month >= 9 else day.year - 1
    return f"{first}–{first + 1}", date(first, 9, 1), date(first + 1, 8, 31)


async def create_year(
    session: WriteSession,
    *,
    name: str,
    starts_on: date,
    ends_on: date,
    region: Region | None = None,
    by: Principal | None = None,
) -> AcademicYear:
    """Raises Forbidden, Invalid ``wrong_days``, Conflict ``year_there``."""
    if by is not None:
        check_region(YEARS, by, region)
    check_days(starts_on, ends_on)
    # PostgreSQL's unique constraints hold no two rows without a region apart.
    await take_turn(session, _TURN)
    years, region_id = YearRepository(session), region.id if region else None
    if await years.named(name, region_id) is not None:
        raise Conflict(N_("This academic year is there already."), code="year_there")
    return await years.add(
        AcademicYear(
            name=name,
            starts_on=starts_on,
            ends_on=ends_on,
            region_id=region_id,
        )
    )


def check_days(starts_on: date, ends_on: date) -> None:
    """Raises Invalid ``wrong_days``."""
    if ends_on - starts_on > 500 * DAY:
        raise Invalid(N_("An academic year has at most 500 days."), code="wrong_days")
    if ends_on - starts_on < DAY:
        raise Invalid(N_("The last day lies before the first."), code="wrong_days")


async def year_on(session: WriteSession, place: Organisation, day: date) -> AcademicYear:
    """The year of ``place`` that ``day`` lies in; the usual one is made when there is none."""
    years = YearRepository(session)
    if (found := await years.on(place, day)) is not None:
        return found
    await take_turn(session, _TURN)
    if (found := await years.on(place, day)) is not None:
        return found
    name, first, last = usual_year(day)
    return await create_year(session, name=name, starts_on=first, ends_on=last)


async def year_after(
    session: WriteSession, place: Organisation, year: AcademicYear
) -> AcademicYear:
    """Made from the usual one when nobody has set it."""
    found = await YearRepository(session).after(place, year)
    if found is not None:
        return found
    first = year.ends_on + DAY
    return await year_on(session, place, first)


async def class_seen(session: ReadSession, key: UUID, by: Principal) -> SchoolClass:
    """Raises NotFound, also for one ``by`` may not see."""
    found = await ClassRepository(session).by_id(key)
    if found is None or not READ.allows(by, found.organisation):
        raise NotFound(NO_CLASS, code="no_class")
    return found


async def class_or_none(session: ReadSession, key: UUID | None) -> SchoolClass | None:
    """For those who may see where it sits."""
    return await ClassRepository(session).by_id(key) if key else None


async def choices(
    session: ReadSession, school: Organisation, by: Principal
) -> Sequence[tuple[UUID, str]]:
    """Classes of a school that go on, as they are called this year, for a form."""
    if not READ.allows(by, school):
        return []
    found = await ClassRepository(session).page(
        SchoolClass.organisation_id == school.id, Window(limit=MOST), by.today
    )
    return [
        (row.school_class.id, row.year.name if row.year else row.school_class.name)
        for row in found.items
    ]


async def class_to_change(session: WriteSession, key: UUID, by: Principal) -> SchoolClass:
    """Locked. Raises NotFound, Forbidden."""
    found = await class_seen(session, key, by)
    MANAGE.check(by, found.organisation)
    locked = await ClassRepository(session).to_change(key)
    assert locked is not None, "nothing removes a class"
    return locked


async def create_class(
    session: WriteSession,
    school: Organisation,
    *,
    grade: int,
    name: str,
    size: int = 0,
    by: Principal,
) -> SchoolClass:
    """``name`` without its grade: ``1班``. Raises Forbidden, Conflict, Invalid ``wrong_grade``."""
    MANAGE.check(by, school)
    check_open(school)
    if school.kind not in SCHOOLS:
        raise Invalid(N_("Only schools have classes."), code="no_school")
    check_grade(school, grade)
    year = await year_on(session, school, by.today)
    entered = year.starts_on.year - (grade - school.first_grade)
    classes = ClassRepository(session)
    made = await classes.add(
        SchoolClass(
            organisation_id=school.id,
            organisation=school,
            name=f"{entered}级{name}",
            starts_on=year.starts_on,
        )
    )
    called = name if name.startswith(GRADES) else grade_name(grade) + name
    await ClassYearRepository(session).add(
        ClassYear(class_id=made.id, year_id=year.id, grade=grade, name=called, size=size)
    )
    return made


def check_grade(school: Organisation, grade: int) -> None:
    if not school.first_grade <= grade <= school.last_grade:
        raise Invalid(N_("This school does not have that grade."), code="wrong_grade")


async def change_class(
    session: WriteSession, found: SchoolClass, *, name: str, size: int, by: Principal
) -> None:
    """What it is called and how large it is this year; ``found`` as ``class_to_change`` gives it.

    Raises Conflict ``not_this_year``.
    """
    years = await ClassRepository(session).years(found.id)
    now = next((one for one in years if one.year.starts_on <= by.today <= one.year.ends_on), None)
    if now is None:
        raise Conflict(N_("The class is not in this academic year."), code="not_this_year")
    now.name, now.size = name, size
    await session.flush()


@dataclass(frozen=True)
class Listed:
    """A line of a class list as it was typed."""

    name: str
    number: str | None = None


def parse_list(text: str) -> list[Listed]:
    """A pupil a line, ``name`` or ``name,number``. Raises Invalid ``too_many``, ``bad_line``."""
    lines = [line.strip() for line in text.replace("\r", "").replace("\0", "").split("\n")]
    listed = [_parse_line(line) for line in lines if line]
    if len(listed) > 200:
        raise Invalid(N_("Please add at most 200 pupils at a time."), code="too_many")
    return listed


def _parse_line(line: str) -> Listed:
    name, _, number = line.replace("，", ",").replace("\t", ",").partition(",")
    name, number = name.strip(), number.strip()
    if not name or len(name) > 80 or len(number) > 64 or not line.replace("\t", "").isprintable():
        raise Invalid(N_("One line is not a name, or a name and a number."), code="bad_line")
    return Listed(name, number or None)


async def add_pupils(
    session: WriteSession, found: SchoolClass, listed: Sequence[Listed], *, by: Principal
) -> int:
    """A number the school knows is that pupil, who changes class. How many entries were made.

    Raises Forbidden, Conflict ``class_ended``.
    """
    PUPILS.check(by, found.organisation)
    if found.ends_on is not None:
        raise Conflict(N_("This class has left the school."), code="class_ended")
    pupils, entries = PupilRepository(session), EntryRepository(session)
    numbers = [one.number for one in listed if one.number]
    known = {one.number: one for one in await pupils.by_numbers(found.organisation_id, numbers)}
    in_class = {pupil.id for pupil, _ in await pupils.of_class(found.id, by.today)}
    made = 0
    for one in listed:
        pupil = known.get(one.number) if one.number else None
        if pupil is None:
            pupil = await pupils.add(
                Pupil(organisation_id=found.organisation_id, number=one.number, name=one.name)
            )
            if one.number:
                known[one.number] = pupil
        if pupil.id in in_class:
            continue
        await entries.end_open(pupil.id, by.today - DAY)
        pupil.left_on = None
        in_class.add(pupil.id)
        await entries.add(ClassEntry(pupil_id=pupil.id, class_id=found.id, starts_on=by.today))
        made += 1
    return made


async def pupils_of(
    session: ReadSession, found: SchoolClass, *, by: Principal
) -> list[tuple[Pupil, ClassEntry]]:
    """Raises Forbidden: names of children are not for everybody who sees the class."""
    if not PUPILS.allows(by, found.organisation):
        raise Forbidden
    return [*await PupilRepository(session).of_class(found.id, by.today)]


async def pupil_of(
    session: ReadSession, found: SchoolClass, pupil_id: UUID, *, by: Principal
) -> Pupil:
    """Raises Forbidden, NotFound."""
    for pupil, _ in await pupils_of(session, found, by=by):
        if pupil.id == pupil_id:
            return pupil
    raise NotFound


async def pupil_count(session: ReadSession, found: SchoolClass, day: date) -> int:
    return await PupilRepository(session).count_in(found.id, day)


async def remove_pupil(
    session: WriteSession, found: SchoolClass, pupil_id: UUID, *, by: Principal
) -> None:
    """From today not in the class any more. Raises Forbidden, NotFound."""
    for pupil, entry in await pupils_of(session, found, by=by):
        if pupil.id == pupil_id:
            entry.ends_on = by.today - DAY
            await session.flush()
            return
    raise NotFound
