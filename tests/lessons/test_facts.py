"""What lessons leave behind: held, minutes by carrier, classrooms present."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from tests.makers import Makers, Someone
from tests.processes import StandIn
from tests.wire.rig import Page, serving
from tongke_courses.lessons import attendance, service
from tongke_courses.lessons.attendance import Attendance
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.tasks import register_facts
from tongke_platform import facts
from tongke_platform.facts.models import FactRecord
from tongke_platform.facts.repository import FactRepository
from tongke_platform.frame import Frame
from tongke_platform.notices import service as inbox
from tongke_platform.organisations.models import Room
from tongke_platform.people.roles import Role

BEGAN = datetime(2026, 11, 23, 2, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self, frame: Frame) -> None:
        self.now = BEGAN
        frame.now = lambda: self.now
        frame.jobs.now = lambda: self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(frame: Frame) -> Clock:
    return Clock(frame)


@pytest.fixture
async def teacher(make: Makers, clock: Clock) -> Someone:
    return await make.person(await make.school())


@pytest.fixture
async def room(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def lesson(make: Makers, teacher: Someone, room: Room) -> Lesson:
    return await make.lesson(teacher, [room])


async def told(frame: Frame, kind: str = "") -> list[FactRecord]:
    async with frame.database.read() as session:
        repository = FactRepository(session)
        found = await repository.all(repository.base().order_by(FactRecord.key))
    return [one for one in found if not kind or one.kind == kind]


async def end(frame: Frame, lesson: Lesson) -> None:
    # The media processes are not there: the end is what counts here.
    frame.jobs.handle(service.FINALISE, lambda payload: done())
    await service.end(frame, lesson.id)


async def done() -> None:
    pass


async def test_held(frame: Frame, clock: Clock, lesson: Lesson, teacher: Someone) -> None:
    await service.mark_live(frame, lesson.id)
    clock.forward(minutes=39, seconds=40)
    await end(frame, lesson)
    await service.end(frame, lesson.id)
    [held] = await told(frame)
    assert (held.kind, held.quantity, held.unit) == ("lesson.held", 40, "minute")
    assert (held.school_id, held.subject_id) == (lesson.school_id, lesson.id)
    assert held.occurred_at == BEGAN
    async with frame.database.read() as session:
        assert held.person == await facts.pseudonym_of(session, teacher.id)


async def test_a_lesson_that_was_never_live_was_not_held(
    frame: Frame, clock: Clock, lesson: Lesson
) -> None:
    await end(frame, lesson)
    assert await told(frame) == []


async def test_rooms_present_and_minutes_by_carrier(
    frame: Frame, clock: Clock, lesson: Lesson, room: Room
) -> None:
    register_facts(frame)
    here, there = Attendance(frame), Attendance(frame)
    here.seen(str(lesson.id), str(room.id), "hls")  # before it begins
    clock.forward(minutes=2)
    await service.mark_live(frame, lesson.id)
    for minute in range(10):
        for process in (here, there):
            process.seen(str(lesson.id), str(room.id), "whep" if minute < 4 else "hls")
        if minute == 6:
            here.seen(str(lesson.id), str(room.id), "whep")
            await here.flush()
        clock.forward(minutes=1)
    clock.forward(minutes=-1, seconds=20)
    await end(frame, lesson)
    await here.stop()
    await there.stop()
    clock.forward(minutes=5)
    here.seen(str(lesson.id), str(room.id), "replay")
    here.seen(str(lesson.id), str(room.id), "hls")  # after it has ended
    await here.flush()
    await frame.jobs.run_due()
    assert len(await told(frame, "lesson.minutes_whep")) == 5
    assert len(await told(frame, "lesson.minutes_hls")) == 6
    assert len(await told(frame, "lesson.minutes_replay")) == 1
    [present] = await told(frame, "lesson.room_present")
    assert (present.quantity, present.room_id) == (10, room.id)
    assert (present.school_id, present.counterpart_id) == (lesson.school_id, room.school_id)
    assert present.partnership_id is not None


async def test_what_is_said_of_others_rooms_is_no_fact(
    make: Makers, frame: Frame, clock: Clock, lesson: Lesson
) -> None:
    await service.mark_live(frame, lesson.id)
    other = await make.room(await make.school())
    seen = Attendance(frame)
    seen.seen(str(lesson.id), str(other.id), "hls")
    seen.seen(str(other.id), str(other.id), "hls")
    seen.seen(str(lesson.id), str(other.id), "pigeon")
    await seen.flush()
    assert await told(frame) == []


async def test_what_cannot_be_written_is_kept(
    frame: Frame, clock: Clock, lesson: Lesson, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.mark_live(frame, lesson.id)
    seen = Attendance(frame)
    seen.seen(str(lesson.id), str(room.id), "hls")
    write = frame.database.write
    monkeypatch.setattr(frame.database, "write", None)
    await seen.flush()
    monkeypatch.setattr(frame.database, "write", write)
    assert await told(frame) == []
    await seen.flush()
    assert len(await told(frame)) == 1


async def test_memory_is_bounded(
    frame: Frame, clock: Clock, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "MOST", 3)
    seen = Attendance(frame)
    for number in range(10):
        seen.seen(str(lesson.id), str(number), "hls")
    assert seen._count == 3
    await seen.flush()
    assert seen._count == 0


async def test_the_pages_and_the_relay_tell(
    app: FastAPI, frame: Frame, lesson: Lesson, room: Room, relay: StandIn
) -> None:
    """A report of a room's page, and the statistics of the relay."""
    await service.mark_live(frame, lesson.id)
    url = f"/api/wire?token={room.token}"
    async with serving(app) as port, connect(f"ws://127.0.0.1:{port}{url}", proxy=None) as socket:
        page = Page(socket)
        await page.send(type="sub", topic=f"lesson:{lesson.id}")
        await page.next("snapshot")
        report = {"carrier": "hls"}
        await page.send(type="say", topic=f"lesson:{lesson.id}", ref="1", data=report)
        await page.next("ack")
        viewer = {"session": "s", "label": "", "layer": "h", "kbps": 1, "loss": 0, "rtt_ms": 2}
        stats = {
            "sources": {"lead": {"state": "live", "kbps": 1, "loss": 0, "layers": {}}},
            "viewers": [viewer | {"room": str(room.id)}, viewer],
        }
        relay.tell("stats", lessons={str(lesson.id): stats})
        while (await page.next("snapshot"))["data"]["source"]["state"] != "live":
            pass
    await app.state.attendance.flush()
    assert {one.kind for one in await told(frame)} == {"lesson.minutes_hls", "lesson.minutes_whep"}


async def test_the_school_of_a_classroom_is_told_once(
    make: Makers, frame: Frame, clock: Clock, teacher: Someone, room: Room
) -> None:
    office = await make.person(room.school, Role.ACADEMIC_OFFICE)
    other = await make.person(await make.school(), Role.ACADEMIC_OFFICE)
    own = await make.room(teacher.school)  # type: ignore[arg-type]  # made with one
    await make.lesson(teacher, [room, own], planned_start=BEGAN + timedelta(days=1))
    async with frame.database.read() as session:
        [notice] = await inbox.inbox(session, office.id)
        assert notice.kind == "lesson.planned"
        assert notice.params["room"] == room.name
        assert notice.organisation_id == room.school_id
        assert await inbox.inbox(session, teacher.id) == []
        assert await inbox.inbox(session, other.id) == []
