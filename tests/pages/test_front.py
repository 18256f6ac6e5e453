"""The front page of the administration: what waits for whom, and what each part is for."""

from datetime import timedelta

import httpx2
import pytest

from tests.makers import Makers, Someone
from tests.organisations.test_pages import sign_in
from tongke_courses.lessons import service as lessons
from tongke_platform.accounts import invitations
from tongke_platform.accounts import service as accounts
from tongke_platform.classes import service as classes
from tongke_platform.consent import service as consents
from tongke_platform.consent.purposes import Purpose
from tongke_platform.devices import service as devices
from tongke_platform.frame import Frame
from tongke_platform.imports import service as imports
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal


async def principal(frame: Frame, someone: Someone) -> Principal:
    async with frame.database.read() as session:
        found = await accounts.principal_of(session, someone.id, frame.today())
    assert found is not None
    return found


async def front(client: httpx2.AsyncClient, someone: Someone) -> str:
    await sign_in(client, someone)
    answer = await client.get("/admin")
    assert answer.status_code == 200
    return answer.text


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/admin", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/admin"


async def test_says_what_each_part_is_for(client: httpx2.AsyncClient, make: Makers) -> None:
    school = await make.school(await make.region())
    page = await front(client, await make.person(school, Role.SCHOOL_ADMIN))
    assert "Nothing is waiting for you." in page
    assert "accounts and posts" in page
    assert 'href="/admin/regions"' not in page, "a county's, not a school's"
    page = await front(client, await make.person(school, None))
    assert "There is nothing for you to look after" in page


async def test_the_header_leads_to_it(client: httpx2.AsyncClient, make: Makers) -> None:
    await sign_in(client, await make.person(await make.school(), Role.SCHOOL_ADMIN))
    assert 'href="/admin"' in (await client.get("/")).text


@pytest.fixture
async def busy(frame: Frame, make: Makers) -> tuple[Someone, Someone]:
    """The administrators of a school where everything waits, and of another where nothing does."""
    school, other = await make.school(await make.region()), await make.school(await make.region())
    head = await make.person(school, Role.SCHOOL_ADMIN)
    by = await principal(frame, head)
    room = await make.room(school)
    teacher = await make.person(await make.school())
    later = frame.now() + timedelta(days=1)
    lesson = await make.lesson(teacher, planned_start=later)
    await make.partnership(await make.school(), school, accepted=False)
    await devices.ask(frame, "", "Chrome")
    csv = "姓名,手机号,角色\n新老师,13912345678,辅助教师\n".encode()
    await imports.preview(frame, by, csv, "people.csv", school.code)
    how = lessons.Delivery(frame.now(), frame.settings.zone, by=teacher.id, invite=True)
    wanted = invitations.Wanted("王老师", Role.LOCAL_TEACHER, organisation_id=school.id)
    async with frame.database.write() as session:
        await lessons.deliver(session, await lessons.get(session, lesson.id), [room], how)
        await invitations.invite(session, frame, by, wanted)
        made = await classes.create_class(session, school, grade=3, name="1班", by=by)
        listed = [classes.Listed(name) for name in ("小红", "小明", "小刚")]
        await classes.add_pupils(session, made, listed, by=by)
        pupils = [one.id for one, _ in await classes.pupils_of(session, made, by=by)]
        guardian = consents.Guardian.of("李梅", "mother")
        links = await consents.ask(session, frame, by, made, pupils, [Purpose.RECORDING])
        for _, token in links[:2]:
            await consents.answer(session, frame, token, guardian, [Purpose.RECORDING])
        await consents.withdraw_at_school(session, frame, by, links[0][0].id, Purpose.RECORDING)
    return head, await make.person(other, Role.SCHOOL_ADMIN)


async def test_shows_what_waits_first(
    client: httpx2.AsyncClient, make: Makers, busy: tuple[Someone, Someone]
) -> None:
    head, other = busy
    page = await front(client, head)
    for words in (
        "Invitations nobody has answered yet: 1",
        "Imports looked at, but not confirmed yet: 1",
        "Classrooms whose PC has never opened their page: 1",
        "Partnerships that wait for your school's answer: 1",
        "Lessons offered that you may still decline: 1",
        "Pupils whose guardians have not agreed to recording: 2",
    ):
        assert words in page, words
    assert "ask for a classroom now" not in page, "a PC does not say whose it is"
    assert page.index("Waiting for you") < page.index("What you look after")
    assert "Nothing is waiting for you." in await front(client, other), "another school's"
    admin = await make.person(role=Role.ADMIN)
    assert "PCs that show a code and ask for a classroom now: 1" in await front(client, admin)


async def test_its_links_show_what_they_count(
    client: httpx2.AsyncClient, busy: tuple[Someone, Someone]
) -> None:
    await sign_in(client, busy[0])
    for address, found in (
        ("/admin/invitations?state=open", "王老师"),
        ("/admin/rooms?state=no-pc", "三年级"),
        ("/admin/partnerships?state=proposed", "/admin/partnerships/"),
        ("/admin/consent?state=missing", "三年级1班"),
    ):
        answer = await client.get(address)
        assert answer.status_code == 200, address
        table = answer.text.partition("<tbody>")[2]
        assert found in table, address
