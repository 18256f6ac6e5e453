"""Makes what a test needs, through the services; each with a name of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import Lesson
from tongke_platform.accounts import service as accounts
from tongke_platform.classes import service as classes
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.consent import service as consent
from tongke_platform.consent.purposes import Purpose
from tongke_platform.frame import Frame
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation, OrganisationKind, Region, Room
from tongke_platform.organisations.repository import OrganisationRepository, RoomRepository
from tongke_platform.partnerships import service as partnerships
from tongke_platform.partnerships.models import Act, Partnership
from tongke_platform.partnerships.repository import PartnershipRepository
from tongke_platform.partnerships.schemas import PartnershipIn
from tongke_platform.people import service as people
from tongke_platform.people.models import Person
from tongke_platform.people.roles import SCOPES, Role, Scope

PASSWORD = "春风化雨 2026"


@dataclass(frozen=True)
class Someone:
    """A person as tests speak of them, with what they sign in with."""

    person: Person
    username: str
    school: Organisation | None

    @property
    def id(self) -> UUID:
        return self.person.id

    @property
    def display_name(self) -> str:
        return self.person.display_name


class Makers:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._number = count(1)

    async def region(self, parent: Region | None = None) -> Region:
        number = next(self._number)
        async with self.frame.database.write() as session:
            return await organisations.create_region(
                session, code=f"R{number}", name=f"云{number}县", parent=parent
            )

    async def school(
        self,
        region: Region | None = None,
        kind: OrganisationKind = OrganisationKind.SCHOOL,
        parent: Organisation | None = None,
    ) -> Organisation:
        number = next(self._number)
        async with self.frame.database.write() as session:
            return await organisations.create_organisation(
                session,
                code=f"S{number}",
                name=f"第{number}小学",
                kind=kind,
                region=region,
                parent=parent,
            )

    async def person(
        self,
        school: Organisation | None = None,
        role: Role | None = Role.LEAD_TEACHER,
        region: Region | None = None,
    ) -> Someone:
        """In ``role`` where it can be held; a role without its place, or None, is no role."""
        number = next(self._number)
        username = f"1380000{number:04}"
        password_hash = await self.frame.passwords.hash(PASSWORD)
        async with self.frame.database.write() as session:
            person = await people.create_person(
                session, display_name=f"老师{number}", username=username
            )
            await accounts.set_password(session, person, password_hash, self.frame.now())
            if role is not None and (school or region or Scope.PLATFORM in SCOPES[role]):
                await people.appoint(session, person, role, organisation=school, region=region)
        return Someone(person, username, school)

    async def token(self, someone: Someone, expires_at: datetime | None = None) -> str:
        async with self.frame.database.write() as session:
            return await accounts.create_api_token(session, someone.id, expires_at=expires_at)

    async def bearer(self, someone: Someone) -> dict[str, str]:
        """Headers of a program that acts for ``someone``."""
        return {"Authorization": f"Bearer {await self.token(someone)}"}

    async def room(self, school: Organisation) -> Room:
        async with self.frame.database.write() as session:
            return await organisations.create_room(
                session,
                name=f"三年级{next(self._number)}班",
                school=school,
                class_size=41,
            )

    async def lesson(
        self,
        teacher: Someone | None = None,
        rooms: Sequence[Room] = (),
        planned_start: datetime | None = None,
    ) -> Lesson:
        """Along a partnership, made where there is none, to rooms of other schools."""
        teacher = teacher or await self.person(await self.school())
        for school in {room.school_id: room.school for room in rooms}.values():
            if teacher.school is not None and school.id != teacher.school.id:
                await self.partnership(teacher.school, school)
        async with self.frame.database.write() as session:
            return await lessons.create(
                session,
                title="圆的面积",
                subject="数学",
                grade="六年级",
                teacher=teacher.person,
                school_id=teacher.school.id if teacher.school else None,
                planned_start=planned_start or self.frame.now(),
                rooms=rooms,
                delivery=lessons.Delivery(self.frame.now(), self.frame.settings.zone),
            )

    async def partnership(
        self,
        lead: Organisation,
        partner: Organisation,
        *,
        accepted: bool = True,
        **scope: Any,
    ) -> Partnership:
        """Of ``lead`` and ``partner``, the one there is or a new one; ``scope``: its other fields."""
        today = self.frame.today()
        async with self.frame.database.write() as session:
            there = await PartnershipRepository(session).between(lead, partner, today)
            if there and accepted and not scope:
                return there[0]
        admin = await self.person(role=Role.ADMIN)
        wanted = PartnershipIn.model_validate(
            {
                "kind": "paired",
                "lead_id": lead.id,
                "partner_ids": [partner.id],
                "starts_on": today,
                **scope,
            }
        )
        async with self.frame.database.write() as session:
            by = await accounts.principal_of(session, admin.id, today)
            assert by is not None
            made = await partnerships.propose(self.frame, session, by, wanted)
            for side in [lead, partner] if accepted else []:
                made = await partnerships.answer(
                    self.frame, session, by, made.id, Act.ACCEPT, side_id=side.id
                )
            return made

    async def class_in(self, room: Room, *names: str) -> list[UUID]:
        """A class that sits in ``room``; its pupils, in the order of ``names``."""
        admin = await self.person(room.school, Role.SCHOOL_ADMIN)
        async with self.frame.database.write() as session:
            by = await accounts.principal_of(session, admin.id, self.frame.today())
            assert by is not None
            school = await OrganisationRepository(session).by_id(room.school_id)
            assert school is not None
            name = f"{next(self._number)}班"
            made = await classes.create_class(session, school, grade=3, name=name, by=by)
            await classes.add_pupils(session, made, [classes.Listed(one) for one in names], by=by)
            await ClassRepository(session).seat([room.id], made.id)
            found = {
                pupil.name: pupil.id for pupil, _ in await classes.pupils_of(session, made, by=by)
            }
            return [found[one] for one in names]

    async def consent_of(self, room: Room, pupils: Sequence[UUID]) -> list[str]:
        """Guardians agree to recordings; the tokens of their receipts, in the order of ``pupils``."""
        admin = await self.person(room.school, Role.SCHOOL_ADMIN)
        guardian = consent.Guardian.of("李梅", "mother")
        async with self.frame.database.write() as session:
            by = await accounts.principal_of(session, admin.id, self.frame.today())
            seated = await RoomRepository(session).by_id(room.id)
            assert by is not None
            assert seated is not None
            assert seated.class_id is not None
            found = await classes.class_seen(session, seated.class_id, by)
            asked = await consent.ask(session, self.frame, by, found, pupils, [Purpose.RECORDING])
            tokens = {pupil.id: token for pupil, token in asked}
            return [
                await consent.answer(
                    session, self.frame, tokens[one], guardian, [Purpose.RECORDING]
                )
                for one in pupils
            ]

    def media_token(
        self,
        lesson: Lesson,
        act: str = "watch",
        hours: float = 1,
        *,
        source: str = "lead",
        room: Room | None = None,
    ) -> str:
        return self.frame.media_tokens.issue(
            lesson=str(lesson.id),
            act="publish" if act == "publish" else "watch",
            holder="test",
            source=source,
            room=str(room.id) if room else None,
            now=self.frame.now(),
            lifetime=timedelta(hours=hours),
        )
