"""The county that lists are measured on: people, places and classes, made the same each time."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from tongke_platform.classes.service import grade_name, usual_year
from tongke_platform.database import Record, WriteSession, uuid7
from tongke_platform.organisations.models import (
    AcademicYear,
    ClassEntry,
    ClassYear,
    Organisation,
    OrganisationKind,
    Pupil,
    Region,
    Room,
    SchoolClass,
)
from tongke_platform.people.models import Membership, NameKind, Person, SignInName
from tongke_platform.people.roles import Role, Scope

SCHOOLS = 2000
COUNTIES = 10
TOWNS = 20
CLASSES = 12
PUPILS = 40
# Class lists of the first of them only: a million names would show nothing more.
LISTED_SCHOOLS = 100
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
BATCH = 10_000
Rows = list[dict[str, Any]]

# The first people of every school; all others teach.
LEADERS = dict(enumerate((Role.SCHOOL_ADMIN, Role.PRINCIPAL, Role.ACADEMIC_OFFICE, Role.IT)))


@dataclass
class County:
    """Rows of the places and keys of the people; ``askers`` are who lists are measured as."""

    regions: Rows
    schools: Rows
    people: list[UUID] = field(default_factory=list)
    rooms: Rows = field(default_factory=list)
    classes: list[UUID] = field(default_factory=list)
    pupils: Rows = field(default_factory=list)
    askers: dict[str, UUID] = field(default_factory=dict)


@asynccontextmanager
async def without_indexes(session: WriteSession, model: type[Record]) -> AsyncIterator[None]:
    """They are made anew at the end: quicker than keeping them for each of many rows."""
    indexes = sorted(
        model.metadata.tables[model.__tablename__].indexes, key=lambda one: one.name or ""
    )
    connection = await session.connection()
    for one in indexes:
        await connection.run_sync(one.drop)
    yield
    for one in indexes:
        await connection.run_sync(one.create)


async def put(session: WriteSession, model: type[Record], rows: Rows) -> None:
    """``rows`` all name the same columns."""
    for start in range(0, len(rows), BATCH):
        # The table itself: the unit of work would take twice as long.
        await session.execute(
            insert(model.metadata.tables[model.__tablename__]), rows[start : start + BATCH]
        )


async def fill(session: WriteSession, people: int, day: date) -> County:
    """A city of ten counties with 200 schools and two towns each."""
    city = _region("C", "云水", None)
    counties = [_region(f"K{n}", f"{FAMILY[n]}县", city) for n in range(COUNTIES)]
    towns = [_region(f"R{n}", f"{GIVEN[n]}镇", counties[n % COUNTIES]) for n in range(TOWNS)]
    county = County([city, *counties, *towns], _schools(towns))
    for level in ([city], counties, towns):
        await put(session, Region, level)
    await put(session, Organisation, county.schools)
    await _fill_people(session, county, people)
    await _fill_classes(session, county, day)
    await _appoint(session, county)
    return county


def _region(code: str, name: str, parent: dict[str, Any] | None) -> dict[str, Any]:
    above = parent or {"id": None, "path": "/"}
    path = f"{above['path']}{code}/"
    return {"id": uuid7(), "code": code, "name": name, "path": path, "parent_id": above["id"]}


def _schools(towns: Rows) -> Rows:
    return [
        {
            "id": uuid7(),
            "code": f"S{n:05}",
            "name": f"{towns[n % TOWNS]['name']}第{n}小学",
            "kind": OrganisationKind.SCHOOL,
            "region_id": towns[n % TOWNS]["id"],
            "region_path": towns[n % TOWNS]["path"],
        }
        for n in range(SCHOOLS)
    ]


async def _fill_people(session: WriteSession, county: County, number: int) -> None:
    chance = random.Random(7)
    people: Rows = []
    names: Rows = []
    posts: Rows = []
    for n in range(number):
        school = county.schools[n % SCHOOLS]
        key = uuid7()
        given = "".join(chance.choices(GIVEN, k=2))
        people.append({"id": key, "display_name": chance.choice(FAMILY) + given})
        phone = {"kind": NameKind.PHONE, "value": f"{13000000000 + n}", "organisation_code": ""}
        staff = {
            "kind": NameKind.STAFF, "value": f"T{n // SCHOOLS:03}",
            "organisation_code": school["code"],
        }  # fmt: skip
        names += [{"id": uuid7(), "person_id": key, **one} for one in (phone, staff)]
        role = LEADERS.get(n // SCHOOLS) or chance.choice((Role.LEAD_TEACHER, Role.LOCAL_TEACHER))
        posts.append(post(key, role, Scope.ORGANISATION, school["id"], None))
        if n % 10 == 0:
            left = post(key, Role.VOLUNTEER, Scope.ORGANISATION, county.schools[n % 97]["id"], None)
            posts.append({**left, "ends_on": date(2024, 7, 1)})
    await put(session, Person, people)
    await put(session, SignInName, names)
    await put(session, Membership, posts)
    county.people = [one["id"] for one in people]


def post(person: UUID, role: Role, scope: Scope, school: Any, region: Any) -> dict[str, Any]:
    return {
        "id": uuid7(), "person_id": person, "role": role, "scope": scope,
        "organisation_id": school, "region_id": region, "ends_on": None,
    }  # fmt: skip


async def _appoint(session: WriteSession, county: County) -> None:
    """Besides what they are at their schools."""
    bureau = county.regions[1]
    platform, over_county = county.people[-1], county.people[-2]
    posts = [
        post(platform, Role.ADMIN, Scope.PLATFORM, None, None),
        post(over_county, Role.BUREAU_ADMIN, Scope.REGION, None, bureau["id"]),
    ]
    await put(session, Membership, posts)
    county.askers = {"platform": platform, "county": over_county, "school": county.people[0]}


async def _fill_classes(session: WriteSession, county: County, day: date) -> None:
    name, first, last = usual_year(day)
    year = {"id": uuid7(), "name": name, "starts_on": first, "ends_on": last}
    await put(session, AcademicYear, [year])
    classes, years = [], []
    for school in county.schools:
        for n in range(CLASSES):
            key, grade, called = uuid7(), n // 2 + 1, f"{n % 2 + 1}班"
            cohort = f"{first.year - grade + 1}级{called}"
            classes.append(
                {"id": key, "organisation_id": school["id"], "starts_on": first, "name": cohort}
            )
            years.append(
                {
                    "id": uuid7(), "class_id": key, "year_id": year["id"], "grade": grade,
                    "name": grade_name(grade) + called, "size": PUPILS,
                }
            )  # fmt: skip
            if n < 4:
                room = {"school_id": school["id"], "name": called, "class_id": key}
                county.rooms.append({"id": uuid7(), **room})
    await put(session, SchoolClass, classes)
    await put(session, ClassYear, years)
    await put(session, Room, county.rooms)
    county.classes = [one["id"] for one in classes]
    await _fill_pupils(session, county)


async def _fill_pupils(session: WriteSession, county: County) -> None:
    chance = random.Random(11)
    entries = []
    for n, class_id in enumerate(county.classes[: LISTED_SCHOOLS * CLASSES]):
        for number in range(PUPILS):
            key = uuid7()
            county.pupils.append(
                {
                    "id": key,
                    "organisation_id": county.schools[n // CLASSES]["id"],
                    "number": f"{n % CLASSES:02}{number:02}",
                    "name": "".join((chance.choice(FAMILY), *chance.choices(GIVEN, k=2))),
                }
            )
            entries.append({"id": uuid7(), "pupil_id": key, "class_id": class_id})
    await put(session, Pupil, county.pupils)
    await put(session, ClassEntry, entries)
