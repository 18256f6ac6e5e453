"""How long lists of the catalogue take with 100,000 lessons in 5,000 courses.

    python -m bench.catalogue [--url postgresql+asyncpg://…] [--lessons 100000]

Fills a database of its own (SQLite in a temporary folder unless ``--url`` names an empty one), asks
each list 40 times for a teacher of a partner school, and prints the median and the 95th percentile
in milliseconds.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from tongke_courses.catalogue import approvals, links, service, shelf, syllabus
from tongke_courses.catalogue.models import (
    ApprovalState,
    ClassLink,
    Course,
    CourseFollow,
    CourseState,
    CourseTeacher,
    CourseUnit,
    Licence,
    PublicApproval,
)
from tongke_courses.catalogue.repository import Filters
from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.accounts import service as accounts
from tongke_platform.app.metadata import metadata
from tongke_platform.database import Database, ReadSession, Record, migrate, utc_now, uuid7
from tongke_platform.organisations.models import Organisation, Room, SchoolClass
from tongke_platform.partnerships.models import (
    Answer,
    Part,
    Partnership,
    PartnershipKind,
    PartnershipSide,
    PartnershipState,
)
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.roles import Role, Scope
from tongke_platform.rights import Principal

ROUNDS = 40
SCHOOLS = 200
SUBJECTS = ("语文", "数学", "英语", "科学", "音乐", "美术")
GRADES = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级")
EDITIONS = ("人教版", "统编版", "北师大版", "苏教版", "")
TERMS = ("2025年秋季学期", "2026年春季学期", "2026年秋季学期")
VISIBLE = (Visibility.ROOMS, Visibility.PARTNERSHIP, Visibility.SIGNED_IN, Visibility.PUBLIC)
BATCH = 5000

Rows = list[dict[str, Any]]


class Filler:
    """Everything by bulk: rows of one table at a time."""

    def __init__(self, database: Database, lessons: int) -> None:
        self.database = database
        self.lessons = lessons
        self.random = random.Random(7)
        self.now = utc_now()
        self.today = self.now.date()
        self.schools = [uuid7() for _ in range(SCHOOLS)]
        self.people = [uuid7() for _ in range(SCHOOLS)]
        self.classes = [uuid7() for _ in range(SCHOOLS)]
        self.rooms = [uuid7() for _ in range(SCHOOLS)]
        self.partnerships = [uuid7() for _ in range(SCHOOLS // 2)]
        self.courses = [uuid7() for _ in range(max(1, lessons // 20))]

    async def run(self) -> None:
        for model, rows in self._tables():
            for first in range(0, len(rows), BATCH):
                async with self.database.write() as session:
                    await session.execute(insert(model), rows[first : first + BATCH])
        async with self.database.write() as session:
            await session.execute(text("ANALYZE"))

    def _tables(self) -> Iterator[tuple[type[Record], Rows]]:
        yield (
            Organisation,
            [
                {"id": key, "code": f"B{n}", "name": f"第{n}小学", "region_path": f"/41/{n % 20}/"}
                for n, key in enumerate(self.schools)
            ],
        )
        yield Person, [{"id": key, "display_name": f"老师{n}"} for n, key in enumerate(self.people)]
        yield (
            Membership,
            [
                {
                    "person_id": key,
                    "role": Role.ACADEMIC_OFFICE,
                    "scope": Scope.ORGANISATION,
                    "organisation_id": self.schools[n],
                }
                for n, key in enumerate(self.people)
            ],
        )
        yield (
            SchoolClass,
            [
                {
                    "id": key,
                    "organisation_id": self.schools[n],
                    "name": f"2024级{n}班",
                    "starts_on": date(2024, 9, 1),
                }
                for n, key in enumerate(self.classes)
            ],
        )
        yield (
            Room,
            [
                {
                    "id": key,
                    "name": f"教室{n}",
                    "school_id": self.schools[n],
                    "class_id": self.classes[n],
                }
                for n, key in enumerate(self.rooms)
            ],
        )
        yield from self._partnerships()
        yield from self._courses()
        yield from self._lessons()

    def _partnerships(self) -> Iterator[tuple[type[Record], Rows]]:
        """Each school of the first half leads one of the second."""
        yield (
            Partnership,
            [
                {
                    "id": key,
                    "name": f"结对{n}",
                    "kind": PartnershipKind.PAIRED,
                    "state": PartnershipState.ACTIVE,
                    "subjects": [],
                    "grades": [],
                    "rights": [],
                    "starts_on": self.today,
                }
                for n, key in enumerate(self.partnerships)
            ],
        )
        yield (
            PartnershipSide,
            [
                {
                    "partnership_id": key,
                    "organisation_id": self.schools[n + part * len(self.partnerships)],
                    "part": Part.PARTNER if part else Part.LEAD,
                    "answer": Answer.ACCEPTED,
                }
                for n, key in enumerate(self.partnerships)
                for part in (0, 1)
            ],
        )

    def _courses(self) -> Iterator[tuple[type[Record], Rows]]:
        pick, half = self.random.choice, SCHOOLS // 2
        yield (
            Course,
            [
                {
                    "id": key,
                    "school_id": self.schools[n % half],
                    "title": f"{pick(GRADES)}{pick(SUBJECTS)}同步课 {n}",
                    "description": "",
                    "stage": "小学",
                    "subject": pick(SUBJECTS),
                    "grade": pick(GRADES),
                    "edition": pick(EDITIONS),
                    "term": pick(TERMS),
                    "state": pick((CourseState.PUBLISHED,) * 8 + tuple(CourseState)),
                    "visibility": VISIBLE[n % 4],
                    "licence": Licence.SCHOOLS,
                    "credits": "",
                    "version": 1,
                    "changed_at": self.now,
                    "published_at": self.now,
                }
                for n, key in enumerate(self.courses)
            ],
        )
        yield (
            CourseTeacher,
            [
                {"course_id": key, "person_id": self.people[n % half], "part": "lead"}
                for n, key in enumerate(self.courses)
            ],
        )
        yield (
            CourseUnit,
            [
                {"course_id": key, "title": f"第{unit}单元", "position": unit}
                for key in self.courses
                for unit in range(2)
            ],
        )
        yield (
            CourseFollow,
            [
                {
                    "course_id": key,
                    "class_id": self.classes[half + n % half],
                    "since": self.today,
                }
                for n, key in enumerate(self.courses)
            ],
        )
        yield (
            ClassLink,
            [
                {
                    "token": f"token{n}",
                    "class_id": self.classes[half + n % half],
                    "course_id": key,
                    "expires_at": self.now + timedelta(days=90),
                }
                for n, key in enumerate(self.courses)
            ],
        )

    def _lessons(self) -> Iterator[tuple[type[Record], Rows]]:
        rows = [self._lesson(n) for n in range(self.lessons)]
        yield Lesson, rows
        half = SCHOOLS // 2
        yield (
            LessonRoom,
            [
                {
                    "lesson_id": row["id"],
                    "room_id": self.rooms[half + n % half],
                    "partnership_id": self.partnerships[n % half],
                }
                for n, row in enumerate(rows)
            ],
        )
        yield (
            PublicApproval,
            [
                {
                    "lesson_id": row["id"],
                    "school_id": self.schools[half + n % half],
                    "state": ApprovalState.ASKED,
                    "reason": "",
                }
                for n, row in enumerate(rows)
                if n % 10 == 0
            ],
        )

    def _lesson(self, n: int) -> dict[str, Any]:
        half, course = SCHOOLS // 2, n % len(self.courses)
        ended: datetime = self.now - timedelta(minutes=n)
        return {
            "id": uuid7(),
            "title": f"第{n}课",
            "description": "",
            "subject": SUBJECTS[n % 6],
            "grade": GRADES[n % 6],
            "school_id": self.schools[course % half],
            "teacher_id": self.people[course % half],
            "planned_start": ended,
            "planned_minutes": 40,
            "state": LessonState.ENDED,
            "started_at": ended,
            "ended_at": ended,
            "media_key": f"key{n}",
            "course_id": self.courses[course],
            "position": n // len(self.courses),
            "visibility": VISIBLE[course % 4],
        }


Ask = Callable[[ReadSession], Awaitable[object]]


def _lists(by: Principal, lead: Principal, filler: Filler, school: Organisation) -> dict[str, Ask]:
    middle = filler.courses[len(filler.courses) // 2]
    return {
        "courses, first page": lambda s: service.page(s, by, Filters()),
        "courses, nobody": lambda s: service.page(s, None, Filters()),
        "courses, filtered": lambda s: service.page(s, by, Filters(subject="数学", grade="三年级")),
        "courses, middle": lambda s: service.page(s, by, Filters(), before=middle),
        "courses, by words": lambda s: service.page(s, by, Filters(q="同步课 77")),
        "facets": lambda s: service.facets(s, by, Filters(subject="数学")),
        "facets, nobody": lambda s: service.facets(s, None, Filters()),
        "course": lambda s: service.get(s, lead, filler.courses[-SCHOOLS]),
        "lessons of a course": lambda s: syllabus.lines(s, lead, filler.courses[-SCHOOLS]),
        "shelf, own": lambda s: shelf.own(s, by, school, before=None, limit=20),
        "shelf, followed": lambda s: shelf.followed(s, by, school, before=None, limit=20),
        "shelf, delivered": lambda s: shelf.delivered(s, by, school, before=None, limit=20),
        "approvals": lambda s: approvals.page(s, by),
        "class links": lambda s: links.page(s, by),
    }


async def _measure(database: Database, ask: Ask) -> tuple[list[float], float]:
    """Milliseconds of each round, and of this process's own work per round: on a busy machine the
    first say little. PostgreSQL's work is not in the second.
    """
    found = []
    busy = time.process_time()
    for _ in range(ROUNDS):
        async with database.read() as session:
            begun = time.perf_counter()
            await ask(session)
            found.append((time.perf_counter() - begun) * 1000)
    return found, (time.process_time() - busy) * 1000 / ROUNDS


async def _principal(database: Database, key: UUID, day: date) -> Principal:
    async with database.read() as session:
        found = await accounts.principal_of(session, key, day)
    assert found is not None
    return found


async def run(url: str, lessons: int) -> None:
    await migrate.upgrade(url, metadata)
    database = Database(url)
    filler = Filler(database, lessons)
    begun = time.perf_counter()
    await filler.run()
    print(f"filled in {time.perf_counter() - begun:.0f} s: {url.partition(':')[0]}")
    by = await _principal(database, filler.people[SCHOOLS // 2], filler.today)
    lead = await _principal(database, filler.people[0], filler.today)
    assert by.school is not None
    for name, ask in _lists(by, lead, filler, by.school).items():
        taken, work = await _measure(database, ask)
        p95 = statistics.quantiles(taken, n=20)[-1]
        p50 = statistics.median(taken)
        print(f"{name:22} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  work {work:6.1f} ms", flush=True)
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="")
    parser.add_argument("--lessons", type=int, default=100_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wanted.url or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        asyncio.run(run(url, wanted.lessons))


if __name__ == "__main__":
    main()
