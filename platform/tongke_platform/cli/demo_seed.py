"""Fill the demo's database: schools, people, classrooms, today's lessons."""

import dataclasses
import functools
import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from tongke_courses.lessons import facts as lesson_facts
from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import holder_of
from tongke_platform.accounts import service as accounts
from tongke_platform.app.factory import make_frame
from tongke_platform.cli import (
    demo_courses,
    demo_groups,
    demo_materials,
    demo_objects,
    demo_packages,
    demo_textbooks,
    demo_village,
)
from tongke_platform.database import WriteSession, utc_now
from tongke_platform.demo import people
from tongke_platform.demo.people import DemoLesson
from tongke_platform.frame import Frame
from tongke_platform.media_tokens import Act as MediaAct
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation, Region, Room
from tongke_platform.organisations.repository import (
    OrganisationRepository,
    RegionRepository,
    RoomRepository,
)
from tongke_platform.partnerships import service as partnerships
from tongke_platform.partnerships.models import Act, PartnershipKind, PartnershipState
from tongke_platform.partnerships.schemas import PartnershipIn, PromiseIn
from tongke_platform.people import service as people_service
from tongke_platform.people.models import Person
from tongke_platform.people.repository import MembershipRepository, PersonRepository
from tongke_platform.people.roles import SCOPES, Scope
from tongke_platform.settings import Settings

STATE_FILE = "demo.json"
TOKEN_LIFE = timedelta(days=7)
PLANNED_MINUTES = 40
_PROMISE = ("kind", "quantity", "period")


class NotADemo(RuntimeError):
    """The database holds something that the demo did not put there."""


@dataclass
class State:
    """What the demo has to remember of its own data folder: secrets that are stored only hashed."""

    password: str = field(default_factory=lambda: f"tongke-{secrets.randbelow(10**6):06d}")
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seeded:
    """What the rest of the demo needs to know; tokens are bearer tokens.

    ``earlier``: a lesson that should have been taught before, and its publish token;
    ``objects``: ids of the first school's private objects, by the names routes give them.
    """

    state: State
    lesson_id: UUID
    stale_ids: list[UUID]
    room_token: str
    whip_token: str
    watch_token: str
    earlier: tuple[UUID, str] | None
    objects: dict[str, str]


def read_state(data_dir: Path) -> State | None:
    with suppress(FileNotFoundError):
        return State(**json.loads((data_dir / STATE_FILE).read_text()))
    return None


def write_state(data_dir: Path, state: State) -> None:
    """Readable by its owner alone."""
    part = data_dir / f".{STATE_FILE}.part"
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(state), file, indent=2)
    part.replace(data_dir / STATE_FILE)


async def seed(settings: Settings) -> Seeded:
    """Make what is missing. Raises NotADemo before anything is changed."""
    frame = make_frame(settings)
    try:
        return await _Seeder(frame).run()
    finally:
        await frame.limiter.close()
        await frame.database.close()


class _Seeder:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._settings = frame.settings
        self._database = frame.database
        self._now = utc_now()
        self._media_tokens = frame.media_tokens

    async def run(self) -> Seeded:
        data_dir = self._settings.data_dir
        state = read_state(data_dir)
        if state is None:
            await self._must_be_empty()
            state = State()
            write_state(data_dir, state)
        password_hash = await self._frame.passwords.hash(state.password)
        self._frame.passwords.close()
        async with self._database.write() as session:
            rooms = {
                wanted.code: await self._rooms(session, await self._school(session, wanted), wanted)
                for wanted in people.SCHOOLS
            }
            found = await self._people(session, password_hash)
            persons = {key: person.id for key, person in found.items()}
            await self._tokens(session, found, state)
            partnership = await self._partnership(session, found)
            place = await self._place(session, found, rooms[people.LEAD.code][0])
            objects = await demo_objects.fill(self._frame, session, place)
            seeded = await self._lessons(
                session, found[people.OWNER], rooms[people.PARTNER.code], state
            )
            await demo_textbooks.fill(session, place, objects["class_id"])
        write_state(data_dir, state)
        objects |= await demo_courses.fill(self._frame, place.person.id, objects)
        await demo_village.fill(self._frame, persons, rooms[people.PARTNER.code][0].id)
        objects |= await demo_groups.fill(self._frame, persons, objects)
        objects |= await demo_objects.look_up(self._frame, place)
        objects |= {"partnership_id": partnership}
        objects |= {"lesson_id": seeded.lesson_id, "lesson": seeded.lesson_id}
        named = {name: str(key) for name, key in objects.items()}
        named = await demo_materials.fill(self._frame, place, seeded.lesson_id) | named
        named |= await demo_packages.fill(self._frame, place)
        return dataclasses.replace(seeded, objects=named)

    async def _place(
        self, session: WriteSession, found: dict[str, Person], room: Room
    ) -> demo_objects.Place:
        person = found[people.OWNER]
        by = await accounts.principal_of(session, person.id, self._frame.today())
        school = await OrganisationRepository(session).by_code(people.LEAD.code)
        assert by is not None
        assert school is not None
        return demo_objects.Place(by, person, school, room)

    async def _must_be_empty(self) -> None:
        async with self._database.read() as session:
            count = (
                await session.execute(select(func.count()).select_from(Organisation))
            ).scalar_one()
        if count:
            raise NotADemo(
                "this database belongs to a real server; give the demo a folder of its own "
                "with --data-dir"
            )

    async def _region(self, session: WriteSession, code: str, name: str) -> Region:
        regions = RegionRepository(session)
        top = await regions.by_code(people.PROVINCE[0])
        if top is None:
            number, called = people.PROVINCE
            top = await organisations.create_region(session, code=number, name=called)
        found = await regions.by_code(code)
        return found or await organisations.create_region(session, code=code, name=name, parent=top)

    async def _school(self, session: WriteSession, wanted: people.DemoSchool) -> Organisation:
        found = await OrganisationRepository(session).by_code(wanted.code)
        return found or await organisations.create_organisation(
            session,
            code=wanted.code,
            name=wanted.name,
            region=await self._region(session, *wanted.region),
        )

    async def _rooms(
        self, session: WriteSession, school: Organisation, wanted: people.DemoSchool
    ) -> list[Room]:
        there = {room.name: room for room in await RoomRepository(session).of_school(school.id)}
        return [
            there.get(name)
            or await organisations.create_room(session, name=name, school=school, class_size=size)
            for name, size in wanted.rooms
        ]

    async def _people(self, session: WriteSession, password_hash: str) -> dict[str, Person]:
        repository, found = PersonRepository(session), {}
        for wanted in people.PEOPLE:
            there = await repository.by_name(wanted.username)
            found[wanted.key] = (
                there[0] if there else await self._person(session, wanted, password_hash)
            )
            await self._other_posts(session, found[wanted.key], wanted)
        return found

    async def _other_posts(
        self, session: WriteSession, person: Person, wanted: people.DemoPerson
    ) -> None:
        held = await MembershipRepository(session).in_force_of(person.id, self._frame.today())
        school = await OrganisationRepository(session).by_code(wanted.school or "")
        for role in wanted.also:
            if all(one.role is not role for one in held):
                await people_service.appoint(session, person, role, organisation=school)

    async def _person(
        self, session: WriteSession, wanted: people.DemoPerson, password_hash: str
    ) -> Person:
        person = await people_service.create_person(
            session, display_name=wanted.display_name, username=wanted.username
        )
        await accounts.set_password(session, person, password_hash, self._now)
        school = await OrganisationRepository(session).by_code(wanted.school or "")
        regional = Scope.REGION in SCOPES[wanted.role][:1]
        region = await RegionRepository(session).by_code(wanted.region) if regional else None
        await people_service.appoint(
            session, person, wanted.role, organisation=None if region else school, region=region
        )
        return person

    async def _tokens(self, session: WriteSession, found: dict[str, Person], state: State) -> None:
        for key in (people.ADMIN, people.OWNER, people.OTHER):
            if key not in state.tokens:
                state.tokens[key] = await accounts.create_api_token(
                    session, found[key].id, label="demo"
                )

    async def _partnership(self, session: WriteSession, found: dict[str, Person]) -> UUID:
        """Accepted by both sides; the one of yesterday goes on."""
        lead, partner = [
            await OrganisationRepository(session).by_code(one.code)
            for one in (people.LEAD, people.PARTNER)
        ]
        today = self._frame.today()
        first, second = [
            await accounts.principal_of(session, found[key].id, today)
            for key in (people.PROPOSES, people.ACCEPTS)
        ]
        assert lead is not None
        assert partner is not None
        assert first is not None
        assert second is not None
        there, _ = await partnerships.page(session, first, state=PartnershipState.ACTIVE, limit=1)
        if there:
            return there[0].id
        wanted = PartnershipIn(
            kind=PartnershipKind.PAIRED,
            name=people.PARTNERSHIP,
            lead_id=lead.id,
            partner_ids=[partner.id],
            periods_per_week=2,
            starts_on=today,
            promises=[
                PromiseIn.model_validate(dict(zip(_PROMISE, one, strict=True)))
                for one in people.PROMISES
            ],
        )
        made = await partnerships.propose(self._frame, session, first, wanted)
        await partnerships.answer(self._frame, session, second, made.id, Act.ACCEPT)
        return made.id

    async def _lessons(
        self,
        session: WriteSession,
        owner: Person,
        rooms: list[Room],
        state: State,
    ) -> Seeded:
        # Planning a lesson makes the session forget what it has loaded.
        owner_id, holder, room_token = owner.id, holder_of(owner), rooms[0].token
        plan = functools.partial(self._plan, session, owner_id, [room.id for room in rooms])
        repository = LessonRepository(session)
        mine = await repository.all(repository.base().where(Lesson.teacher_id == owner_id))
        current = next((one.id for one in mine if self._is_now(one)), None)
        if not mine:
            await self._held(session, await plan(people.LAST_WEEK))
        stale = [one.id for one in mine if one.state is LessonState.LIVE and one.id != current]
        first_today = not any(
            one.title == people.EARLIER.title and self._is_today(one) for one in mine
        )
        current = current or await plan(people.NOW)
        earlier = await plan(people.EARLIER) if first_today else None
        for later in people.LATER if first_today else ():
            await plan(later)
        return Seeded(
            state=state,
            lesson_id=current,
            stale_ids=stale,
            room_token=room_token,
            whip_token=self._media_token(current, "publish", holder),
            watch_token=self._media_token(current, "watch", holder),
            earlier=(earlier, self._media_token(earlier, "publish", holder)) if earlier else None,
            objects={},
        )

    async def _held(self, session: WriteSession, key: UUID) -> None:
        """A lesson of before the demo was there: what is counted of it, without a recording."""
        repository = LessonRepository(session)
        start = (await lessons.get(session, key)).starts_at
        await repository.start(key, start)
        await repository.end(key, start + timedelta(minutes=PLANNED_MINUTES))
        lesson = await lessons.fresh(session, key)
        await lesson_facts.held(session, lesson)
        first = int(start.timestamp()) // 60
        seen = {
            (str(room.id), first + minute, "hls")
            for room in lesson.rooms
            for minute in range(PLANNED_MINUTES)
        }
        await lesson_facts.minutes(session, key, seen)

    def _media_token(self, lesson: UUID, act: MediaAct, holder: str) -> str:
        return self._media_tokens.issue(
            lesson=str(lesson),
            act=act,
            holder=holder,
            label="演示",
            now=self._now,
            lifetime=TOKEN_LIFE,
        )

    def _is_now(self, lesson: Lesson) -> bool:
        open_still = lesson.state is not LessonState.ENDED and lesson.planned_start is not None
        return open_still and lesson.starts_at <= self._now <= lesson.planned_end

    def _is_today(self, lesson: Lesson) -> bool:
        start, end = lessons.day_of(self._now, self._settings.zone)
        return start <= lesson.starts_at < end

    async def _plan(
        self, session: WriteSession, owner_id: UUID, room_ids: list[UUID], wanted: DemoLesson
    ) -> UUID:
        """At a time that ends in 0 or 5, within its day."""
        now = self._now + timedelta(days=wanted.day)
        start, end = lessons.day_of(now, self._settings.zone)
        at = now + timedelta(minutes=wanted.starts)
        at = at.replace(minute=at.minute // 5 * 5, second=0, microsecond=0)
        teacher = await PersonRepository(session).by_id(owner_id)
        school = await OrganisationRepository(session).by_code(people.LEAD.code)
        assert teacher is not None
        assert school is not None
        lesson = await lessons.create(
            session,
            title=wanted.title,
            subject=wanted.subject,
            grade=wanted.grade,
            teacher=teacher,
            school_id=school.id,
            planned_start=max(start, min(at, end - timedelta(minutes=5))),
            planned_minutes=PLANNED_MINUTES,
            rooms=await organisations.rooms_named(session, _rooms_of(wanted, room_ids)),
            delivery=lessons.Delivery(self._now, self._settings.zone, owner_id),
        )
        return lesson.id


def _rooms_of(wanted: people.DemoLesson, room_ids: list[UUID]) -> list[UUID]:
    """The earlier lesson is taught while the first room waits for the one of now: not to it."""
    if wanted is people.EARLIER:
        return room_ids[1:][-wanted.rooms :]
    return room_ids[: wanted.rooms]
