"""The first administrator of an empty server."""

import asyncio

import httpx2
import pytest

from tests.makers import Makers
from tongke_platform.firstrun import service
from tongke_platform.frame import Frame

FORM = {
    "region_name": "云水县",
    "region_code": "520100",
    "name": "王建国",
    "username": "138 0000 1234",
    "password": "春风化雨-2026",
}
HTML = {"Accept": "text/html"}


@pytest.fixture
async def where(frame: Frame) -> str:
    found = await service.address(frame.settings, frame.database)
    assert found is not None
    return found


async def test_address_stays_until_it_was_used(frame: Frame, where: str) -> None:
    assert await service.address(frame.settings, frame.database) == where
    mode = (frame.settings.data_dir / service.TOKEN_FILE).stat().st_mode
    assert mode & 0o777 == 0o600


async def test_county_and_administrator(
    client: httpx2.AsyncClient, frame: Frame, where: str
) -> None:
    assert (await client.get(where, headers=HTML)).status_code == 200
    answer = await client.post(where, data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/organisations")
    me = (await client.get("/api/me")).json()
    assert me["display_name"] == "王建国"
    assert {post["role"] for post in me["posts"]} == {"admin", "bureau_admin"}
    client.cookies.clear()
    credentials = {"username": "13800001234", "password": FORM["password"]}
    assert (await client.post("/api/sessions", json=credentials)).status_code == 201
    assert await service.address(frame.settings, frame.database) is None


async def test_once(client: httpx2.AsyncClient, where: str) -> None:
    answers = await asyncio.gather(
        *(client.post(where, data={**FORM, "username": f"1380000123{n}"}) for n in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404]
    assert (await client.get(where)).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("username", "a/b"),
        ("password", "1234567"),
        ("region_name", ""),
        ("region_code", "<script>"),
        ("name", "长" * 100),
    ],
)
async def test_mistakes_keep_what_was_typed(
    client: httpx2.AsyncClient, where: str, field: str, value: str
) -> None:
    answer = await client.post(where, data={**FORM, field: value}, headers=HTML)
    assert answer.status_code == 422
    assert FORM["password"] not in answer.text
    assert ("云水县" in answer.text) is (field != "region_name")
    assert "<script>" not in answer.text.replace('<script type="', "")
    assert (await client.get("/api/me")).status_code == 401


async def test_wrong_token(client: httpx2.AsyncClient, where: str) -> None:
    assert (await client.get("/setup/guess")).status_code == 404
    assert (await client.post("/setup/guess", data=FORM)).status_code == 404


async def test_not_while_somebody_is_there(
    client: httpx2.AsyncClient, make: Makers, where: str
) -> None:
    await make.person()
    assert (await client.get(where)).status_code == 404
    assert (await client.post(where, data=FORM)).status_code == 404
