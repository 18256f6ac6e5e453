"""Who may do what with a lesson: one table."""

import httpx2
import pytest

from tests.makers import Makers, Someone
from tongke_courses.lessons import rights
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role

WATCH = ("GET", "", None)
ROOMS = ("GET", "/rooms", None)
WATCH_TOKEN = ("POST", "/tokens", {"act": "watch"})
PUBLISH_TOKEN = ("POST", "/tokens", {"act": "publish"})
END = ("POST", "/end", None)

# who: (may watch, may lead)
TABLE = {
    "the lead teacher": (True, True),
    "an admin": (True, True),
    "the lead school's admin": (True, True),
    "another teacher of the lead school": (True, False),
    "a researcher of the lead school": (True, False),
    "a local teacher of a receiving school": (True, False),
    "the admin of a receiving school": (True, False),
    "a teacher of an unrelated school": (False, False),
    "the admin of an unrelated school": (False, False),
    "a researcher without a school": (False, False),
}


@pytest.fixture
async def people(make: Makers) -> dict[str, Someone]:
    lead, receiving, unrelated = [await make.school() for _ in range(3)]
    return {
        "the lead teacher": await make.person(lead),
        "an admin": await make.person(role=Role.ADMIN),
        "the lead school's admin": await make.person(lead, Role.SCHOOL_ADMIN),
        "another teacher of the lead school": await make.person(lead),
        "a researcher of the lead school": await make.person(lead, Role.RESEARCHER),
        "a local teacher of a receiving school": await make.person(receiving, Role.LOCAL_TEACHER),
        "the admin of a receiving school": await make.person(receiving, Role.SCHOOL_ADMIN),
        "a teacher of an unrelated school": await make.person(unrelated),
        "the admin of an unrelated school": await make.person(unrelated, Role.SCHOOL_ADMIN),
        "a researcher without a school": await make.person(role=Role.RESEARCHER),
    }


@pytest.mark.parametrize("who", TABLE)
async def test_table(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    people: dict[str, Someone],
    who: str,
) -> None:
    receiving = people["the admin of a receiving school"].school
    assert receiving is not None
    room = await make.room(receiving)
    lesson = await make.lesson(people["the lead teacher"], [room])
    account = people[who]
    headers = await make.bearer(account)
    may_watch, may_lead = TABLE[who]

    async def allowed(request: tuple[str, str, object]) -> bool:
        method, path, body = request
        answer = await client.request(
            method, f"/api/lessons/{lesson.id}{path}", json=body, headers=headers
        )
        assert answer.status_code in {200, 201, 403}
        return answer.status_code != 403

    assert await allowed(WATCH) is may_watch
    assert await allowed(WATCH_TOKEN) is may_watch
    assert await allowed(ROOMS) is may_lead
    assert await allowed(PUBLISH_TOKEN) is may_lead
    assert await allowed(END) is may_lead

    async with frame.database.read() as session:
        repository = LessonRepository(session)
        principal = await accounts.principal_of(session, account.id, frame.today())
        assert principal is not None
        readable = await repository.all(repository.readable(principal))
    assert bool(readable) is may_watch, "the statement and the rule agree"


async def test_rooms_watch_only_what_they_receive(make: Makers, frame: Frame) -> None:
    school = await make.school()
    mine, other = await make.room(school), await make.room(school)
    lesson = await make.lesson(rooms=[mine])
    assert rights.room_may_watch(mine, lesson, frame.today())
    assert not rights.room_may_watch(other, lesson, frame.today())
