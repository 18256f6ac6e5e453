"""Chat groups of schools: through apprise, to a bot's endpoint, once, and only where it may go."""

import asyncio
import json
import logging

import httpx2
import pytest
from sqlalchemy import text

from tests.makers import Makers, Someone
from tests.notices.conftest import Clock, Told
from tests.notices.rig import Group, closed_port
from tests.notices.test_mail import states
from tongke_platform.errors import Invalid
from tongke_platform.frame import Frame
from tongke_platform.notices import chat, service
from tongke_platform.notices.chat import Bot, parse
from tongke_platform.notices.hours import Hours
from tongke_platform.notices.kinds import PARTNERSHIP_ACCEPTED
from tongke_platform.notices.models import Channel, ChatService, Choice, DeliveryState
from tongke_platform.notices.outcomes import NotSent, Unsure
from tongke_platform.people.roles import Role

KEY = "0123abcd-4567"


@pytest.mark.parametrize(
    ("address", "service"),
    [
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}", ChatService.WECOM),
        ("https://oapi.dingtalk.com/robot/send?access_token=0123abcd4567", ChatService.DINGTALK),
        (f" https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}/ ", ChatService.FEISHU),
    ],
)
def test_addresses_of_bots(address: str, service: ChatService) -> None:
    bot = parse(address)
    assert (bot.service, bot.base, bot.hint) == (service, "", "4567")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        f"http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com@evil.test/cgi-bin/webhook/send?key={KEY}",
        f"https://user@qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com.evil.test/cgi-bin/webhook/send?key={KEY}",
        f"https://oapi.dingtalk.com/cgi-bin/webhook/send?key={KEY}",
        f"https://127.0.0.1/cgi-bin/webhook/send?key={KEY}",
        f"https://169.254.169.254/cgi-bin/webhook/send?key={KEY}",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a/../../../b&key=c",
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}&key={KEY}",
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/upload?key={KEY}",
        "https://open.feishu.cn/open-apis/bot/v2/hook/../../../x",
        "https://[::1",
        "https://qyapi.weixin.qq.com:port/cgi-bin/webhook/send?key=0123abcd4567",
        f"file:///cgi-bin/webhook/send?key={KEY}",
    ],
)
def test_what_is_no_address_of_a_bot(address: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse(address)
    assert raised.value.code == "bad_chat"
    assert KEY not in str(raised.value), "it is a key"


def test_every_service_posts_where_it_lives() -> None:
    for host, kind in chat.HOSTS.items():
        plugin = chat._plugin(Bot(kind, "0123abcd4567"))
        address = str(getattr(plugin, "api_url", None) or vars(type(plugin))["notify_url"])
        assert address.startswith(f"https://{host}{chat.PATHS[kind]}")
        assert plugin.redirects is False


@pytest.mark.parametrize("service", list(ChatService))
async def test_each_service_gets_its_own_words(group: Group, service: ChatService) -> None:
    await chat.post(
        Bot(service, "0123abcd4567", base=f"http://{group.host}"), "明天第3节《圆的面积》"
    )
    [(path, post)] = group.posts
    assert path.startswith(chat.PATHS[service])
    assert "0123abcd4567" in path
    assert "明天第3节《圆的面积》" in json.dumps(post, ensure_ascii=False)


async def test_a_signed_bot_of_dingtalk(group: Group) -> None:
    bot = Bot(ChatService.DINGTALK, "0123abcd4567", "SEC0123abcd", f"http://{group.host}")
    await chat.post(bot, "x")
    assert "sign=" in group.posts[0][0]
    assert "SEC0123abcd" not in group.posts[0][0]


async def outcome(group: Group, base: str = "") -> str:
    bot = Bot(ChatService.WECOM, "0123abcd4567", base=base or f"http://{group.host}")
    try:
        await chat.post(bot, "x")
    except (NotSent, Unsure) as error:
        return type(error).__name__
    return "sent"


async def test_outcomes(group: Group) -> None:
    assert await outcome(group) == "sent"
    assert await outcome(group, f"http://127.0.0.1:{closed_port()}") == "NotSent"
    group.answer = {"errcode": 45009, "errmsg": "too often"}
    assert await outcome(group) == "NotSent", "refused with status 200"
    group.answer = {"errcode": 0}
    group.status = 500
    assert await outcome(group) == "NotSent"
    group.status = 404
    assert await outcome(group) == "Refused"


async def test_redirects_are_not_followed(group: Group) -> None:
    group.status, group.location = 307, f"http://{group.host}/inside"
    assert await outcome(group) == "NotSent"
    assert len(group.posts) == 1


async def test_a_line_that_breaks_before_the_answer() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(Unsure):
        await chat.post(Bot(ChatService.WECOM, "0123abcd4567", base=base), "x")
    server.close()


async def connect(
    client: httpx2.AsyncClient, make: Makers, by: Someone, group: Group
) -> httpx2.Response:
    assert by.school is not None
    body = {
        "organisation_id": str(by.school.id),
        "label": "校务群",
        "address": group.address(),
    }
    return await client.post("/api/notices/chats", json=body, headers=await make.bearer(by))


@pytest.fixture
async def admin(make: Makers) -> Someone:
    return await make.person(await make.school(), Role.SCHOOL_ADMIN)


async def test_a_notice_appears_once_in_each_group(
    client: httpx2.AsyncClient, make: Makers, tell: Told, group: Group, admin: Someone
) -> None:
    assert (await connect(client, make, admin, group)).status_code == 201
    others = [await make.person(admin.school) for _ in range(3)]
    elsewhere = await make.person(await make.school())
    assert admin.school is not None
    for _ in range(2):
        await tell(
            *(admin, *others, elsewhere),
            kind=PARTNERSHIP_ACCEPTED,
            key="accepted",
            school_id=admin.school.id,
        )
        await tell.deliver()
    await tell(admin, kind=PARTNERSHIP_ACCEPTED, key="of another school")
    await tell.deliver()
    assert len(group.posts) == 1
    assert "实验小学" in group.texts[0]


async def test_who_does_not_want_it_in_the_group(
    client: httpx2.AsyncClient,
    make: Makers,
    tell: Told,
    group: Group,
    admin: Someone,
    frame: Frame,
) -> None:
    await connect(client, make, admin, group)
    assert admin.school is not None
    async with frame.database.write() as session:
        choice = {(PARTNERSHIP_ACCEPTED.name, Channel.CHAT): Choice.OFF}
        await service.choose(session, admin.id, Hours(), choice)
    await tell(admin, kind=PARTNERSHIP_ACCEPTED, school_id=admin.school.id)
    await tell.deliver()
    assert group.posts == []


async def test_a_group_that_is_gone(
    client: httpx2.AsyncClient,
    make: Makers,
    tell: Told,
    group: Group,
    admin: Someone,
    frame: Frame,
    clock: Clock,
) -> None:
    key = (await connect(client, make, admin, group)).json()["id"]
    headers = await make.bearer(admin)
    assert admin.school is not None
    group.status = 404
    await tell(admin, kind=PARTNERSHIP_ACCEPTED, school_id=admin.school.id)
    await tell.deliver()
    assert await states(frame) == [(DeliveryState.FAILED, 1)]
    [shown] = (await client.get("/api/notices/chats", headers=headers)).json()["chats"]
    assert shown["trouble"] == "status 404"
    group.status = 200
    tried = await client.post(f"/api/notices/chats/{key}/test", headers=headers)
    assert tried.json() == {"trouble": ""}
    [shown] = (await client.get("/api/notices/chats", headers=headers)).json()["chats"]
    assert shown["trouble"] == ""
    gone = await client.delete(f"/api/notices/chats/{key}", headers=headers)
    assert gone.status_code == 204
    await tell(admin, kind=PARTNERSHIP_ACCEPTED, school_id=admin.school.id)
    await tell.deliver()
    assert len(group.posts) == 2


async def test_its_address_is_never_shown_stored_or_logged(
    client: httpx2.AsyncClient,
    make: Makers,
    tell: Told,
    group: Group,
    admin: Someone,
    frame: Frame,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    answer = await connect(client, make, admin, group)
    headers = await make.bearer(admin)
    listed = await client.get("/api/notices/chats", headers=headers)
    group.status = 500
    await client.post(f"/api/notices/chats/{answer.json()['id']}/test", headers=headers)
    async with frame.database.read() as session:
        rows = (await session.execute(text("SELECT * FROM school_chats"))).all()
    output = "".join(capsys.readouterr())
    for shown in (answer.text, listed.text, str(rows), caplog.text, output):
        assert "of-the-group" not in shown


async def test_who_may(
    client: httpx2.AsyncClient, make: Makers, group: Group, admin: Someone
) -> None:
    key = (await connect(client, make, admin, group)).json()["id"]
    address = f"/api/notices/chats/{key}"
    assert (await client.get("/api/notices/chats")).status_code == 401
    teacher = await make.person(admin.school)
    stranger = await make.person(await make.school(), Role.SCHOOL_ADMIN)
    for who, status in ((teacher, 403), (stranger, 200)):
        headers = await make.bearer(who)
        assert (await client.get("/api/notices/chats", headers=headers)).status_code == status
        assert (await client.post(f"{address}/test", headers=headers)).status_code == 404
        assert (await client.delete(address, headers=headers)).status_code == 404
    body = {"label": "x", "address": group.address(), "organisation_id": str(admin.school.id)}  # type: ignore[union-attr]  # made with one
    headers = await make.bearer(stranger)
    answer = await client.post("/api/notices/chats", json=body, headers=headers)
    assert answer.status_code == 404
    assert (await client.get("/api/notices/chats", headers=headers)).json()["chats"] == []


async def test_bad_addresses_are_refused(
    client: httpx2.AsyncClient, make: Makers, admin: Someone
) -> None:
    assert admin.school is not None
    body = {
        "organisation_id": str(admin.school.id),
        "label": "x",
        "address": "https://127.0.0.1/robot/send?access_token=0123abcd4567",
    }
    headers = await make.bearer(admin)
    answer = await client.post("/api/notices/chats", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_chat")
