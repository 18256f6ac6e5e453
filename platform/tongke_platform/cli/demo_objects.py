"""Private objects of the demo's first school: what a school has besides lessons, one of each kind."""

import io
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from PIL import Image, ImageDraw

from tongke_platform import pictures
from tongke_platform.accounts import invitations
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.repository import ApiTokenRepository, LoginRepository
from tongke_platform.audit import service as audit
from tongke_platform.audit.repository import Filter
from tongke_platform.classes import service as classes
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.consent import service as consent
from tongke_platform.consent.purposes import Purpose
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.demo import people
from tongke_platform.facts import reading, rollups
from tongke_platform.facts.repository import Days
from tongke_platform.frame import Frame
from tongke_platform.imports import service as imports
from tongke_platform.notices import service as notices
from tongke_platform.organisations.models import Organisation, Room, SchoolClass
from tongke_platform.paging import Window
from tongke_platform.people import service as people_service
from tongke_platform.people.models import Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos
from tongke_platform.undo.repository import UndoRepository

# Addresses of private objects by kind, as the routes are written. Of every address that names an
# object, either it is here or a test says why not.
KINDS: dict[str, tuple[str, ...]] = {
    "lesson": (
        "/api/lessons/{lesson_id}",
        "/lessons/{lesson_id}/teach",
        "/lessons/{lesson_id}/replay",
        "/lessons/{lesson_id}",
        "/lessons/{lesson_id}/edit",
        "/lessons/{lesson_id}/edit/materials",
        "/admin/lessons/{lesson_id}",
    ),
    "upload": ("/api/uploads/{upload_id}",),
    "material": (
        "/api/materials/{material_id}",
        "/api/lessons/{lesson_id}/materials",
        "/api/courses/{course_id}/materials",
    ),
    "material_version": ("/materials/{version_id}/{name}",),
    "package_import": ("/api/packages/{package_id}", "/shelf/import/{package_id}"),
    "archive": (
        "/api/lessons/{lesson_id}/archive/size",
        "/api/lessons/{lesson_id}/archive.zip",
        "/api/units/{unit_id}/archive/size",
        "/api/units/{unit_id}/archive.zip",
        "/api/courses/{course_id}/archive/size",
        "/api/courses/{course_id}/archive.zip",
        "/api/courses/{course_id}/export/cartridge.imscc",
        "/api/courses/{course_id}/export/folder.zip",
    ),
    "captions": ("/api/lessons/{lesson_id}/captions.vtt",),
    "lesson_rooms": ("/api/lessons/{lesson_id}/rooms",),
    "hls": ("/live/{lesson}/hls/index.m3u8",),
    "replay": ("/replay/{lesson}/index.m3u8",),
    "course": (
        "/api/courses/{course_id}",
        "/api/courses/{course_id}/lessons",
        "/courses/{course_id}",
        "/courses/{course_id}/edit",
        "/courses/{course_id}/edit/words",
        "/courses/{course_id}/edit/book",
        "/courses/{course_id}/edit/materials",
        "/courses/{course_id}/edit/teachers",
        "/courses/{course_id}/edit/cover",
        "/courses/{course_id}/cover",
    ),
    "course_unit": ("/api/courses/{course_id}/units/{unit_id}",),
    "course_follow": ("/api/courses/{course_id}/follows",),
    "course_teacher": ("/api/courses/{course_id}/teacher-choices",),
    "group": (
        "/api/groups/{group_id}",
        "/api/groups/{group_id}/activities",
        "/api/groups/{group_id}/changes",
        "/api/groups/{group_id}/follow",
        "/api/groups/{group_id}/memory",
        "/groups/{group_id}",
        "/groups/{group_id}/edit",
        "/groups/{group_id}/people",
        "/groups/{group_id}/changes",
        "/groups/{group_id}/memory",
        "/groups/{group_id}/export.zip",
        "/groups/{group_id}/activities/new",
    ),
    "group_file": (
        "/api/groups/{group_id}/files",
        "/api/groups/{group_id}/files/{file_id}",
        "/groups/{group_id}/files",
        "/groups/{group_id}/files/{file_id}",
    ),
    "topic": (
        "/api/groups/{group_id}/topics",
        "/api/groups/{group_id}/reports",
        "/api/topics/{topic_id}",
        "/groups/{group_id}/topics",
        "/groups/{group_id}/topics/new",
        "/topics/{topic_id}",
        "/topics/{topic_id}/posts",
    ),
    "topic_post": (
        "/api/posts/{board_post_id}/edits",
        "/posts/{board_post_id}/edit",
        "/posts/{board_post_id}/history",
    ),
    "activity": (
        "/api/activities/{activity_id}",
        "/activities/{activity_id}",
        "/activities/{activity_id}/edit",
    ),
    "approval": ("/api/approvals/{approval_id}",),
    "class_link": (
        "/api/class-links/{link_id}",
        "/api/class-links/{link_id}/code.svg",
        "/class-links/{link_id}",
    ),
    "organisation": (
        "/api/organisations/{organisation_id}",
        "/api/organisations/{organisation_id}/shelf",
        "/api/organisations/{organisation_id}/changes",
        "/admin/organisations/{organisation_id}",
    ),
    "partnership": (
        "/api/partnerships/{partnership_id}",
        "/admin/partnerships/{partnership_id}",
    ),
    "person": (
        "/api/people/{person_id}",
        "/api/organisations/{organisation_id}/people",
        "/admin/people/{person_id}",
    ),
    "invitation": ("/api/invitations/{invitation_id}",),
    "import": (
        "/api/imports/{key}",
        "/api/imports/{key}/rows",
        "/admin/import/{key}",
        "/admin/import/{key}/errors.csv",
    ),
    "class": (
        "/api/classes/{class_id}",
        "/api/organisations/{organisation_id}/classes",
        "/api/organisations/{organisation_id}/promotion",
        "/admin/classes/{class_id}",
        "/admin/organisations/{organisation_id}/promotion",
    ),
    "class_textbooks": ("/api/classes/{class_id}/textbooks",),
    "pupil": (
        "/api/classes/{class_id}/pupils",
        "/api/classes/{class_id}/pupils/{pupil_id}",
    ),
    "consent": (
        "/api/classes/{class_id}/consent",
        "/api/pupils/{pupil_id}/consent",
        "/admin/consent/classes/{class_id}",
        "/admin/consent/pupils/{pupil_id}",
    ),
    "consent_form": ("/admin/consent/forms/{form_id}",),
    "room": (
        "/api/rooms/{room_id}",
        "/api/organisations/{organisation_id}/rooms",
        "/admin/rooms/{room_id}",
        "/admin/rooms/{room_id}/edit",
    ),
    "room_address": ("/api/rooms/{room_id}/address", "/admin/rooms/{room_id}/poster"),
    "device": ("/api/rooms/{room_id}/devices", "/admin/rooms/{room_id}/devices"),
    "notice": ("/api/notices/{notice_id}",),
    "session": ("/api/me/sessions/{session_id}",),
    "token": ("/api/me/tokens/{token_id}",),
    "undo": ("/api/undo/{undo_id}",),
    "audit": ("/api/audit/{entry_id}",),
    "fact": ("/api/facts/{fact_id}",),
    "rollup": ("/api/rollups/{rollup_id}", "/api/rollups/{rollup_id}/facts"),
}

_FOR = [Purpose.RECORDING, Purpose.SHOW_WORK]
_SESSION = timedelta(days=7)


@dataclass(frozen=True)
class Place:
    """Whose objects they are: the first school as its teacher (and administrator) sees it."""

    by: Principal
    person: Person
    school: Organisation
    room: Room


async def fill(frame: Frame, session: WriteSession, place: Place) -> dict[str, UUID]:
    """What can be made in one transaction; ids by the names that routes give them."""
    made = await _class(frame, session, place)
    colleague = await _colleague(session, place)
    return {
        "organisation_id": place.school.id,
        "person_id": colleague.id,
        "room_id": place.room.id,
        **made,
        "invitation_id": await _invitation(frame, session, place),
        "undo_id": await _undo(frame, session, place, colleague),
        "session_id": await _login(frame, session, place),
    }


async def look_up(frame: Frame, place: Place) -> dict[str, UUID]:
    """What comes of what was made before, and an import, whose preview is a transaction itself."""
    key = await _import(frame, place)
    await rollups.sum_up(frame.database, frame.settings.zone)
    async with frame.database.read() as session:
        return {"key": key, **await _found(frame, session, place)}


async def _found(frame: Frame, session: ReadSession, place: Place) -> dict[str, UUID]:
    by, here = place.by, place.school.id
    tokens = await ApiTokenRepository(session).of(by.id, frame.now())
    entries = await audit.search(session, by, Filter(organisation_id=here), limit=1)
    days = Days(school_id=here)
    facts = await reading.facts(session, by, days, frame.settings.zone, before=None, limit=1)
    sums = await reading.rollups(session, by, days, before=None, limit=1)
    told = await notices.inbox(session, by.id, archived=False, before=None, limit=1)
    return {
        "token_id": tokens[-1].id,
        "entry_id": entries[0].entry.id,
        "fact_id": facts[0].id,
        "rollup_id": sums[0].id,
        "notice_id": told[0].id,
    }


async def _class(frame: Frame, session: WriteSession, place: Place) -> dict[str, UUID]:
    """A class with its list; some guardians answered by link, one on paper, one not yet."""
    here = SchoolClass.organisation_id == place.school.id
    there = await ClassRepository(session).page(here, Window(limit=1), place.by.today)
    if there.items:
        found = there.items[0].school_class
    else:
        found = await _new_class(frame, session, place)
    listed = await classes.pupils_of(session, found, by=place.by)
    pupil = listed[0][0]
    forms = await consent.forms_of(session, pupil)
    return {"class_id": found.id, "pupil_id": pupil.id, "form_id": forms[0].id}


async def _new_class(frame: Frame, session: WriteSession, place: Place) -> SchoolClass:
    by, wanted = place.by, people.CLASS
    found = await classes.create_class(
        session, place.school, grade=wanted.grade, name=wanted.name, size=wanted.size, by=by
    )
    await ClassRepository(session).seat([place.room.id], found.id)
    listed = [classes.Listed(name, str(number)) for number, name in enumerate(wanted.pupils, 1)]
    await classes.add_pupils(session, found, listed, by=by)
    pupils = [pupil.id for pupil, _ in await classes.pupils_of(session, found, by=by)]
    paper, by_link = pupils[0], pupils[1:]
    guardian = consent.Guardian.of(*wanted.guardian)
    jpeg = await pictures.photograph(_form_picture())
    await consent.enter_paper(session, frame, by, paper, _FOR, guardian, jpeg)
    links = await consent.ask(session, frame, by, found, by_link, _FOR)
    for _, token in links[:-1]:
        await consent.answer(session, frame, token, guardian, _FOR)
    return found


def _form_picture() -> bytes:
    """A sheet with a heading, lines and a signature."""
    sheet = Image.new("RGB", (620, 877), "#FBFAF6")
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((160, 70, 460, 96), fill="#5B6770")
    for line in range(9):
        draw.line((70, 170 + 52 * line, 550, 170 + 52 * line), fill="#B9BEC2", width=3)
    draw.line(
        [(330, 770), (360, 730), (385, 778), (420, 735), (450, 772), (500, 742)],
        fill="#26418F",
        width=5,
        joint="curve",
    )
    kept = io.BytesIO()
    sheet.save(kept, "PNG")
    return kept.getvalue()


async def _colleague(session: WriteSession, place: Place) -> Person:
    """Who has left the school and signs in no more."""
    username, name = people.LEFT
    there = await PersonRepository(session).by_name(username)
    if there:
        return there[0]
    made = await people_service.create_person(session, display_name=name, username=username)
    await people_service.appoint(session, made, Role.LOCAL_TEACHER, organisation=place.school)
    return made


async def _undo(frame: Frame, session: WriteSession, place: Place, colleague: Person) -> UUID:
    there = await UndoRepository(session).newest(place.by.id)
    if there is not None:
        return there.id
    if colleague.deactivated_at is None:
        await people_service.deactivate(session, colleague, frame.now(), place.by)
    data = {"person": str(colleague.id)}
    kept = await undos.keep(session, place.by, "people.deactivate", data, frame.now())
    return kept.id


async def _invitation(frame: Frame, session: WriteSession, place: Place) -> UUID:
    there = await invitations.listed(session, place.by, limit=1)
    if there:
        return there[0].id
    wanted = invitations.Wanted(people.INVITED, Role.LOCAL_TEACHER, organisation_id=place.school.id)
    _, made = await invitations.invite(session, frame, place.by, wanted)
    return made.id


async def _login(frame: Frame, session: WriteSession, place: Place) -> UUID:
    """A browser that was left signed in; nobody has its cookie."""
    logins = LoginRepository(session)
    there = await logins.of(place.by.id, frame.now())
    if not there:
        await accounts.log_in(session, place.by.id, now=frame.now(), lifetime=_SESSION)
        there = await logins.of(place.by.id, frame.now())
    return there[0].id


async def _import(frame: Frame, place: Place) -> UUID:
    """A table that was read and waits to be confirmed."""
    async with frame.database.read() as session:
        there = await imports.recent(session, place.by, limit=1)
    if there:
        return there[0].id
    table = people.TABLE.encode()
    return await imports.preview(frame, place.by, table, people.TABLE_NAME, place.school.code)
