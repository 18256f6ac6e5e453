"""A new password with an administrator's code, or a phone's; and who may give one."""

import asyncio
import re
from datetime import timedelta

import httpx2
import pytest

from tests.accounts.signing import hidden, log_in, pass_time, post, who, with_phones
from tests.makers import Makers, Someone
from tongke_platform.frame import Frame
from tongke_platform.people import service as people
from tongke_platform.people.models import Entrustment
from tongke_platform.people.roles import Role

NEW = "桃李不言下自成蹊"


async def code_for(
    client: httpx2.AsyncClient, make: Makers, by: Someone, whom: Someone
) -> httpx2.Response:
    return await client.post(f"/api/people/{whom.id}/reset-code", headers=await make.bearer(by))


async def reset(
    client: httpx2.AsyncClient, whom: Someone, code: str, password: str = NEW
) -> httpx2.Response:
    return await post(client, "/reset", username=whom.username, code=code, password=password)


@pytest.fixture
async def pair(make: Makers) -> tuple[Someone, Someone]:
    """A school's administrator and one of its teachers."""
    school = await make.school()
    return await make.person(school, Role.SCHOOL_ADMIN), await make.person(school)


async def test_anonymous(client: httpx2.AsyncClient, make: Makers) -> None:
    someone = await make.person()
    assert (await client.post(f"/api/people/{someone.id}/reset-code")).status_code == 401


async def test_code_sets_a_password_once(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    await log_in(client, teacher)
    old_session = dict(client.cookies)
    code = (await code_for(client, make, admin, teacher)).json()["code"]
    client.cookies.clear()
    assert (await reset(client, teacher, code.lower())).status_code == 200
    assert (await log_in(client, teacher)).status_code == 401
    assert (await log_in(client, teacher, NEW)).status_code == 303
    client.cookies.clear()
    client.cookies.update(old_session)
    assert await who(client) is None, "all sessions have ended"
    client.cookies.clear()
    again = await reset(client, teacher, code, "another password")
    assert again.status_code == 401


async def test_code_on_a_page(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    await log_in(client, admin)
    page = await post(client, f"/admin/people/{teacher.id}/reset-code")
    found = re.search(r"<strong>(\w{4} \w{4})</strong>", page.text)
    assert found is not None
    client.cookies.clear()
    assert (await reset(client, teacher, found[1])).status_code == 200


async def test_code_ages(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    code = (await code_for(client, make, admin, teacher)).json()["code"]
    pass_time(frame, timedelta(hours=24, seconds=1))
    assert (await reset(client, teacher, code)).status_code == 401


async def test_newer_code_replaces_the_older(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    first = (await code_for(client, make, admin, teacher)).json()["code"]
    second = (await code_for(client, make, admin, teacher)).json()["code"]
    assert (await reset(client, teacher, first)).status_code == 401
    assert (await reset(client, teacher, second)).status_code == 200


async def test_five_tries(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    code = (await code_for(client, make, admin, teacher)).json()["code"]
    for _ in range(5):
        assert (await reset(client, teacher, "AAAABBBB")).status_code == 401
    assert (await reset(client, teacher, code)).status_code == 401


async def test_weak_password_costs_no_try(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    code = (await code_for(client, make, admin, teacher)).json()["code"]
    for weak in ("short", "12345678", "aaaaaaaa", "ＰＡＳＳＷＯＲＤ", teacher.username):
        assert (await reset(client, teacher, code, weak)).status_code == 422, weak
    assert (await reset(client, teacher, code)).status_code == 200


async def test_code_is_one_persons(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    other = await make.person(teacher.school)
    code = (await code_for(client, make, admin, teacher)).json()["code"]
    assert (await reset(client, other, code)).status_code == 401


async def test_unknown_name_and_wrong_code_answer_alike(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    await code_for(client, make, admin, teacher)
    known = await post(client, "/reset", username=teacher.username, code="X", password=NEW)
    unknown = await post(client, "/reset", username="13999999999", code="X", password=NEW)
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace(teacher.username, "") == unknown.text.replace("13999999999", "")


async def test_of_two_at_once_one_wins(
    client: httpx2.AsyncClient, make: Makers, pair: tuple[Someone, Someone]
) -> None:
    admin, teacher = pair
    code = (await code_for(client, make, admin, teacher)).json()["code"]
    words = [f"秋水共长天一色{number}" for number in range(4)]
    answers = await asyncio.gather(*(reset(client, teacher, code, one) for one in words))
    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]
    won = next(w for w, a in zip(words, answers, strict=True) if a.status_code == 200)
    assert (await log_in(client, teacher, won)).status_code == 303


async def test_by_phone(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    phones = with_phones(frame)
    someone = await make.person()
    asked = await post(client, "/reset/sms", phone=someone.username)
    ticket = hidden(asked.text, "ticket")
    stolen = await post(client, "/login/sms/code", ticket=ticket, code=phones.code)
    assert stolen.status_code == 401, "a code for one thing is for nothing else"
    answer = await post(client, "/reset", ticket=ticket, code=phones.code, password=NEW)
    assert answer.status_code == 200
    assert (await log_in(client, someone, NEW)).status_code == 303


async def test_who_may_help_whom(client: httpx2.AsyncClient, make: Makers) -> None:
    county = await make.region()
    school, other = await make.school(county), await make.school()
    platform = await make.person(role=Role.ADMIN)
    bureau = await make.person(role=Role.BUREAU_ADMIN, region=county)
    admin = await make.person(school, Role.SCHOOL_ADMIN)
    teacher, stranger = await make.person(school), await make.person(other)
    nobody = await make.person(role=None)
    guest = await make.person(school)
    async with make.frame.database.write() as session:
        await people.appoint(session, guest.person, Role.SCHOOL_ADMIN, organisation=other)
    wanted = {
        (platform, bureau): 201,
        (bureau, admin): 201,
        (bureau, bureau): 201,
        (bureau, platform): 404,
        (bureau, stranger): 404,
        (admin, teacher): 201,
        (admin, stranger): 404,
        (admin, bureau): 404,
        (admin, platform): 404,
        (admin, nobody): 404,
        (admin, guest): 403,
        (teacher, guest): 404,
        (teacher, teacher): 404,
    }
    found = {
        (by, whom): (await code_for(client, make, by, whom)).status_code for by, whom in wanted
    }
    # Only people with a place in common are anybody's business.
    wanted[bureau, bureau] = 404
    assert found == wanted


async def test_managing_school_helps_teachers_not_those_who_run_the_school(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    lead, managed = await make.school(), await make.school()
    admin = await make.person(lead, Role.SCHOOL_ADMIN)
    teacher = await make.person(managed)
    theirs = await make.person(managed, Role.SCHOOL_ADMIN)
    assert (await code_for(client, make, admin, teacher)).status_code == 404
    async with frame.database.write() as session:
        session.add(
            Entrustment(manager_id=lead.id, organisation_id=managed.id, rule="accounts.reset")
        )
    assert (await code_for(client, make, admin, teacher)).status_code == 201
    assert (await code_for(client, make, admin, theirs)).status_code == 403
