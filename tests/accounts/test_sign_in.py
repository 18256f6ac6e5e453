"""The log-in page: what it lets in, what it says, and what guessing costs whom."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI

from tests.accounts.signing import PAGE, hidden, log_in, pass_time, post, who, with_phones
from tests.makers import PASSWORD, Makers
from tongke_platform.accounts.browsers import DEVICE_COOKIE, browser_words
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.frame import Frame
from tongke_platform.people.models import NameKind
from tongke_platform.people.service import add_name


async def test_password_leads_where_one_wanted(client: httpx2.AsyncClient, make: Makers) -> None:
    someone = await make.person(await make.school())
    answer = await log_in(client, someone, next="/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert await who(client) == someone.display_name


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/a\\b",
    ],
)
async def test_never_to_another_site(
    client: httpx2.AsyncClient, make: Makers, address: str
) -> None:
    someone = await make.person()
    answer = await log_in(client, someone, next=address)
    assert answer.headers["location"] == "/"
    again = await client.get("/login", params={"next": address}, headers=PAGE)
    assert again.headers["location"] == "/"


async def test_staff_number_of_two_schools(client: httpx2.AsyncClient, make: Makers) -> None:
    schools = [await make.school(), await make.school()]
    people = [await make.person(school) for school in schools]
    for school, one in zip(schools, people, strict=True):
        async with make.frame.database.write() as session:
            await add_name(
                session, one.person, "T-01", kind=NameKind.STAFF, organisation_code=school.code
            )
    answer = await post(client, "/login", username="T-01", password=PASSWORD)
    assert answer.status_code == 401
    name = f"T-01@{schools[1].code}"
    assert (await post(client, "/login", username=name, password=PASSWORD)).status_code == 303
    assert await who(client) == people[1].display_name


@pytest.mark.parametrize("written", ["+86 138-0000-{:04}", "１３８００００{:04}", " 1380000{:04} "])
async def test_phone_numbers_as_people_write_them(
    client: httpx2.AsyncClient, make: Makers, written: str
) -> None:
    someone = await make.person()
    name = written.format(int(someone.username[-4:]))
    assert (await post(client, "/login", username=name, password=PASSWORD)).status_code == 303


@pytest.mark.parametrize("name", ["a\0b", "x" * 96, "张" * 90, "'; DROP TABLE people; --", ""])
async def test_nonsense_is_only_wrong(client: httpx2.AsyncClient, name: str) -> None:
    assert (await post(client, "/login", username=name, password="x")).status_code == 401


async def test_too_long_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await post(client, "/login", username="x" * 10_000, password="x")).status_code == 422
    assert (await post(client, "/login", username="x", password="x" * 10_000)).status_code == 422


async def test_shared_computer(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    answer = await log_in(client, await make.person(), shared="true")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert "max-age" not in cookie.lower()
    for _ in range(3):
        pass_time(frame, timedelta(minutes=70))
        assert await who(client) is not None, "still clicking"
    pass_time(frame, timedelta(hours=2, minutes=1))
    assert await who(client) is None


async def test_guessing_locks_out_only_those_who_guess(
    client: httpx2.AsyncClient, make: Makers, app: FastAPI
) -> None:
    someone = await make.person()
    assert (await log_in(client, someone)).status_code == 303
    device = client.cookies[DEVICE_COOKIE]
    client.cookies.clear()
    tries = [(await log_in(client, someone, "wrong")).status_code for _ in range(11)]
    assert tries == [401] * 10 + [429]
    assert (await log_in(client, someone)).status_code == 429
    client.cookies.set(DEVICE_COOKIE, device)
    assert (await log_in(client, someone)).status_code == 303, (
        "their own PC behind the same address"
    )
    client.cookies.clear()
    elsewhere = httpx2.ASGITransport(app, client=("198.51.100.7", 1))
    async with httpx2.AsyncClient(transport=elsewhere, base_url="http://school.test") as other:
        assert (await log_in(other, someone)).status_code == 303


async def test_device_cookie_is_for_one_name_and_cannot_be_made(
    client: httpx2.AsyncClient, make: Makers
) -> None:
    guesser, victim = await make.person(), await make.person()
    assert (await log_in(client, guesser)).status_code == 303
    device = client.cookies[DEVICE_COOKIE]
    client.cookies.clear()
    for value in (device, device[:22] + "." + "0" * 32, "ä.ö", "." * 1000):
        client.cookies.clear()
        client.cookies.set(DEVICE_COOKIE, value.encode("ascii", "replace").decode())
        for _ in range(3):
            await log_in(client, victim, "wrong")
    assert (await log_in(client, victim)).status_code == 429


async def test_one_address_cannot_try_many_names(client: httpx2.AsyncClient) -> None:
    found = []
    for number in range(101):
        answer = await post(client, "/login", username=f"n{number}", password="x")
        found.append(answer.status_code)
    assert set(found) == {401, 429}
    assert found[-1] == 429


async def test_code_by_sms(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    phones = with_phones(frame)
    someone = await make.person()
    asked = await post(client, "/login/sms", phone=someone.username, next="/me")
    assert [phone for phone, _ in phones.sent] == [someone.username]
    fields = {"ticket": hidden(asked.text, "ticket"), "next": "/me"}
    wrong = "000000" if phones.code != "000000" else "000001"
    assert (await post(client, "/login/sms/code", code=wrong, **fields)).status_code == 401
    answer = await post(client, "/login/sms/code", code=phones.code, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert await who(client) == someone.display_name
    client.cookies.clear()
    assert (await post(client, "/login/sms/code", code=phones.code, **fields)).status_code == 401


async def test_unknown_phone_gets_the_same_answer(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    phones = with_phones(frame)
    known = (await make.person()).username
    pages = []
    for phone in (known, "13999999999"):
        answer = await post(client, "/login/sms", phone=phone)
        text = answer.text.replace(hidden(answer.text, "ticket"), "").replace(phone, "")
        pages.append((answer.status_code, text))
    assert pages[0] == pages[1]
    assert len(phones.sent) == 1


async def test_code_of_a_phone_is_tried_five_times(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    phones = with_phones(frame)
    someone = await make.person()
    asked = await post(client, "/login/sms", phone=someone.username)
    ticket = hidden(asked.text, "ticket")
    for number in range(5):
        wrong = str(number) * 6
        if wrong != phones.code:
            await post(client, "/login/sms/code", code=wrong, ticket=ticket)
    await post(client, "/login/sms/code", code="", ticket=ticket)
    answer = await post(client, "/login/sms/code", code=phones.code, ticket=ticket)
    assert answer.status_code == 401


async def test_code_of_a_phone_ages(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    phones = with_phones(frame)
    asked = await post(client, "/login/sms", phone=(await make.person()).username)
    ticket = hidden(asked.text, "ticket")
    pass_time(frame, timedelta(minutes=5, seconds=1))
    answer = await post(client, "/login/sms/code", code=phones.code, ticket=ticket)
    assert answer.status_code == 401


async def test_phones_are_not_flooded(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    phones = with_phones(frame)
    phone = (await make.person()).username
    answers = [(await post(client, "/login/sms", phone=phone)).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert len(phones.sent) == 3


@pytest.mark.parametrize("phone", ["", "abc", "1@2", "12\0", "9" * 30])
async def test_only_phones_get_codes(client: httpx2.AsyncClient, frame: Frame, phone: str) -> None:
    phones = with_phones(frame)
    assert (await post(client, "/login/sms", phone=phone)).status_code == 422
    assert phones.sent == []


async def test_without_sms_no_page_offers_it(client: httpx2.AsyncClient) -> None:
    assert "/login/sms" not in (await client.get("/login", headers=PAGE)).text
    assert (await client.get("/login/sms")).status_code == 404


@pytest.mark.parametrize("path", ["/login", "/login/sms", "/reset", "/login/second"])
async def test_other_sites_cannot_sign_somebody_in(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.post(path, data={"x": "y"}, headers={"Origin": "https://evil.test"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/87.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (iPhone; CPU) AppleWebKit MicroMessenger/8.0", "WeChat · iPhone"),
        ("Mozilla/5.0 (Linux; Android 9) Chrome/87 Mobile DingTalk/6", "DingTalk · Android"),
        ("curl/8", ""),
        ("<script>" * 2000, ""),
    ],
)
def test_browsers_in_words(user_agent: str, words: str) -> None:
    assert browser_words(user_agent) == words
