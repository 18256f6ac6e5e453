"""Lessons travel along a partnership, or to a room invited by name."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.makers import Makers, Someone
from tongke_courses.lessons import rights, seeing, service
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, OrganisationKind, Room
from tongke_platform.partnerships import service as partnerships
from tongke_platform.partnerships.models import Act, Partnership
from tongke_platform.people.roles import Role


async def deliver(
    client: httpx2.AsyncClient, headers: dict[str, str], lesson: Lesson, room: Room, **more: object
) -> httpx2.Response:
    return await client.post(
        f"/api/lessons/{lesson.id}/rooms",
        json={"room_ids": [str(room.id)], **more},
        headers=headers,
    )


async def step(frame: Frame, make: Makers, found: Partnership, act: Act) -> None:
    admin = await make.person(role=Role.ADMIN)
    async with frame.database.write() as session:
        by = await accounts.principal_of(session, admin.id, frame.today())
        assert by is not None
        await partnerships.change(frame, session, by, found.id, act, reason="校舍维修")


async def teach(frame: Frame, lesson: Lesson) -> None:
    """It was live, and is over."""
    assert await service.mark_live(frame, lesson.id)
    async with frame.database.write() as session:
        assert await LessonRepository(session).end(lesson.id, frame.now())


async def may_watch(frame: Frame, someone: Someone, lesson: Lesson) -> bool:
    """What the rule and the readable statement both say."""
    async with frame.database.read() as session:
        principal = await accounts.principal_of(session, someone.id, frame.today())
        assert principal is not None
        repository = LessonRepository(session)
        found = await repository.all(repository.readable(principal).where(Lesson.id == lesson.id))
        loaded = await service.get(session, lesson.id)
        allowed = await seeing.may_watch(session, principal, loaded)
    assert bool(found) is allowed, "the statement and the rule agree"
    return allowed


async def room_sees(frame: Frame, room: Room, lesson: Lesson) -> bool:
    """What the rule and the room's own list both say."""
    async with frame.database.read() as session:
        listed = await service.today_of_room(session, room, frame.now(), frame.settings.zone)
        loaded = await service.get(session, lesson.id)
    allowed = rights.room_may_watch(room, loaded, frame.today())
    assert (lesson.id in {one.id for one in listed}) is allowed
    return allowed


async def test_without_a_partnership(client: httpx2.AsyncClient, make: Makers) -> None:
    lead, other = await make.school(), await make.school()
    teacher = await make.person(lead)
    headers = await make.bearer(teacher)
    lesson, room = await make.lesson(teacher), await make.room(other)
    answer = await deliver(client, headers, lesson, room)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_partnership")
    # The other way round the partnership leads nowhere.
    await make.partnership(other, lead)
    assert (await deliver(client, headers, lesson, room)).status_code == 422
    await make.partnership(lead, other, accepted=False)
    assert (await deliver(client, headers, lesson, room)).status_code == 422
    await make.partnership(lead, other)
    assert (await deliver(client, headers, lesson, room)).status_code == 200


async def test_a_refused_room_plans_no_lesson(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    headers = await make.bearer(await make.person(await make.school()))
    room = await make.room(await make.school())
    body = {
        "title": "圆",
        "subject": "数学",
        "grade": "六年级",
        "planned_start": frame.now().isoformat(),
        "room_ids": [str(room.id)],
    }
    answer = await client.post("/api/lessons", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_partnership")
    assert (await client.get("/api/lessons", headers=headers)).json() == []


async def test_own_rooms_and_teaching_points_need_none(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    centre = await make.school(kind=OrganisationKind.TOWNSHIP_CENTRE)
    point = await make.school(kind=OrganisationKind.TEACHING_POINT, parent=centre)
    teacher = await make.person(centre)
    headers = await make.bearer(teacher)
    lesson = await make.lesson(teacher)
    for school in (centre, point):
        answer = await deliver(client, headers, lesson, await make.room(school))
        assert answer.status_code == 200


async def test_a_partners_teaching_point_is_covered(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    lead, centre = await make.school(), await make.school(kind=OrganisationKind.TOWNSHIP_CENTRE)
    point = await make.school(kind=OrganisationKind.TEACHING_POINT, parent=centre)
    await make.partnership(lead, centre)
    teacher = await make.person(lead)
    lesson = await make.lesson(teacher)
    answer = await deliver(client, await make.bearer(teacher), lesson, await make.room(point))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ({"subjects": ["数学"], "grades": ["六年级"]}, 200),
        ({"subjects": ["语文"]}, 422),
        ({"subjects": ["数学"], "grades": ["三年级"]}, 422),
        ({"kind": "joint"}, 200),
    ],
)
async def test_scope(
    client: httpx2.AsyncClient, make: Makers, scope: dict[str, Any], status: int
) -> None:
    lead, partner = await make.school(), await make.school()
    await make.partnership(lead, partner, **scope)
    teacher = await make.person(lead)
    lesson, room = await make.lesson(teacher), await make.room(partner)
    answer = await deliver(client, await make.bearer(teacher), lesson, room)
    assert answer.status_code == status


async def test_joint_schools_teach_each_other(client: httpx2.AsyncClient, make: Makers) -> None:
    lead, partner = await make.school(), await make.school()
    await make.partnership(lead, partner, kind="joint")
    teacher = await make.person(partner)
    lesson, room = await make.lesson(teacher), await make.room(lead)
    answer = await deliver(client, await make.bearer(teacher), lesson, room)
    assert answer.status_code == 200


@pytest.mark.parametrize(("first", "planned", "status"), [(7, 0, 422), (7, 7, 200), (0, 7, 422)])
async def test_the_day_of_the_lesson_counts(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, first: int, planned: int, status: int
) -> None:
    lead, partner = await make.school(), await make.school()
    day = frame.today() + timedelta(days=first)
    await make.partnership(lead, partner, starts_on=day, ends_on=day)
    teacher = await make.person(lead)
    lesson = await make.lesson(teacher, planned_start=frame.now() + timedelta(days=planned))
    answer = await deliver(client, await make.bearer(teacher), lesson, await make.room(partner))
    assert answer.status_code == status


@pytest.fixture
async def schools(make: Makers) -> tuple[Organisation, Organisation]:
    return await make.school(), await make.school()


@pytest.mark.parametrize("act", [Act.PAUSE, Act.END])
async def test_what_was_held_stays_and_the_rest_goes(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    schools: tuple[Organisation, Organisation],
    act: Act,
) -> None:
    """Live, replay, tokens, the room's page: lessons held before stay, all others are out."""
    lead, partner = schools
    found = await make.partnership(lead, partner)
    teacher, local = await make.person(lead), await make.person(partner, Role.LOCAL_TEACHER)
    room = await make.room(partner)
    lessons = [await make.lesson(teacher, [room]) for _ in range(3)]
    before, after, never = lessons
    headers = await make.bearer(local)
    given = await client.post(
        f"/api/lessons/{after.id}/tokens", json={"act": "watch"}, headers=headers
    )
    for one in lessons:
        assert await may_watch(frame, local, one)
        assert await room_sees(frame, room, one)
    await teach(frame, before)
    await step(frame, make, found, act)
    await teach(frame, after)

    for one, reachable in ((before, True), (after, False), (never, False)):
        assert await may_watch(frame, local, one) is reachable
        assert await room_sees(frame, room, one) is reachable
        assert await may_watch(frame, teacher, one)
        read = await client.get(f"/api/lessons/{one.id}", headers=headers)
        assert (read.status_code == 200) is reachable
        token = await client.post(
            f"/api/lessons/{one.id}/tokens", json={"act": "watch"}, headers=headers
        )
        assert (token.status_code == 201) is reachable
        for credential in (headers, {"Authorization": f"Bearer {room.token}"}):
            hls = await client.get(f"/live/{one.id}/hls/index.m3u8", headers=credential)
            assert (hls.status_code == 403) is not reachable
        page = await client.get(f"/lessons/{one.id}/replay?token={room.token}")
        assert (page.status_code == 200) is reachable
    kept = {"Authorization": f"Bearer {given.json()['token']}"}
    old = await client.get(f"/live/{after.id}/hls/index.m3u8", headers=kept)
    assert old.status_code == 403, "a token handed out before is worth no more than its holder"

    if act is Act.PAUSE:
        await step(frame, make, found, Act.RESUME)
        for one in lessons:
            assert await may_watch(frame, local, one)
            assert await room_sees(frame, room, one)


async def test_the_last_day_ends_it_by_itself(
    make: Makers, frame: Frame, schools: tuple[Organisation, Organisation]
) -> None:
    lead, partner = schools
    await make.partnership(lead, partner, ends_on=frame.today())
    teacher, local = await make.person(lead), await make.person(partner, Role.LOCAL_TEACHER)
    room = await make.room(partner)
    held, missed = [await make.lesson(teacher, [room]) for _ in range(2)]
    await teach(frame, held)
    later = frame.now() + timedelta(days=1)
    frame.now = lambda: later
    await teach(frame, missed)
    assert await may_watch(frame, local, held)
    assert not await may_watch(frame, local, missed)


async def test_invited_by_name(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    lead, other = await make.school(), await make.school()
    teacher, local = await make.person(lead), await make.person(other, Role.LOCAL_TEACHER)
    admin = await make.person(other, Role.SCHOOL_ADMIN)
    lesson, room = await make.lesson(teacher), await make.room(other)
    headers = await make.bearer(teacher)
    assert (await deliver(client, headers, lesson, room, invite=True)).status_code == 200
    assert await may_watch(frame, local, lesson)

    theirs = await make.bearer(admin)
    listed = (await client.get("/api/lesson-invitations", headers=theirs)).json()
    assert [(one["lesson"]["id"], one["room"]["id"]) for one in listed] == [
        (str(lesson.id), str(room.id))
    ]
    assert listed[0]["invited_by"]["id"] == str(teacher.id)
    assert room.token not in str(listed)
    address = f"/api/lesson-invitations/{listed[0]['id']}/decline"
    assert (await client.post(address)).status_code == 401
    stranger = await make.bearer(await make.person(await make.school(), Role.SCHOOL_ADMIN))
    assert (await client.post(address, headers=stranger)).status_code == 404
    assert (await client.post(address, headers=await make.bearer(local))).status_code == 403
    for _ in range(2):
        declined = await client.post(address, headers=theirs)
        assert declined.json()["declined_at"] is not None
    assert not await may_watch(frame, local, lesson)
    assert not await room_sees(frame, room, lesson)
    again = await deliver(client, headers, lesson, room, invite=True)
    assert again.json() == [], "what was declined is not forced"


async def test_invitations_are_for_those_who_answer(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    assert (await client.get("/api/lesson-invitations")).status_code == 401
    teacher = await make.bearer(await make.person(await make.school()))
    assert (await client.get("/api/lesson-invitations", headers=teacher)).status_code == 403
