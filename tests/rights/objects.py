"""Objects of every kind, made through the services: each builder puts their ids into the world."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from tests.rights.acting import PHOTO, principal
from tests.rights.board_objects import topics
from tests.rights.course_objects import course, material, package, textbooks
from tests.rights.group_objects import teacher_group
from tests.rights.reading_objects import reading
from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import LessonRoom
from tongke_platform import facts, pictures
from tongke_platform.accounts import invitations
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.models import ApiToken, LinkedIdentity, LoginSession
from tongke_platform.audit.models import AuditEntry
from tongke_platform.classes import service as classes
from tongke_platform.consent import service as consents
from tongke_platform.consent.models import ConsentForm
from tongke_platform.consent.purposes import Purpose
from tongke_platform.database import WriteSession
from tongke_platform.devices import service as devices
from tongke_platform.facts import Fact, Kind, rollups
from tongke_platform.facts.models import Rollup
from tongke_platform.imports import service as imports
from tongke_platform.notices import groups
from tongke_platform.notices import service as notices
from tongke_platform.notices.models import Notice
from tongke_platform.organisations.models import ClassEntry, ClassYear, SchoolClass
from tongke_platform.partnerships import service as partnerships
from tongke_platform.partnerships.models import Act
from tongke_platform.partnerships.repository import PartnershipRepository
from tongke_platform.partnerships.schemas import PartnershipIn
from tongke_platform.people import service as people
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import Role
from tongke_platform.privacy import exports
from tongke_platform.undo import service as undos

if TYPE_CHECKING:
    from tests.rights.world import World

NEWS = Kind("test.heard", 1, "minute", "Minutes heard")
PEOPLE_CSV = "姓名,手机号,角色\n新老师,13912345678,辅助教师\n".encode()
NEARLY_NOBODY = "127.0.0.1:9"
CHAT = f"http://{NEARLY_NOBODY}/cgi-bin/webhook/send?key=0123456789abcdef"


async def places(world: "World") -> None:
    own = world.places.schools["own"]
    world.ids |= {
        "organisation_id": str(own.id),
        "region_id": str(world.places.regions["own"].id),
        "/setup/{token}": "x" * 43,
    }
    world.marks |= {"school": str(own.id), "region": str(world.places.regions["own"].id)}


async def partnership(world: "World") -> None:
    """One in force with the partner, a paused one, and two proposals."""
    schools, make, frame = world.places.schools, world.make, world.frame
    active = await make.partnership(schools["own"], schools["partner"])
    paused = await make.partnership(schools["own"], schools["paused"])
    proposed = await make.partnership(
        schools["own"], schools["partner"], accepted=False, subjects=["音乐"]
    )
    by = await principal(world, "school_admin.organisation@own")
    admin = await principal(world, "admin.platform@own")
    own, partner = schools["own"].id, schools["partner"].id
    async with frame.database.write() as session:
        reason = "网络改造"
        await partnerships.change(frame, session, by, paused.id, Act.PAUSE, reason=reason)
        halted = await partnerships.propose(
            frame, session, admin, _proposal(own, partner, frame.today().isoformat())
        )
        for side in (own, partner):
            await partnerships.answer(frame, session, admin, halted.id, Act.ACCEPT, side_id=side)
        await partnerships.change(frame, session, by, halted.id, Act.PAUSE, reason=reason)
    world.ids["partnership_id"] = str(active.id)
    for act, which in (
        ("accept", proposed), ("decline", proposed), ("withdraw", proposed), ("resume", halted),
    ):  # fmt: skip
        address = f"POST /api/partnerships/{{partnership_id}}/{act} partnership_id"
        world.ids[address] = str(which.id)
    world.ids["/admin/partnerships/{partnership_id}/{act}"] = "pause"
    world.marks["partnership"] = str(active.id)


def _proposal(lead: UUID, partner: UUID, day: str) -> PartnershipIn:
    return PartnershipIn.model_validate(
        {"kind": "paired", "lead_id": lead, "partner_ids": [partner], "starts_on": day}
    )


async def lesson(world: "World") -> None:
    """Delivered along the partnerships; to the paused one it was delivered before the pause."""
    schools, make, frame = world.places.schools, world.make, world.frame
    rooms = [await make.room(schools["own"]), await make.room(schools["partner"])]
    made = await make.lesson(world.owner, rooms)
    later = await make.lesson(world.owner, rooms, frame.now() + timedelta(minutes=1))
    tomorrow = await make.lesson(world.owner, (), frame.now() + timedelta(days=1))
    other = await make.room(schools["paused"])
    async with frame.database.write() as session:
        paused = await PartnershipRepository(session).all(PartnershipRepository(session).base())
        along = next(
            one for one in paused if other.school_id in {s.organisation_id for s in one.sides}
        )
        session.add_all(
            LessonRoom(lesson_id=one.id, room_id=other.id, partnership_id=along.id)
            for one in (made, later)
        )
    world.ids |= {
        "lesson_id": str(made.id),
        "lesson": str(made.id),
        "session": "s",
        "/room/{token}": rooms[1].token,
        "room_id": str(rooms[0].id),
        "/admin/rooms/{room_id}/address/{act}": "renew",
    }
    world.marks |= {
        "lesson": str(later.id),
        "handed": str(tomorrow.id),
        "room": str(rooms[0].id),
    }


async def lesson_invitation(world: "World") -> None:
    """A classroom of the own school, invited by name by a school it has nothing to do with."""
    make, frame = world.make, world.frame
    teacher = await make.person(world.places.schools["unrelated"], Role.LEAD_TEACHER)
    room = await make.room(world.places.schools["own"])
    made = await make.lesson(teacher)
    how = lessons.Delivery(frame.now(), frame.settings.zone, by=teacher.id, invite=True)
    async with frame.database.write() as session:
        await lessons.deliver(session, await lessons.get(session, made.id), [room], how)
        found = select(LessonRoom.id).where(LessonRoom.room_id == room.id)
        key = (await session.execute(found)).scalar_one()
    world.ids["invitation_id"] = str(key)
    world.marks["lesson-invitation"] = str(key)


async def account(world: "World") -> None:
    """Another session, a token and a linked account of the owner."""
    frame, owner = world.frame, world.owner
    async with frame.database.write() as session:
        lifetime = timedelta(hours=1)
        await accounts.log_in(session, owner.id, now=frame.now(), lifetime=lifetime)
        newest = select(LoginSession.id).where(LoginSession.person_id == owner.id)
        login = (await session.execute(newest.order_by(LoginSession.id.desc()))).scalars().first()
        await accounts.create_api_token(session, owner.id, label="a program")
        mine = select(ApiToken.id).where(ApiToken.person_id == owner.id)
        token = (await session.execute(mine)).scalar_one()
        linked = LinkedIdentity(person_id=owner.id, issuer="https://id.example", subject="7")
        session.add(linked)
    world.ids |= {
        "session_id": str(login),
        "token_id": str(token),
        "identity_id": str(linked.id),
        "provider": "bureau",
    }
    world.marks |= {"session": str(login), "token": str(token)}


async def own_data(world: "World") -> None:
    """The owner's, ready to be fetched."""
    async with world.frame.database.write() as session:
        by = await accounts.principal_of(session, world.owner.id, world.frame.today())
        assert by is not None
        found = await exports.ask(session, world.frame, by, world.owner.id)
    await exports.put_together(world.frame, found.id)
    world.ids["export_id"] = str(found.id)


async def colleague(world: "World") -> None:
    """A local teacher of the own school with a second name."""
    found = await world.make.person(world.places.schools["own"], Role.LOCAL_TEACHER)
    async with world.frame.database.write() as session:
        name = await people.add_name(session, found.person, "hao@school.example")
        post = select(Membership.id).where(Membership.person_id == found.id)
        key = (await session.execute(post)).scalar_one()
    world.ids |= {"person_id": str(found.id), "name_id": str(name.id), "post_id": str(key)}
    world.ids["colleague"] = found.display_name
    world.marks["person"] = str(found.id)


async def invitation(world: "World") -> None:
    own = world.places.schools["own"]
    by = await principal(world, "school_admin.organisation@own")
    wanted = invitations.Wanted("王老师", Role.LOCAL_TEACHER, organisation_id=own.id)
    async with world.frame.database.write() as session:
        token, found = await invitations.invite(session, world.frame, by, wanted)
    for address in (
        "GET /api/invitations/{invitation_id}",
        "DELETE /api/invitations/{invitation_id}",
        "POST /admin/invitations/{invitation_id}/revoke",
    ):
        world.ids[f"{address} invitation_id"] = str(found.id)
    world.ids["/join/{token}"] = token
    world.marks["invitation"] = str(found.id)


async def school_class(world: "World") -> None:
    own = world.places.schools["own"]
    by = await principal(world, "school_admin.organisation@own")
    async with world.frame.database.write() as session:
        made = await classes.create_class(session, own, grade=3, name="1班", size=41, by=by)
        await _last_year(session, world)
        listed = [classes.Listed("小红", "1"), classes.Listed("小明", "2")]
        await classes.add_pupils(session, made, listed, by=by)
        entries = select(ClassEntry.pupil_id).where(ClassEntry.class_id == made.id)
        pupil = (await session.execute(entries.order_by(ClassEntry.id))).scalars().first()
    world.ids |= {"class_id": str(made.id), "pupil_id": str(pupil)}
    world.marks |= {"class": str(made.id), "pupil": str(pupil)}


async def _last_year(session: WriteSession, world: "World") -> None:
    """Another class that was in the second grade last year and has not been moved up."""
    own = world.places.schools["own"]
    this = await classes.year_on(session, own, world.frame.today())
    before = await classes.year_on(session, own, this.starts_on - timedelta(days=1))
    left = SchoolClass(organisation_id=own.id, name="老2班", starts_on=before.starts_on)
    session.add(left)
    await session.flush()
    session.add(ClassYear(class_id=left.id, year_id=before.id, grade=2, name="二年级2班"))
    await session.flush()


async def year(world: "World") -> None:
    """Of the own county."""
    async with world.frame.database.write() as session:
        made = await classes.create_year(
            session, name="2029–2030", starts_on=date(2029, 9, 1), ends_on=date(2030, 8, 31),
            region=world.places.regions["own"],
        )  # fmt: skip
    world.ids["year_id"] = str(made.id)


async def consent(world: "World") -> None:
    """A link, a receipt and a paper form of the pupil."""
    frame, guardian = world.frame, consents.Guardian.of("李梅", "mother")
    by = await principal(world, "school_admin.organisation@own")
    pupil = UUID(world.ids["pupil_id"])
    jpeg = await pictures.photograph(PHOTO)
    async with frame.database.write() as session:
        found = await classes.class_to_change(session, UUID(world.ids["class_id"]), by)
        tokens = [
            (await consents.ask(session, frame, by, found, [pupil], [Purpose.RECORDING]))[0][1]
            for _ in range(2)
        ]
        receipt = await consents.answer(session, frame, tokens[0], guardian, [Purpose.RECORDING])
        await consents.enter_paper(session, frame, by, pupil, [Purpose.RECORDING], guardian, jpeg)
        form = (await session.execute(select(ConsentForm.id))).scalar_one()
    world.ids |= {
        "/consent/{token}": tokens[1],
        "/consent/receipt/{token}": receipt,
        "form_id": str(form),
    }


async def table(world: "World") -> None:
    """An import that waits to be confirmed, of the own school's administrator."""
    by = await principal(world, "school_admin.organisation@own")
    code = world.places.schools["own"].code
    key = await imports.preview(world.frame, by, PEOPLE_CSV, "people.csv", code)
    world.ids |= {"key": str(key), "kind": "csv"}
    world.marks["import"] = str(key)


async def pairing(world: "World") -> None:
    found = await devices.ask(world.frame, "", "Chrome")
    world.ids["code"] = found.code


async def notice(world: "World") -> None:
    frame, own = world.frame, world.places.schools["own"]
    async with frame.database.write() as session:
        await notices.send(
            session,
            to=[world.owner.id],
            kind="lesson.planned",
            params={"title": "圆的面积", "school": own.name, "planned_at": frame.now()},
            key="walk",
        )
        mine = select(Notice.id).where(Notice.person_id == world.owner.id)
        key = (await session.execute(mine.order_by(Notice.id.desc()))).scalars().first()
    world.ids |= {"notice_id": str(key), "inbox": str(world.owner.id)}
    world.marks["notice"] = str(key)


async def chat(world: "World") -> None:
    world.frame.settings.chat_hosts = [NEARLY_NOBODY]
    by = await principal(world, "school_admin.organisation@own")
    own = world.places.schools["own"].id
    async with world.frame.database.write() as session:
        found = await groups.connect(
            session, world.frame, by, organisation_id=own, label="教研组", address=CHAT
        )
    world.ids["chat_id"] = str(found.id)
    world.marks["chat"] = str(found.id)


async def fact(world: "World") -> None:
    """Minutes of the own school with its partner."""
    frame, schools = world.frame, world.places.schools
    told = Fact(
        key="walk",
        kind=NEWS,
        occurred_at=frame.now(),
        quantity=40,
        source="walk",
        school_id=schools["own"].id,
        counterpart_id=schools["partner"].id,
    )
    async with frame.database.write() as session:
        record = await facts.record(session, told)
    await rollups.sum_up(frame.database, frame.settings.zone)
    async with frame.database.read() as session:
        summed = (await session.execute(select(Rollup.id))).scalar_one()
    world.ids |= {"rollup_id": str(summed), "fact_id": str(record.id)}
    world.marks |= {"fact": str(record.id), "rollup": str(summed)}


async def undo(world: "World") -> None:
    """Of the own school's administrator, who switched a colleague off."""
    frame = world.frame
    by = await principal(world, "school_admin.organisation@own")
    other = await world.make.person(world.places.schools["own"], Role.LOCAL_TEACHER)
    async with frame.database.write() as session:
        person = await people.to_change(session, other.id, by)
        await people.deactivate(session, person, frame.now(), by)
        data = {"person": str(person.id)}
        found = await undos.keep(session, by, "people.deactivate", data, frame.now())
    world.ids["undo_id"] = str(found.id)


async def audit_entry(world: "World") -> None:
    """Of the own school: everything above has been written down."""
    own = world.places.schools["own"].id
    mine = select(AuditEntry.id).where(AuditEntry.organisation_id == own).limit(1)
    async with world.frame.database.read() as session:
        world.ids["entry_id"] = str((await session.execute(mine)).scalar_one())


BUILDERS: tuple[Callable[["World"], Awaitable[None]], ...] = (
    places,
    partnership,
    lesson,
    material,
    lesson_invitation,
    account,
    own_data,
    colleague,
    invitation,
    school_class,
    year,
    textbooks,
    course,
    consent,
    table,
    pairing,
    notice,
    package,
    chat,
    fact,
    undo,
    teacher_group,
    topics,
    reading,
    audit_entry,
)
