"""Objects of every kind, made through the services: each builder puts their ids into the world."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue import following, links, settling, syllabus
from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue.models import Course, CoursePart, CourseTeacher, PublicApproval
from tongke_courses.catalogue.schemas import ClassLinkIn, CourseIn
from tongke_courses.groups import activities, feeds, joining
from tongke_courses.groups import service as teachers
from tongke_courses.groups.models import ActivityKind, GroupJoining, JoiningWay
from tongke_courses.groups.schemas import ActivityIn, DueIn, GroupIn, InvitationIn, LinkIn
from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import LessonRoom
from tongke_courses.lessons.schemas import LessonIn
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials import service as materials
from tongke_courses.materials import uploading
from tongke_courses.materials.store import FileStore
from tongke_courses.packages.models import PackageImport, PackageState
from tongke_courses.textbooks import points, sample, service
from tongke_courses.textbooks.repository import NodeRepository
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
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

if TYPE_CHECKING:
    from tests.rights.world import World

NEWS = Kind("test.heard", 1, "minute", "Minutes heard")
PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
PEOPLE_CSV = "姓名,手机号,角色\n新老师,13912345678,辅助教师\n".encode()
CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:02.000\n同学们好\n".encode()
NEARLY_NOBODY = "127.0.0.1:9"
CHAT = f"http://{NEARLY_NOBODY}/cgi-bin/webhook/send?key=0123456789abcdef"


async def principal(world: "World", name: str) -> Principal:
    """Of the asker with this name."""
    asker = next(one for one in world.askers if one.name == name)
    assert asker.person_id is not None
    async with world.frame.database.read() as session:
        found = await accounts.principal_of(session, asker.person_id, world.frame.today())
    assert found is not None
    return found


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


async def material(world: "World") -> None:
    """Captions of the lesson, a draft of a course, and two uploads of the owner: one sent."""
    frame, own = world.frame, world.places.schools["own"].id
    by = await principal(world, "owner")
    begun = await uploading.begin(frame, by, "a.txt", 5)
    sent = await uploading.begin(frame, by, "字幕.vtt", len(CAPTIONS))
    uploading.spool_of(frame).path(sent.id).write_bytes(CAPTIONS)
    sent = await uploading.finish(frame, sent)
    assert sent.file is not None
    async with frame.database.write() as session:
        made = await materials.add_file(
            session,
            frame,
            lesson_id=UUID(world.ids["lesson_id"]),
            name=sent.name,
            stored=sent.file,
            by=by.id,
        )
        course = Course(school_id=own, title="圆", subject="数学", grade="六年级")
        course.teachers = [CourseTeacher(person_id=by.id)]
        session.add(course)
        await session.flush()
    world.ids |= {
        "upload_id": str(begun.id),
        "sent_upload": str(sent.id),
        "material_id": str(made.id),
        "version_id": str(made.current_id),
        "/materials/{version_id}/{name}": "a.vtt",
        "/home/{token}/materials/{version_id}/{name}": "a.vtt",
        "course_id": str(course.id),
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


async def year(world: "World") -> None:
    """Of the own county."""
    async with world.frame.database.write() as session:
        made = await classes.create_year(
            session, name="2029–2030", starts_on=date(2029, 9, 1), ends_on=date(2030, 8, 31),
            region=world.places.regions["own"],
        )  # fmt: skip
    world.ids["year_id"] = str(made.id)


async def course(world: "World") -> None:
    """Published for partners by the owner, with a unit and a lesson in which the own school's class
    is heard, which is to become public; a class follows it and has a link for home.
    """
    frame, own = world.frame, world.places.schools["own"]
    by = await principal(world, "owner")
    class_id, room_id = UUID(world.ids["class_id"]), UUID(world.ids["room_id"])
    wanted = CourseIn(title="古诗三首", subject="语文", grade="三年级", school_id=own.id)
    async with frame.database.write() as session:
        # Planning a lesson makes the session forget what it has loaded.
        key = (await courses.create(frame, session, by, wanted)).id
        unit = await courses.add_unit(session, by, key, "第一单元")
        unit_id = unit.id
        lesson = await syllabus.plan(
            frame, session, by,
            LessonIn(
                title="山行", subject="语文", grade="三年级", course_id=key, unit_id=unit_id,
                planned_start=frame.now(), planned_minutes=40, visibility=Visibility.PUBLIC,
            ),
        )  # fmt: skip
        lesson_id = lesson.id
        await courses.set_teacher(session, by, key, UUID(world.ids["person_id"]), CoursePart.CO)
        await courses.publish(frame, session, by, key)
        cover = await FileStore(frame).put_bytes(PHOTO, session)
        await courses.set_cover(frame, session, by, key, cover.id)
        await settling.heard(session, lesson_id, room_id)
        await following.follow(frame, session, by, key, class_id)
        link = await links.make(frame, session, by, ClassLinkIn(class_id=class_id))
        asked = select(PublicApproval.id).where(PublicApproval.school_id == own.id)
        approval = (await session.execute(asked)).scalar_one()
    world.ids |= {
        "course_id": str(key),
        "unit_id": str(unit_id),
        "course_lesson": str(lesson_id),
        "DELETE /api/courses/{course_id}/lessons/{lesson_id} lesson_id": str(lesson_id),
        "POST /courses/{course_id}/lessons/{lesson_id}/{act} lesson_id": str(lesson_id),
        "/courses/{course_id}/lessons/{lesson_id}/{act}": "up",
        "/courses/{course_id}/units/{unit_id}/{act}": "up",
        "link_id": str(link.id),
        "/api/home/{token}": link.token,
        "/home/{token}": link.token,
        "approval_id": str(approval),
    }
    world.marks |= {
        "course": str(key),
        "class-link": str(link.id),
        "approval": str(approval),
    }


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


async def textbooks(world: "World") -> None:
    """A book with units, of which one teaches something, and a book without."""
    by = await principal(world, "researcher.region@own")
    async with world.frame.database.write() as session:
        full = (await sample.fill(session, by))["语文 统编版 上册"]
        unit = (await NodeRepository(session).children(full))[0]
        point = await points.link(session, by, unit.id, "读懂一段话")
        bare = await service.resolve(session, subject="数学", grade="七年级", volume="上册")
    assert bare is not None
    world.ids |= {"node_id": str(unit.id), "point_id": str(point.id), "subject": "数学"}
    world.ids |= {"volume": str(full.id), "empty_volume": str(bare.id)}
    for address in (
        "PUT /api/textbooks/{node_id}/contents",
        "POST /textbooks/{node_id}/contents",
        "POST /textbooks/{node_id}/class",
    ):
        world.ids[f"{address} node_id"] = str(bare.id)


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


async def package(world: "World") -> None:
    """One the owner has brought in."""
    own = world.places.schools["own"].id
    by = await principal(world, "owner")
    row = PackageImport(
        school_id=own, by_id=by.id, sha256="0" * 64, name="圆.imscc", subject="数学",
        grade="六年级", state=PackageState.DONE,
    )  # fmt: skip
    async with world.frame.database.write() as session:
        session.add(row)
        await session.flush()
    world.ids["package_id"] = str(row.id)


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


async def teacher_group(world: "World") -> None:
    """Of the owner with a colleague, one who asks, a link, a calendar, and what is owed for an
    activity that goes on; one the owner may leave; and a listed one of somebody else, who invites.
    """
    frame, own = world.frame, world.places.schools["own"]
    asks, invited = [await world.make.person(own) for _ in range(2)]
    other = await world.make.person(own)
    by = await principal(world, "owner")
    colleague = UUID(world.ids["person_id"])
    async with frame.database.write() as session:
        mine = await teachers.create(session, by, _group("语文教研组", own.id, "by_link"))
        left = await teachers.create(session, by, _group("旧备课组", own.id, "hidden"))
        await teachers.seat(session, mine.id, colleague, Role.GROUP_MEMBER, by)
        await teachers.seat(session, left.id, colleague, Role.GROUP_HEAD, by)
        waits = GroupJoining(
            group_id=mine.id, person_id=asks.id, way=JoiningWay.REQUEST, role=Role.GROUP_MEMBER
        )
        session.add(waits)
        link = await joining.make_link(session, frame, by, mine.id, LinkIn())
        calendar = await feeds.make(session, by, mine.id)
        first = frame.now() - timedelta(minutes=10)
        planned = await activities.plan(
            session, frame, by, mine.id,
            ActivityIn(
                kind=ActivityKind.COLLECTIVE_PLANNING, title="第三单元备课",
                starts_at=first, ends_at=first + timedelta(hours=1),
            ),
        )  # fmt: skip
        owed = DueIn(item="教案初稿", person_id=colleague, due_on=frame.today())
        due = await activities.owe(session, by, planned.id, owed)
    async with frame.database.read() as session:
        head = await accounts.principal_of(session, other.id, frame.today())
    assert head is not None
    async with frame.database.write() as session:
        listed = await teachers.create(session, head, _group("名师工作室", own.id, "listed"))
        hidden = await teachers.create(session, head, _group("课题组", own.id, "hidden"))
        wanted = InvitationIn(
            display_name=world.owner.display_name, sign_in_name=world.owner.username
        )
        invitation = await joining.invite(session, head, hidden.id, wanted)
    world.ids |= {
        "group_id": str(mine.id),
        "joining_id": str(waits.id),
        "DELETE /api/groups/{group_id}/links/{link_id} link_id": str(link.id),
        "/groups/join/{token}": link.token,
        "/groups/calendar/{token}.ics": calendar.token,
        "activity_id": str(planned.id),
        "due_id": str(due.id),
        "POST /api/groups/{group_id}/requests group_id": str(listed.id),
        "POST /groups/{group_id}/ask group_id": str(listed.id),
        "POST /groups/{group_id}/answer group_id": str(hidden.id),
        "POST /groups/{group_id}/leave group_id": str(left.id),
        "own_invitation": str(invitation.id),
        "invited_name": invited.display_name,
        "invited_number": invited.username,
    }
    world.marks["group"] = str(mine.id)


def _group(name: str, school: UUID, visibility: str) -> GroupIn:
    return GroupIn.model_validate(
        {
            "kind": "research_group",
            "name": name,
            "organisation_id": school,
            "visibility": visibility,
        }
    )


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
    audit_entry,
)
