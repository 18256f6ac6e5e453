"""The second step: codes by RFC 6238, each once; recovery codes; and what administrators lack without."""

import re
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.accounts.signing import hidden, log_in, pass_time, post, who
from tests.makers import PASSWORD, Makers, Someone
from tongke_platform.accounts import totp
from tongke_platform.accounts.totp import STEP_S, code_at, matching_step, step_of
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role

# RFC 6238 appendix B, SHA-1: "12345678901234567890" in base32; the last six of its eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_vectors_of_the_rfc(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert code_at(SECRET, step_of(now)) == code
    assert matching_step(SECRET, code, now, 0) == step_of(now)


def test_one_step_either_way_and_none_again() -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    step = step_of(now)
    near = [matching_step(SECRET, code_at(SECRET, step + n), now, 0) for n in (-2, -1, 0, 1, 2)]
    assert near == [None, step - 1, step, step + 1, None]
    assert matching_step(SECRET, code_at(SECRET, step), now, after=step) is None
    assert matching_step(SECRET, "ä", now, 0) is None


async def switched_on(
    client: httpx2.AsyncClient, frame: Frame, someone: Someone
) -> tuple[str, list[str]]:
    """Secret and recovery codes; the browser is signed out afterwards."""
    await log_in(client, someone)
    assert (await post(client, "/me/second/begin")).status_code == 303
    page = (await client.get("/me")).text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    answer = await post(client, "/me/second/confirm", code=code_at(secret, step_of(frame.now())))
    assert answer.status_code == 200
    recovery = re.findall(r"<code>([\w]{5}-[\w]{5})</code>", answer.text)
    assert len(recovery) == 10
    client.cookies.clear()
    pass_time(frame, timedelta(seconds=2 * STEP_S))
    return secret, recovery


async def test_log_in_with_a_code(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    someone = await make.person()
    secret, _ = await switched_on(client, frame, someone)
    asked = await log_in(client, someone, next="/me")
    assert asked.status_code == 200
    assert await who(client) is None
    ticket, code = hidden(asked.text, "ticket"), code_at(secret, step_of(frame.now()))
    wrong = await post(client, "/login/second", ticket=ticket, code="000000")
    assert wrong.status_code in {401, 303}
    answer = await post(client, "/login/second", ticket=ticket, code=code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    client.cookies.clear()
    again = await post(client, "/login/second", ticket=ticket, code=code)
    assert again.status_code == 401, "the same code again"


async def test_recovery_code_works_once(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    someone = await make.person()
    _, recovery = await switched_on(client, frame, someone)
    for expected in (303, 401):
        client.cookies.clear()
        ticket = hidden((await log_in(client, someone)).text, "ticket")
        answer = await post(client, "/login/second", ticket=ticket, code=recovery[0].lower())
        assert answer.status_code == expected


async def test_codes_are_not_guessed_at_speed(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    someone = await make.person()
    await switched_on(client, frame, someone)
    ticket = hidden((await log_in(client, someone)).text, "ticket")
    found = [
        (await post(client, "/login/second", ticket=ticket, code="X")).status_code for _ in range(6)
    ]
    assert found == [401] * 5 + [429]


async def test_ticket_ages_and_cannot_be_made(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    someone = await make.person()
    secret, _ = await switched_on(client, frame, someone)
    ticket = hidden((await log_in(client, someone)).text, "ticket")
    foreign = frame.keys.seal("sms", {"p": str(someone.id), "n": "x", "s": False, "to": "/"})
    pass_time(frame, timedelta(minutes=11))
    code = code_at(secret, step_of(frame.now()))
    for one in (ticket, foreign, ticket[:-4], "", "x\0"):
        answer = await post(client, "/login/second", ticket=one, code=code)
        assert answer.status_code == 401
    assert await who(client) is None


async def test_api_takes_the_code_along(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    someone = await make.person()
    secret, _ = await switched_on(client, frame, someone)
    body = {"username": someone.username, "password": PASSWORD}
    refused = await client.post("/api/sessions", json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "second_step")
    body["code"] = code_at(secret, step_of(frame.now()))
    assert (await client.post("/api/sessions", json=body)).status_code == 201


async def test_off_only_with_a_code(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
    someone = await make.person()
    _, recovery = await switched_on(client, frame, someone)
    ticket = hidden((await log_in(client, someone)).text, "ticket")
    await post(client, "/login/second", ticket=ticket, code=recovery[0])
    assert (await post(client, "/me/second/off", code="X")).status_code == 422
    assert (await post(client, "/me/second/off", code=recovery[1])).status_code == 303
    client.cookies.clear()
    assert (await log_in(client, someone)).status_code == 303


async def test_administrators_wait_for_it_where_it_is_required(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    frame.settings.require_second_step = True
    admin = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    await log_in(client, admin)
    assert (await client.get("/api/me")).json()["posts"] == []
    assert (await client.get("/api/invitations")).status_code == 403
    assert (await post(client, "/me/second/begin")).status_code == 303
    page = (await client.get("/me")).text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    await post(client, "/me/second/confirm", code=code_at(secret, step_of(frame.now())))
    assert (await client.get("/api/invitations")).status_code == 200


async def test_teachers_need_no_second_step(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    frame.settings.require_second_step = True
    await log_in(client, await make.person(await make.school()))
    assert len((await client.get("/api/me")).json()["posts"]) == 1


async def test_secret_is_stored_sealed(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    secret, recovery = await switched_on(client, frame, await make.person())
    async with frame.database.read() as session:
        connection = await session.connection()
        rows = str((await connection.exec_driver_sql("SELECT * FROM second_factors")).fetchall())
        rows += str((await connection.exec_driver_sql("SELECT * FROM recovery_codes")).fetchall())
    assert secret not in rows
    assert recovery[0].replace("-", "") not in rows


def test_address_for_the_app() -> None:
    address = totp.address_of("ABC", "林 老师", "Tongke")
    assert (
        address == "otpauth://totp/Tongke:%E6%9E%97%20%E8%80%81%E5%B8%88?secret=ABC&issuer=Tongke"
    )
