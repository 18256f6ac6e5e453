"""Signing in with an account elsewhere, at a real provider."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.accounts.elsewhere import There, provider_running, use
from tests.accounts.signing import PAGE, log_in, pass_time, post, who
from tests.makers import Makers
from tongke_platform.accounts.oidc import read_providers
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role

CALLBACK = "http://school.test/login/with/bureau/callback"
PHONE = "13800000001"  # the number of the first person a test makes
START = "/login/with/bureau"


@pytest.fixture
async def there(frame: Frame) -> AsyncIterator[There]:
    people = {
        "known": {"phone_number": f"+86 {PHONE}", "phone_number_verified": True},
        "unverified": {"phone_number": PHONE, "phone_number_verified": False},
        "stranger": {"email": "T-01@S1", "email_verified": True},
    }
    async with provider_running(CALLBACK, people) as issuer:
        use(frame, issuer)
        async with httpx2.AsyncClient() as client:
            yield There(client)


async def begin(client: httpx2.AsyncClient, query: str = "") -> str:
    """Where the browser is sent."""
    answer = await client.get(START + query, headers=PAGE)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def sign_in(
    client: httpx2.AsyncClient, there: There, subject: str, query: str = ""
) -> httpx2.Response:
    back = await there.sign_in(await begin(client, query), subject)
    return await client.get(back, headers=PAGE)


async def test_known_by_a_verified_phone_then_by_the_link(
    client: httpx2.AsyncClient, make: Makers, there: There
) -> None:
    someone = await make.person()
    assert someone.username == PHONE
    assert 'href="/login/with/bureau' in (await client.get("/login", headers=PAGE)).text
    for _ in range(2):
        answer = await sign_in(client, there, "known", "?next=/me")
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        assert await who(client) == someone.display_name
        client.cookies.clear()
    await log_in(client, someone)
    assert "县教育局" in (await client.get("/me", headers=PAGE)).text


@pytest.mark.parametrize("subject", ["unverified", "stranger", "nobody-at-all"])
async def test_nobody_gets_an_account(
    client: httpx2.AsyncClient, make: Makers, there: There, subject: str
) -> None:
    await make.person()
    if subject == "nobody-at-all":
        begun = await begin(client)
        state = parse_qs(urlsplit(begun).query)["state"][0]
        answer = await client.get(f"{CALLBACK}?code=made-up&state={state}", headers=PAGE)
        assert answer.status_code == 502
    else:
        answer = await sign_in(client, there, subject)
        assert answer.status_code == 401
    assert await who(client) is None


async def test_contacts_need_not_be_trusted(
    client: httpx2.AsyncClient, make: Makers, there: There, frame: Frame
) -> None:
    await make.person()
    use(frame, next(iter(frame.providers)).issuer, trust_contacts=False)
    assert (await sign_in(client, there, "known")).status_code == 401


async def test_administrators_link_first(
    client: httpx2.AsyncClient, make: Makers, there: There
) -> None:
    admin = await make.person(role=Role.ADMIN)
    assert admin.username == PHONE
    assert (await sign_in(client, there, "known")).status_code == 403
    assert await who(client) is None
    await log_in(client, admin)
    token = (await client.get("/me", headers=PAGE)).text.split("link_token=")[1].split('"')[0]
    linked = await sign_in(client, there, "known", f"?link_token={token}")
    assert linked.headers["location"] == "/me#identities"
    client.cookies.clear()
    assert (await sign_in(client, there, "known")).status_code == 303
    assert await who(client) == admin.display_name


async def test_one_account_is_linked_with_one_person(
    client: httpx2.AsyncClient, make: Makers, there: There
) -> None:
    first, second = await make.person(), await make.person()
    assert first.username == PHONE
    await sign_in(client, there, "known")
    client.cookies.clear()
    await log_in(client, second)
    token = (await client.get("/me", headers=PAGE)).text.split("link_token=")[1].split('"')[0]
    answer = await sign_in(client, there, "known", f"?link_token={token}")
    assert answer.status_code == 409
    assert await who(client) == second.display_name


async def test_anothers_answer_is_refused(
    client: httpx2.AsyncClient, make: Makers, there: There, frame: Frame
) -> None:
    await make.person()
    back = await there.sign_in(await begin(client), "known")
    kept = dict(client.cookies)
    client.cookies.clear()
    assert (await client.get(back, headers=PAGE)).status_code == 422, "another browser"
    await begin(client)
    assert (await client.get(back, headers=PAGE)).status_code == 422, "another state"
    client.cookies.clear()
    for name, value in kept.items():
        client.cookies.set(name, value, domain="school.test", path="/login/with/")
    assert (await client.get(back, headers=PAGE)).status_code == 303
    client.cookies.clear()
    for name, value in kept.items():
        client.cookies.set(name, value, domain="school.test", path="/login/with/")
    assert (await client.get(back, headers=PAGE)).status_code == 502, "the code again"


async def test_answer_ages(
    client: httpx2.AsyncClient, make: Makers, there: There, frame: Frame
) -> None:
    await make.person()
    back = await there.sign_in(await begin(client), "known")
    pass_time(frame, timedelta(minutes=11))
    assert (await client.get(back, headers=PAGE)).status_code == 422


async def test_asks_with_state_nonce_and_pkce(client: httpx2.AsyncClient, there: There) -> None:
    asked = parse_qs(urlsplit(await begin(client)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [CALLBACK]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))


async def test_forged_link_token(client: httpx2.AsyncClient, there: There) -> None:
    answer = await client.get(f"{START}?link_token=forged", headers=PAGE)
    assert answer.status_code == 422


async def test_unlinked_account_is_a_stranger_again(
    client: httpx2.AsyncClient, make: Makers, there: There, frame: Frame
) -> None:
    someone = await make.person()
    await sign_in(client, there, "known")
    page = (await client.get("/me", headers=PAGE)).text
    key = page.split("/me/identities/")[1].split("/")[0]
    assert (await post(client, f"/me/identities/{key}/unlink")).status_code == 303
    use(frame, next(iter(frame.providers)).issuer, trust_contacts=False)
    client.cookies.clear()
    assert (await sign_in(client, there, "known")).status_code == 401
    assert (await log_in(client, someone)).status_code == 303


async def test_provider_that_is_away(client: httpx2.AsyncClient, frame: Frame) -> None:
    use(frame, "http://127.0.0.1:9")
    assert (await client.get(START, headers=PAGE)).status_code == 502
    assert (await client.get("/login/with/nobody", headers=PAGE)).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '[{"key": "a"}]',
        '[{"key": "A B", "label": "x", "issuer": "ftp://x", "client_id": "y"}]',
    ],
)
def test_broken_settings_are_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "oidc.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"^TONGKE_OIDC_FILE: [^\n]+$"):
        read_providers(file)
