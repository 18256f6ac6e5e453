"""The demo's groups: one of both schools' teachers, and a studio of the county to ask for."""

import io
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID

from PIL import Image, ImageDraw

from tongke_courses.boards import files
from tongke_courses.groups import activities, service
from tongke_courses.groups.activity_repository import ActivityRepository
from tongke_courses.groups.models import ActivityKind, GroupActivity, GroupKind, GroupVisibility
from tongke_courses.groups.schemas import ActivityIn, DueIn, GroupIn, MinutesIn
from tongke_courses.materials.store import FileStore
from tongke_platform.accounts import service as accounts
from tongke_platform.cli import demo_topics
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.demo import people
from tongke_platform.demo.people import DemoActivity
from tongke_platform.frame import Frame
from tongke_platform.organisations.repository import RegionRepository
from tongke_platform.rights import Principal

LASTS = timedelta(minutes=90)


async def fill(
    frame: Frame, persons: Mapping[str, UUID], objects: Mapping[str, UUID]
) -> dict[str, UUID]:
    """Ids by the names that routes give them."""
    async with frame.database.read() as session:
        by = await _principal(frame, session, persons[people.OWNER])
        there = {one.name: one.id for one in await service.mine(session, by)}
    if people.GROUP_NAME not in there:
        async with frame.database.write() as session:
            await _studio(frame, session, persons["researcher"])
            key = await _group(session, by, persons, objects["organisation_id"])
        for wanted in people.ACTIVITIES:
            async with frame.database.write() as session:
                # Read anew: only now they are the head of it.
                head = await _principal(frame, session, by.id)
                await _activity(frame, session, head, key, persons, wanted)
        there[people.GROUP_NAME] = key
    group = there[people.GROUP_NAME]
    async with frame.database.read() as session:
        found = await ActivityRepository(session).page(group, before=None, limit=2)
    file = await _files(frame, group, persons)
    said = await demo_topics.fill(frame, group, file, persons)
    return {"group_id": group, "activity_id": found[-1].id, "file_id": file, **said}


async def _files(frame: Frame, group: UUID, persons: Mapping[str, UUID]) -> UUID:
    """What is there stays. The id of one of them."""
    for who, name, text in people.GROUP_FILES:
        await _file(frame, group, persons[who], name, text.encode())
    return await _file(frame, group, persons[people.OWNER], people.BOARD_NAME, _board())


async def _file(frame: Frame, group: UUID, who: UUID, name: str, data: bytes) -> UUID:
    stored = await FileStore(frame).put_bytes(data)
    async with frame.database.write() as session:
        by = await _principal(frame, session, who)
        return (await files.keep(session, by, group, name, stored)).id


def _board() -> bytes:
    """A blackboard with lines of writing."""
    board = Image.new("RGB", (800, 450), "#2F4A3F")
    draw = ImageDraw.Draw(board)
    for line, width in enumerate((300, 520, 430, 560, 240)):
        draw.line((90, 90 + 68 * line, 90 + width, 90 + 68 * line), fill="#E6E2D3", width=9)
    draw.rectangle((8, 8, 791, 441), outline="#8A6B43", width=14)
    kept = io.BytesIO()
    board.save(kept, "PNG")
    return kept.getvalue()


async def _principal(frame: Frame, session: ReadSession, key: UUID) -> Principal:
    found = await accounts.principal_of(session, key, frame.today())
    assert found is not None, "the demo's people are made first"
    return found


async def _studio(frame: Frame, session: WriteSession, researcher: UUID) -> None:
    by = await _principal(frame, session, researcher)
    region = await RegionRepository(session).by_code(people.PARTNER.region[0])
    assert region is not None
    wanted = GroupIn(
        kind=GroupKind.MASTER_STUDIO, name=people.STUDIO_NAME, about=people.STUDIO_ABOUT,
        subject="语文", region_id=region.id,
    )  # fmt: skip
    await service.create(session, by, wanted)


async def _group(
    session: WriteSession, by: Principal, persons: Mapping[str, UUID], school: UUID
) -> UUID:
    wanted = GroupIn(
        kind=GroupKind.RESEARCH_GROUP, name=people.GROUP_NAME, about=people.GROUP_ABOUT,
        subject="语文", grade="三年级", visibility=GroupVisibility.BY_LINK, organisation_id=school,
    )  # fmt: skip
    made = await service.create(session, by, wanted)
    for key, role in people.GROUP_PARTS:
        await service.seat(session, made.id, persons[key], role, by)
    return made.id


async def _activity(
    frame: Frame,
    session: WriteSession,
    by: Principal,
    group: UUID,
    persons: Mapping[str, UUID],
    wanted: DemoActivity,
) -> GroupActivity:
    day = frame.today() + timedelta(days=wanted.day)
    starts_at = datetime.combine(day, time(wanted.start), frame.settings.zone)
    made = await activities.plan(
        session, frame, by, group,
        ActivityIn(
            kind=ActivityKind(wanted.kind), title=wanted.title, starts_at=starts_at,
            ends_at=starts_at + LASTS, place=wanted.place, agenda=wanted.agenda,
        ),
    )  # fmt: skip
    for who, item, days in wanted.owed:
        due_on = frame.today() + timedelta(days=days)
        owed = DueIn(item=item, person_id=persons[who], due_on=due_on)
        await activities.owe(session, by, made.id, owed)
    if wanted.minutes:
        said = MinutesIn(text=wanted.minutes, version=made.version)
        await activities.write_minutes(session, frame, by, made.id, said)
    return made
