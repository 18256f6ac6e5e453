"""Who may do what with a lesson: one table."""

import httpx2
import pytest

from tests.makers import Makers
from tongke_courses.lessons import rights
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.accounts.models import Account, Role
from tongke_platform.frame import Frame

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
async def people(make: Makers) -> dict[str, Account]:
    lead, receiving, unrelated = [await make.school() for _ in range(3)]
    return {
        "the lead teacher": await make.account(lead),
        "an admin": await make.account(role=Role.ADMIN),
        "the lead school's admin": await make.account(lead, Role.SCHOOL_ADMIN),
        "another teacher of the lead school": await make.account(lead),
        "a researcher of the lead school": await make.account(lead, Role.RESEARCHER),
        "a local teacher of a receiving school": await make.account(receiving, Role.LOCAL_TEACHER),
        "the admin of a receiving school": await make.account(receiving, Role.SCHOOL_ADMIN),
        "a teacher of an unrelated school": await make.account(unrelated),
        "the admin of an unrelated school": await make.account(unrelated, Role.SCHOOL_ADMIN),
        "a researcher without a school": await make.account(role=Role.RESEARCHER),
    }


@pytest.mark.parametrize("who", TABLE)
async def test_table(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    people: dict[str, Account],
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
        readable = await repository.all(repository.readable(account))
    assert bool(readable) is may_watch, "the statement and the rule agree"


async def test_rooms_watch_only_what_they_receive(make: Makers) -> None:
    school = await make.school()
    mine, other = await make.room(school), await make.room(school)
    lesson = await make.lesson(rooms=[mine])
    assert rights.room_may_watch(mine, lesson)
    assert not rights.room_may_watch(other, lesson)
