"""What a few years leave behind in a county: the log, facts, invitations, notices and the like."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.county import County, Rows, put, without_indexes
from tongke_courses.lessons.models import Lesson, LessonRoom
from tongke_platform.accounts.models import Invitation
from tongke_platform.audit.acts import LABELS
from tongke_platform.audit.models import AuditEntry
from tongke_platform.consent.models import ConsentAct, ConsentEvent, ConsentWay
from tongke_platform.consent.purposes import Purpose
from tongke_platform.database import WriteSession, uuid7
from tongke_platform.devices.models import Device
from tongke_platform.facts.models import FactRecord, Rollup
from tongke_platform.imports.models import Import, ImportRow, ImportState, Outcome
from tongke_platform.notices.models import ChatService, Notice, SchoolChat
from tongke_platform.partnerships.models import (
    Answer,
    Part,
    Partnership,
    PartnershipKind,
    PartnershipSide,
    PartnershipState,
)
from tongke_platform.people.roles import Role

ENTRIES = 500_000
FACTS = 100_000
ROLLUPS = 50_000
INVITATIONS = 20_000
PARTNERSHIPS = 4_000
LESSONS = 20_000
NOTICES = 20_000
IMPORT_ROWS = 5_000
HISTORY = timedelta(days=700)
SOME = 20_000
COUNTS = {"new": IMPORT_ROWS, "changed": 0, "unchanged": 0, "wrong": 0}
TOLD = {
    "title": "认识分数", "room": "1班", "start_at": "2026-09-01T01:00:00+00:00",
    "teacher": "王静娜", "school": "第1小学", "subject": "数学", "grade": "三年级",
}  # fmt: skip
# Every so many entries, and no oftener: what is looked for in vain is looked for longest.
RARE = 50_000


class Days:
    """Fills the tables that grow; ``middle`` holds the key of a row halfway down each list."""

    def __init__(self, session: WriteSession, county: County, now: datetime) -> None:
        self._session = session
        self._county = county
        self._now = now
        self._start = now - HISTORY
        self._chance = random.Random(5)
        self.middle: dict[str, UUID] = {}
        self.rare = ""

    async def fill(self) -> None:
        await self._log()
        await self._facts()
        await self._rollups()
        await self._invitations()
        await self._imports()
        await self._devices()
        await self._partnerships()
        await self._consent()
        await self._notices()
        await self._chats()
        await self._lessons()

    def _school(self) -> UUID:
        found: UUID = self._chance.choice(self._county.schools)["id"]
        return found

    def _person(self) -> UUID:
        return self._chance.choice(self._county.people)

    async def _many(
        self, model: Any, number: int, make: Callable[[int, datetime], dict[str, Any]]
    ) -> None:
        """``number`` rows over the whole history, their keys in the order of their times."""
        async with without_indexes(self._session, model):
            for first in range(0, number, SOME):
                made = [
                    (n, self._start + HISTORY * (n / number))
                    for n in range(first, min(first + SOME, number))
                ]
                rows = [{"id": key_of(at, self._chance), **make(n, at)} for n, at in made]
                await put(self._session, model, rows)
                if first <= number // 2 < first + SOME:
                    self.middle[model.__tablename__] = rows[number // 2 - first]["id"]

    async def _log(self) -> None:
        acts = sorted(LABELS)
        rare, usual = acts[0], acts[1:]
        self.rare = rare

        def make(n: int, at: datetime) -> dict[str, Any]:
            return {
                "day": at.date(), "seq": n, "at": at, "created_at": at,
                "person_id": self._person(), "address": "10.0.0.1", "via": "cookie",
                "act": self._chance.choice(usual) if n % RARE else rare,
                "subject_type": "person", "subject_id": self._person(),
                "organisation_id": self._school(), "detail": {}, "previous": "0" * 64,
                "hash": "0" * 64,
            }  # fmt: skip

        await self._many(AuditEntry, ENTRIES, make)

    async def _facts(self) -> None:
        def make(n: int, at: datetime) -> dict[str, Any]:
            return {
                "key": f"bench:{n}", "kind": _kind(n), "version": 1, "occurred_at": at,
                "recorded_at": at, "created_at": at, "school_id": self._school(),
                "counterpart_id": self._school(), "subject_type": "lesson", "quantity": 45,
                "unit": "minute", "source": "bench",
            }  # fmt: skip

        await self._many(FactRecord, FACTS, make)

    async def _rollups(self) -> None:
        def make(n: int, at: datetime) -> dict[str, Any]:
            return {
                "day": at.date(), "kind": _kind(n), "version": 1, "unit": "minute",
                "school_id": self._school(), "counterpart_id": self._school(), "quantity": 90,
                "count": 2, "created_at": at,
            }  # fmt: skip

        await self._many(Rollup, ROLLUPS, make)

    async def _invitations(self) -> None:
        def make(n: int, at: datetime) -> dict[str, Any]:
            return {
                "token_hash": f"{n:064}", "name": "王老师", "role": Role.LEAD_TEACHER,
                "organisation_id": self._school(), "invited_by_id": self._person(),
                "expires_at": at + timedelta(days=7), "created_at": at,
            }  # fmt: skip

        await self._many(Invitation, INVITATIONS, make)

    async def _imports(self) -> None:
        askers = [*self._county.askers.values()]

        def make(n: int, at: datetime) -> dict[str, Any]:
            return {
                "by_id": askers[n % len(askers)], "organisation_id": self._county.schools[0]["id"],
                "file_name": "教师.xlsx", "state": ImportState.DONE, "created_at": at,
                "counts": COUNTS, "expires_at": self._now + timedelta(days=1),
            }  # fmt: skip

        await self._many(Import, 400, make)
        for who in self._county.askers:
            await self._import_of(who)

    async def _import_of(self, who: str) -> None:
        """The newest of each asker has rows; its key is in ``middle``."""
        key = self.middle[f"import of {who}"] = uuid7()
        await put(self._session, Import, [{
            "id": key, "by_id": self._county.askers[who], "file_name": "教师.xlsx",
            "state": ImportState.PREVIEW, "counts": COUNTS,
            "expires_at": self._now + timedelta(days=1),
        }])  # fmt: skip
        await put(self._session, ImportRow, [
            {
                "id": uuid7(), "import_id": key, "line": n,
                "outcome": Outcome.NEW if n % 100 else Outcome.WRONG,
                "data": {"name": "王静娜", "phone": f"{13000000000 + n}", "roles": [Role.LOCAL_TEACHER]},
            }
            for n in range(2, IMPORT_ROWS)
        ])  # fmt: skip

    async def _devices(self) -> None:
        seen = {"first_seen": self._now, "last_seen": self._now}
        rows = [
            {"id": uuid7(), "room_id": room["id"], "agent": f"Chrome {n} · Windows", **seen}
            for room in self._county.rooms
            for n in (1, 2)
        ]
        await put(self._session, Device, rows)

    async def _partnerships(self) -> None:
        """Each between two schools of the county, the second years after the first."""
        states = [*PartnershipState]

        def make(n: int, at: datetime) -> dict[str, Any]:
            return {
                "kind": PartnershipKind.PAIRED, "name": f"结对{n}", "created_at": at,
                "state": states[n % len(states)], "starts_on": at.date(),
            }  # fmt: skip

        made: list[UUID] = []

        def noted(n: int, at: datetime) -> dict[str, Any]:
            key = key_of(at, self._chance)
            made.append(key)
            return {**make(n, at), "id": key}

        await self._many(Partnership, PARTNERSHIPS, noted)
        sides: Rows = []
        for n, key in enumerate(made):
            schools = self._county.schools
            for part, place in ((Part.LEAD, n), (Part.PARTNER, n * 7 + 1)):
                sides.append(
                    {
                        "id": uuid7(), "partnership_id": key, "part": part,
                        "organisation_id": schools[place % len(schools)]["id"],
                        "answer": Answer.ACCEPTED,
                    }
                )  # fmt: skip
        await put(self._session, PartnershipSide, sides)

    async def _consent(self) -> None:
        rows = [
            {
                "id": uuid7(), "pupil_id": pupil["id"], "at": self._now, "purpose": Purpose.RECORDING,
                "organisation_id": pupil["organisation_id"], "act": ConsentAct.GIVEN,
                "way": ConsentWay.PAPER, "until": self._now.date() + timedelta(days=300),
            }
            for n, pupil in enumerate(self._county.pupils)
            if n % 5
        ]  # fmt: skip
        await put(self._session, ConsentEvent, rows)

    async def _notices(self) -> None:
        askers = [*self._county.askers.values()]

        def make(n: int, at: datetime) -> dict[str, Any]:
            read = at if n % 10 else None
            return {
                "person_id": askers[n % 3] if n % 5 == 0 else self._person(), "kind": "lesson.planned",
                "params": TOLD, "key": f"bench:{n}", "planned_at": at, "created_at": at,
                "read_at": read, "archived_at": read if n % 3 else None,
            }  # fmt: skip

        await self._many(Notice, NOTICES, make)

    async def _chats(self) -> None:
        services = [*ChatService]
        rows = [
            {
                "id": uuid7(),
                "organisation_id": school["id"],
                "label": "教师群",
                "service": services[n % len(services)],
                "sealed_address": "…",
                "hint": "…",
            }
            for n, school in enumerate(self._county.schools)
        ]
        self.middle["school_chats"] = rows[len(rows) // 2]["id"]
        await put(self._session, SchoolChat, rows)

    async def _lessons(self) -> None:
        """Half of them still to come; each is delivered to a room of another school."""
        rooms, lessons, deliveries = self._county.rooms, [], []
        for n in range(LESSONS):
            key = uuid7()
            start = self._now + timedelta(days=60) * (2 * n / LESSONS - 1)
            lessons.append(
                {
                    "id": key, "title": f"认识分数{n}", "subject": "数学", "grade": "三年级",
                    "school_id": self._school(), "teacher_id": self._person(),
                    "planned_start": start, "planned_minutes": 40,
                }
            )  # fmt: skip
            invited = {"invited_by_id": self._person(), "invited_at": self._now}
            room = rooms[n * 3 % len(rooms)]["id"]
            deliveries.append({"id": uuid7(), "lesson_id": key, "room_id": room, **invited})
        await put(self._session, Lesson, lessons)
        await put(self._session, LessonRoom, deliveries)


def _kind(n: int) -> str:
    return ("lesson.held", "lesson.received", "room.attended")[n % 3]


def key_of(at: datetime, chance: random.Random) -> UUID:
    """A UUIDv7 as it would have been made then."""
    milliseconds = int(at.astimezone(UTC).timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | chance.getrandbits(62))
