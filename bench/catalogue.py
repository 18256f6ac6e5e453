"""Pages and lists of the catalogue with 100,000 lessons in 5,000 courses, on SQLite and PostgreSQL.

The budget is 50 ms of server time, 95 of 100 times, for every page. Beside the time that passed
stands the processor time of this process. ``--lessons N``, ``--rounds N``, ``--engine sqlite``.
"""

import argparse
import asyncio
import logging
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from rich.console import Console
from sqlalchemy import insert, text

from bench.asking import Asker, Times, asking, engines, measure, migrated, slowest, table
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
from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.accounts import service as accounts
from tongke_platform.database import Database, Record, utc_now, uuid7
from tongke_platform.frame import Frame
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

BUDGET_MS = 50.0
SCHOOLS = 200
SUBJECTS = ("语文", "数学", "英语", "科学", "音乐", "美术")
GRADES = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级")
EDITIONS = ("人教版", "统编版", "北师大版", "苏教版", "")
TERMS = ("2025年秋季学期", "2026年春季学期", "2026年秋季学期")
VISIBLE = (Visibility.ROOMS, Visibility.PARTNERSHIP, Visibility.SIGNED_IN, Visibility.PUBLIC)
STATES = (CourseState.DRAFT, CourseState.PUBLISHED, CourseState.WITHDRAWN)
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
        self.made_courses: Rows = []
        self.made_lessons: Rows = []

    def published(self, column: str, value: object) -> UUID:
        """A course whose ``column`` is so."""
        key: UUID = next(
            row["id"]
            for row in self.made_courses
            if row[column] == value and row["state"] is CourseState.PUBLISHED
        )
        return key

    def lesson_of(self, course: UUID) -> UUID:
        key: UUID = next(row["id"] for row in self.made_lessons if row["course_id"] == course)
        return key

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
        self.made_courses = [
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
                "state": pick((CourseState.PUBLISHED,) * 8 + STATES),
                "visibility": VISIBLE[n // half % 4],
                "licence": Licence.SCHOOLS,
                "credits": "",
                "version": 1,
                "changed_at": self.now,
                "published_at": self.now,
            }
            for n, key in enumerate(self.courses)
        ]
        yield Course, self.made_courses
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
        yield from self._following()

    def _following(self) -> Iterator[tuple[type[Record], Rows]]:
        """Each course by a class of the second half, with a link for home."""
        half = SCHOOLS // 2
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
        self.made_lessons = rows = [self._lesson(n) for n in range(self.lessons)]
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
            "visibility": VISIBLE[course // half % 4],
        }


# Name → address; {…} are filled in. What somebody may not read is left out.
PAGES = {
    "catalogue": "/catalogue",
    "catalogue, filtered": "/catalogue?subject=数学&grade=三年级",
    "catalogue, in the middle": "/catalogue?before={middle}",
    "course": "/courses/{course}",
    "course, its editor": "/courses/{own}/edit",
    "course, its teachers": "/courses/{own}/edit/teachers",
    "course, a new one": "/courses/new",
    "lesson": "/lessons/{lesson}",
    "lesson, its editor": "/lessons/{own_lesson}/edit",
    "shelf, own": "/shelf",
    "shelf, followed": "/shelf?part=followed",
    "shelf, delivered": "/shelf?part=delivered",
    "link for home": "/home/{token}",
    "requests to go public": "/admin/approvals",
    "API: courses": "/api/courses",
    "API: courses, in the middle": "/api/courses?before={middle}",
    "API: courses, by words": "/api/courses?q=同步课 77",
    "API: course": "/api/courses/{course}",
    "API: lessons of a course": "/api/courses/{course}/lessons",
    "API: shelf": "/api/organisations/{school}/shelf",
    "API: requests to go public": "/api/approvals",
    "API: links for home": "/api/class-links",
}


async def _askers(frame: Frame, filler: Filler) -> list[Asker]:
    """A teacher of a partner school, one of the school that leads, and nobody."""
    half = SCHOOLS // 2
    public = filler.published("visibility", Visibility.PUBLIC)
    own = filler.published("school_id", filler.schools[0])
    places = {
        "middle": str(filler.courses[len(filler.courses) // 2]),
        "course": str(public),
        "lesson": str(filler.lesson_of(public)),
        "own": str(own),
        "own_lesson": str(filler.lesson_of(own)),
        "token": f"token{len(filler.courses) // 2}",
    }
    found = []
    for name, number in (("partner school", half), ("lead school", 0)):
        async with frame.database.write() as session:
            token = await accounts.create_api_token(session, filler.people[number])
        found.append(Asker(name, token, {**places, "school": str(filler.schools[number])}))
    return [*found, Asker("nobody", "", {**places, "school": str(filler.schools[0])})]


async def _run(
    url: str | None, folder: Path, arguments: argparse.Namespace
) -> dict[str, dict[str, Times | None]]:
    async with migrated(url, folder) as (settings, frame):
        filler = Filler(frame.database, arguments.lessons)
        begun = time.perf_counter()
        await filler.run()
        print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)
        askers = await _askers(frame, filler)
        async with asking(settings, frame) as client:
            return {
                name: {
                    one.name: await measure(client, address, one, arguments.rounds)
                    for one in askers
                }
                for name, address in PAGES.items()
            }


async def _bench(arguments: argparse.Namespace) -> None:
    console, worst = Console(width=130), 0.0
    async with engines(arguments.engine) as wanted:
        for engine, url in wanted.items():
            with tempfile.TemporaryDirectory(prefix="tk-") as folder:
                found = await _run(url, Path(folder), arguments)
            title = f"{engine}: {arguments.lessons:,} lessons"
            console.print(table(title, found, BUDGET_MS))
            worst = max(worst, slowest(found))
    console.print(f"slowest {worst:.0f} ms of {BUDGET_MS:.0f} ms: {worst / BUDGET_MS:.2f} × budget")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    arguments, _ = parser.parse_known_args()
    # What the server says of every request would be timed, and bury the tables.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(_bench(arguments))
