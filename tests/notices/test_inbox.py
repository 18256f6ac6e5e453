"""Everybody's own inbox, over API and pages."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from tests.makers import PASSWORD, Makers, Someone
from tests.notices.conftest import PARAMS, Told
from tests.wire.rig import Page, serving
from tongke_platform import notices
from tongke_platform.frame import Frame
from tongke_platform.notices.hours import Hours, next_digest, not_before
from tongke_platform.notices.kinds import NoticeKind
from tongke_platform.notices.live import topic_of
from tongke_platform.people.roles import Role

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    for address in ("/api/notices", "/api/notices/settings"):
        assert (await client.get(address)).status_code == 401
    page = await client.get("/me/notices", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/login?next=/me/notices"


async def test_read_and_put_away(client: httpx2.AsyncClient, make: Makers, tell: Told) -> None:
    reader = await make.person()
    headers = await make.bearer(reader)
    for _ in range(3):
        await tell(reader)
    found = (await client.get("/api/notices?limit=2", headers=headers)).json()
    assert (len(found["notices"]), found["unread"]) == (2, 3)
    first = found["notices"][0]
    assert first["title"] == "实验小学 proposes a partnership"
    older = await client.get(f"/api/notices?before={found['next']}", headers=headers)
    assert len(older.json()["notices"]) == 1
    address = f"/api/notices/{first['id']}"
    read = await client.patch(address, json={"read": True}, headers=headers)
    assert read.json()["read_at"]
    await client.patch(address, json={"archived": True}, headers=headers)
    now = (await client.get("/api/notices", headers=headers)).json()
    assert (len(now["notices"]), now["unread"]) == (2, 2)
    away = (await client.get("/api/notices?archived=true", headers=headers)).json()
    assert [one["id"] for one in away["notices"]] == [first["id"]]
    until = {"until": now["notices"][0]["id"]}
    assert (await client.post("/api/notices/read", json=until, headers=headers)).status_code == 204
    assert (await client.get("/api/notices", headers=headers)).json()["unread"] == 0


async def test_others_notices_are_nobodys_business(
    client: httpx2.AsyncClient, make: Makers, tell: Told
) -> None:
    reader, admin = await make.person(), await make.person(role=Role.ADMIN)
    await tell(reader)
    mine = (await client.get("/api/notices", headers=await make.bearer(reader))).json()
    headers = await make.bearer(admin)
    address = f"/api/notices/{mine['notices'][0]['id']}"
    assert (await client.get(address, headers=headers)).status_code == 404
    answer = await client.patch(address, json={"archived": True}, headers=headers)
    assert answer.status_code == 404
    assert (await client.get("/api/notices", headers=headers)).json()["notices"] == []
    unknown = await client.patch(address, json={"person_id": str(admin.id)}, headers=headers)
    assert unknown.status_code == 422


async def test_settings(client: httpx2.AsyncClient, make: Makers) -> None:
    headers = await make.bearer(await make.person())
    before = (await client.get("/api/notices/settings", headers=headers)).json()
    assert (before["quiet_from"], before["digest_at"]) == ("21:30:00", "17:00:00")
    body = {
        "quiet_from": "20:00",
        "quiet_until": "06:30",
        "digest_at": "12:30:45Z",
        "choices": [{"kind": "lesson.planned", "channel": "mail", "choice": "now"}],
    }
    after = (await client.put("/api/notices/settings", json=body, headers=headers)).json()
    assert (after["quiet_from"], after["digest_at"]) == ("20:00:00", "12:30:00")
    assert body["choices"][0] in after["choices"]
    assert (await client.get("/api/notices/settings", headers=headers)).json() == after
    bad = {**body, "choices": [{"kind": "x", "channel": "pigeon", "choice": "now"}]}
    assert (await client.put("/api/notices/settings", json=bad, headers=headers)).status_code == 422


@pytest.fixture
async def reader(client: httpx2.AsyncClient, make: Makers) -> Someone:
    """Signed in, in a browser."""
    someone = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    client.headers["Origin"] = "http://school.test"
    form = {"username": someone.username, "password": PASSWORD}
    await client.post("/login", data=form)
    client.headers["Accept"] = "text/html"
    return someone


async def test_pages(client: httpx2.AsyncClient, reader: Someone, tell: Told) -> None:
    assert "No notices" in (await client.get("/me/notices")).text
    await tell(reader, params=PARAMS | {"school": "<b>实验小学</b>"}, link="/admin/partnerships/1")
    page = (await client.get("/me/notices")).text
    assert "&lt;b&gt;实验小学&lt;/b&gt; proposes" in page
    key = page.split('action="/me/notices/')[1].split('"')[0]
    opened = await client.post(f"/me/notices/{key}", data={"what": "open"})
    assert opened.headers["location"] == "/admin/partnerships/1"
    page = (await client.get("/me/notices")).text
    assert "Unread:" not in page
    await client.post(f"/me/notices/{key}", data={"what": "away"})
    assert "No notices" in (await client.get("/me/notices")).text
    assert "实验小学" in (await client.get("/me/notices?away=1")).text
    back = await client.post(f"/me/notices/{key}", data={"what": "back"})
    assert back.headers["location"] == "/me/notices?away=1"
    assert (await client.post(f"/me/notices/{key}", data={"what": "eat"})).status_code == 422


async def test_choosing_on_the_page(client: httpx2.AsyncClient, reader: Someone) -> None:
    form = {
        "quiet_from": "22:00",
        "quiet_until": "nonsense",
        "digest_at": "18:00",
        "mail.lesson.planned": "off",
        "mail.partnership.paused": "pigeon",
        "mail.unknown": "off",
    }
    saved = await client.post("/me/notices/settings", data=form)
    assert saved.headers["location"] == "/me/notices/settings?saved=1"
    page = (await client.get("/me/notices/settings?saved=1")).text
    assert 'value="22:00"' in page
    assert 'value="07:00"' in page
    assert 'value="18:00"' in page
    assert "Saved" in page


async def test_groups_on_the_page(client: httpx2.AsyncClient, reader: Someone) -> None:
    assert "No group is connected" in (await client.get("/admin/chats")).text
    assert reader.school is not None
    form = {"school": reader.school.code, "label": "校务群", "address": "https://evil.test/secret"}
    refused = await client.post("/admin/chats", data=form)
    assert refused.status_code == 422
    assert "校务群" in refused.text
    assert "evil.test" not in refused.text
    form["address"] = "https://open.feishu.cn/open-apis/bot/v2/hook/0123-4567-89ab"
    answer = await client.post("/admin/chats", data=form)
    assert answer.headers["location"] == "/admin/chats"
    page = (await client.get("/admin/chats")).text
    assert "…89ab" in page.replace(" ", "")
    assert "0123-4567" not in page


async def test_the_number_follows_on_the_wire(
    app: FastAPI, make: Makers, tell: Told, frame: Frame
) -> None:
    reader, other = await make.person(), await make.person()
    headers = await make.bearer(reader)
    async with (
        serving(app) as port,
        connect(
            f"ws://127.0.0.1:{port}/api/wire", additional_headers=headers, proxy=None
        ) as socket,
    ):
        page = Page(socket)
        await page.send(type="sub", topic=topic_of(other.id))
        assert (await page.next("error"))["status"] == 404
        await page.send(type="sub", topic=topic_of(reader.id))
        assert (await page.next("snapshot"))["data"] == {"unread": 0, "topics": 0}
        await tell(reader)
        await tell.deliver()
        assert (await page.next("snapshot"))["data"] == {"unread": 1, "topics": 0}


async def test_what_a_caller_has_written_wrongly(make: Makers, tell: Told) -> None:
    reader = await make.person()
    for link in ("https://evil.test", "//evil.test", "/\\evil.test"):
        with pytest.raises(ValueError, match="address"):
            await tell(reader, link=link)
    with pytest.raises(ValueError, match="instant"):
        await tell(reader, params={"start_at": "tomorrow"})
    with pytest.raises(ValueError, match="registered"):
        await tell(reader, kind=NoticeKind("x", "x", "x", "x"))


async def test_an_erased_person_has_none(make: Makers, tell: Told, frame: Frame) -> None:
    reader = await tell.reader()
    await tell(reader)
    await tell.deliver()
    async with frame.database.write() as session:
        await notices.forget(session, reader.id)
        assert await notices.unread(session, reader.id) == 0


hours = st.builds(Hours, st.times(), st.times(), st.times()).map(
    lambda one: Hours(
        *(
            t.replace(second=0, microsecond=0)
            for t in (one.quiet_from, one.quiet_until, one.digest_at)
        )
    )
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(now=instants, chosen=hours)
def test_quiet_hours_end(now: datetime, chosen: Hours) -> None:
    found = not_before(now, chosen, SHANGHAI)
    assert now <= found <= now + timedelta(days=1)
    assert not chosen.is_quiet(found.astimezone(SHANGHAI).time())
    digest = next_digest(now, chosen, SHANGHAI)
    assert now < digest <= now + timedelta(days=1)
    assert digest.astimezone(SHANGHAI).time() == chosen.digest_at


def test_no_quiet_at_all() -> None:
    noon = datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert not_before(noon, Hours(time(8), time(8)), SHANGHAI) == noon
