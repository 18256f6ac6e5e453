"""Mail, to a real SMTP server: once, in the reader's language, not at night, and with an end."""

from datetime import time, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.notices.conftest import Clock, Told
from tests.notices.rig import Postbox, closed_port
from tongke_platform.frame import Frame
from tongke_platform.notices import service
from tongke_platform.notices.delivering import CLAIM
from tongke_platform.notices.hours import BACKOFF, Hours
from tongke_platform.notices.kinds import LESSON_PLANNED, PARTNERSHIP_PAUSED, PARTNERSHIP_PROPOSED
from tongke_platform.notices.mail import MailServer, make_message
from tongke_platform.notices.models import Channel, Choice, Delivery, DeliveryState
from tongke_platform.notices.outcomes import Refused
from tongke_platform.notices.planning import plan
from tongke_platform.notices.repository import DeliveryRepository


async def states(frame: Frame) -> list[tuple[DeliveryState, int]]:
    async with frame.database.read() as session:
        repository = DeliveryRepository(session)
        found = await repository.all(repository.base().order_by(Delivery.id))
    return [(one.state, one.attempts) for one in found]


async def test_a_mail_says_what_the_inbox_says(tell: Told, postbox: Postbox) -> None:
    reader = await tell.reader()
    await tell(reader)
    assert await tell.deliver() == 1
    [mail] = postbox.mails
    assert postbox.to == [["li@school.test"]]
    assert mail["Subject"] == "实验小学提议结成伙伴关系"
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "山水结对" in body.get_content()
    assert "https://tongke.test/admin/x" in body.get_content()
    html = mail.get_body(("html",))
    assert html is not None
    assert "https://tongke.test/me/notices/settings" in html.get_content()


async def test_in_the_readers_language(tell: Told, postbox: Postbox, frame: Frame) -> None:
    reader = await tell.reader()
    async with frame.database.write() as session:
        await session.execute(text("UPDATE people SET language = 'en'"))
    await tell(reader)
    await tell.deliver()
    assert postbox.mails[0]["Subject"] == "实验小学 proposes a partnership"


async def test_nothing_is_sent_twice(tell: Told, postbox: Postbox) -> None:
    reader = await tell.reader()
    for _ in range(3):
        await tell(reader, key="the same")
        await tell.deliver()
    assert len(postbox.mails) == 1


async def test_hostile_words_stay_words(tell: Told, postbox: Postbox, frame: Frame) -> None:
    reader = await tell.reader()
    evil = "<script>\r\nBcc: all@school.test %(by)s {{ 1 }}"
    await tell(reader, params={"school": evil, "by": evil, "partnership": evil})
    await tell.deliver()
    [mail] = postbox.mails
    assert mail["Bcc"] is None
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert postbox.to == [["li@school.test"]]


async def test_quiet_hours(tell: Told, postbox: Postbox, clock: Clock) -> None:
    reader = await tell.reader()
    clock.forward(hours=10)  # 22:00
    await tell(reader)
    await tell.deliver()
    clock.forward(hours=8, minutes=59)
    await tell.deliver()
    assert postbox.mails == []
    clock.forward(minutes=1)  # 07:00
    await tell.deliver()
    assert len(postbox.mails) == 1


async def test_urgent_kinds_pass_quiet_hours(tell: Told, postbox: Postbox, clock: Clock) -> None:
    clock.forward(hours=10)
    await tell(await tell.reader(), kind=PARTNERSHIP_PAUSED)
    await tell.deliver()
    assert len(postbox.mails) == 1


async def test_what_was_read_overnight_is_not_mailed(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    reader = await tell.reader()
    clock.forward(hours=10)
    await tell(reader)
    await tell.deliver()
    async with frame.database.write() as session:
        [found] = await service.inbox(session, reader.id)
        await service.mark(session, reader.id, found.id, clock.now, read=True)
    clock.forward(hours=10)
    await tell.deliver()
    assert postbox.mails == []
    assert await states(frame) == [(DeliveryState.SKIPPED, 1)]


async def test_everybody_chooses(tell: Told, postbox: Postbox, frame: Frame) -> None:
    reader, other = await tell.reader(), await tell.reader("wang@school.test")
    async with frame.database.write() as session:
        choice = {(PARTNERSHIP_PROPOSED.name, Channel.MAIL): Choice.OFF}
        await service.choose(session, reader.id, Hours(), choice)
    await tell(reader, other)
    await tell.deliver()
    assert postbox.to == [["wang@school.test"]]


async def test_a_digest_a_day_and_only_when_there_is_something(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    reader = await tell.reader()
    for number in range(15):
        params = {"title": f"第{number}课", "room": "三年级1班", "start_at": clock.now}
        await tell(reader, kind=LESSON_PLANNED, params=params)
    await tell.deliver()
    assert postbox.mails == []
    clock.forward(hours=5)  # 17:00
    await tell.deliver()
    [mail] = postbox.mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert "第14课" in body.get_content()
    assert body.get_content().count("三年级1班将上课：") == 12
    assert "还有 3 条" in body.get_content()
    clock.forward(days=1)
    assert await tell.deliver() == 0
    await tell(reader, kind=LESSON_PLANNED)
    async with frame.database.write() as session:
        for one in await service.inbox(session, reader.id):
            await service.mark(session, reader.id, one.id, clock.now, read=True)
    clock.forward(days=1)
    await tell.deliver()
    assert len(postbox.mails) == 1, "all of it was read"


async def test_one_digest_a_day_though_its_hour_is_moved(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    reader = await tell.reader()
    await tell(reader, kind=LESSON_PLANNED)
    await tell.deliver()
    clock.forward(hours=5)
    await tell.deliver()
    async with frame.database.write() as session:
        await service.choose(session, reader.id, Hours(digest_at=time(18, 0)), {})
    await tell(reader, kind=LESSON_PLANNED)
    await tell.deliver()
    clock.forward(hours=1)
    await tell.deliver()
    assert len(postbox.mails) == 1
    clock.forward(days=1)
    await tell.deliver()
    assert len(postbox.mails) == 2


async def test_tried_again_later_and_later_and_then_no_more(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    reader = await tell.reader()
    postbox.refuse["data"] = "451 try later"
    await tell(reader, kind=PARTNERSHIP_PAUSED)
    assert await tell.deliver() == 1
    for wait in BACKOFF:
        clock.forward(seconds=wait.total_seconds() - 1)
        assert await tell.deliver() == 0
        clock.forward(seconds=1)
        assert await tell.deliver() == 1
    clock.forward(days=30)
    assert await tell.deliver() == 0
    assert await states(frame) == [(DeliveryState.FAILED, len(BACKOFF) + 1)]


async def test_a_mail_server_that_comes_back(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    frame.settings.mail_url = SecretStr(f"smtp://127.0.0.1:{closed_port()}")
    await tell(await tell.reader())
    assert await tell.deliver() == 1
    assert await states(frame) == [(DeliveryState.WAITING, 1)]
    frame.settings.mail_url = SecretStr(postbox.url)
    clock.forward(minutes=1)
    await tell.deliver()
    assert len(postbox.mails) == 1


async def test_an_address_nobody_has_is_not_written_to_again(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    reader = await tell.reader()
    postbox.refuse["rcpt"] = "550 no such user"
    await tell(reader)
    await tell.deliver()
    assert await states(frame) == [(DeliveryState.FAILED, 1)]
    async with frame.database.read() as session:
        assert await service.mail_of(session, reader.id) == ("li@school.test", False)
    del postbox.refuse["rcpt"]
    await tell(reader)
    await tell.deliver()
    assert postbox.mails == []
    async with frame.database.write() as session:
        await service.choose(session, reader.id, Hours(), {})
    await tell(reader)
    await tell.deliver()
    assert len(postbox.mails) == 1


async def test_a_line_that_breaks_after_the_message_is_not_tried_again(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    postbox.refuse["hang up"] = "now"
    await tell(await tell.reader())
    await tell.deliver()
    del postbox.refuse["hang up"]
    clock.forward(days=3)
    assert await tell.deliver() == 0
    assert await states(frame) == [(DeliveryState.UNSURE, 1)]


async def test_a_worker_that_died_while_sending(
    tell: Told, postbox: Postbox, clock: Clock, frame: Frame
) -> None:
    await tell(await tell.reader())
    await plan(frame.database, clock.now, frame.settings.zone, mail=True)
    async with frame.database.write() as session:
        assert await DeliveryRepository(session).claim(clock.now, clock.now + CLAIM)
    assert await tell.deliver() == 0
    clock.forward(seconds=CLAIM.total_seconds() + 1)
    assert await tell.deliver() == 0
    assert await states(frame) == [(DeliveryState.UNSURE, 1)]
    assert postbox.mails == []


async def test_who_has_left_gets_no_mail(tell: Told, postbox: Postbox, frame: Frame) -> None:
    reader = await tell.reader()
    await tell(reader)
    async with frame.database.write() as session:
        await session.execute(text("UPDATE people SET deactivated_at = '2026-01-01 00:00:00'"))
    await tell.deliver()
    assert postbox.mails == []
    assert await tell(reader) == 0


async def test_without_a_mail_server_there_is_the_inbox(tell: Told, frame: Frame) -> None:
    reader = await tell.reader()
    await tell(reader)
    await tell.deliver()
    assert await states(frame) == []
    async with frame.database.read() as session:
        assert await service.unread(session, reader.id) == 1


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.test", ("mail.test", 25, False, None)),
        ("smtp://u:p%40ss@mail.test", ("mail.test", 587, False, True)),
        ("smtps://u:p@mail.test", ("mail.test", 465, True, False)),
        ("smtp://u:p@127.0.0.1:2525", ("127.0.0.1", 2525, False, None)),
    ],
)
def test_mail_servers(url: str, found: tuple[str, int, bool, bool | None]) -> None:
    server = MailServer.of(url)
    start_tls = False if server.tls else found[3]
    assert (server.host, server.port, server.tls, server.start_tls) == (*found[:3], start_tls)


def test_a_password_with_signs_in_it() -> None:
    assert MailServer.of("smtp://u%40x:p%40ss@mail.test").password == "p@ss"


@pytest.mark.parametrize("to", ["", "nobody", "a b@school.test", "a@b\r\nBcc: c@d.test"])
def test_what_is_no_address(to: str) -> None:
    with pytest.raises(Refused):
        make_message(
            sender="Tongke <t@school.test>", to=to, subject="x", text="x", html="x", message_id="1"
        )


def test_backoff_ends_within_two_days() -> None:
    assert sum(BACKOFF, timedelta()) < timedelta(days=2)
