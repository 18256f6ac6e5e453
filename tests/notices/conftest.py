"""Mail and chat servers, a clock, and people to tell something."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from tests.makers import Makers, Someone
from tests.notices.rig import Group, Postbox, group_server
from tongke_platform import notices
from tongke_platform.frame import Frame
from tongke_platform.notices.delivering import deliver_due
from tongke_platform.notices.kinds import PARTNERSHIP_PROPOSED, NoticeKind
from tongke_platform.people import service as people

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PARAMS = {
    "school": "实验小学",
    "by": "王校长",
    "partnership": "山水结对",
    "reason": "停电",
    "title": "圆的面积",
    "room": "三年级1班",
    "start_at": datetime(2026, 11, 24, 2, 5, tzinfo=UTC),
    "teacher": "李老师",
    "subject": "数学",
    "grade": "六年级",
}


class Clock:
    """It is noon in Shanghai on a Monday."""

    def __init__(self, frame: Frame) -> None:
        self.now = NOON
        frame.now = lambda: self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(frame: Frame) -> Clock:
    return Clock(frame)


@pytest.fixture
async def postbox(frame: Frame) -> AsyncIterator[Postbox]:
    postbox = Postbox()
    server = await postbox.start()
    frame.settings.mail_url = SecretStr(postbox.url)
    frame.settings.mail_from = "同课 <tongke@school.test>"
    frame.settings.public_url = "https://tongke.test"
    yield postbox
    server.close()


@pytest.fixture
def group(frame: Frame) -> Iterator[Group]:
    with group_server() as group:
        frame.settings.chat_hosts = [group.host]
        yield group


class Told:
    """Tells people things, and delivers."""

    def __init__(self, frame: Frame, make: Makers) -> None:
        self.frame, self.make = frame, make

    async def reader(self, mail: str = "li@school.test", **more: Any) -> Someone:
        someone = await self.make.person(**more)
        if mail:
            async with self.frame.database.write() as session:
                await people.add_name(session, someone.person, mail)
        return someone

    async def __call__(
        self, *to: Someone, kind: NoticeKind = PARTNERSHIP_PROPOSED, **more: Any
    ) -> int:
        given: dict[str, Any] = {"params": PARAMS, "key": str(uuid4()), "link": "/admin/x"}
        async with self.frame.database.write() as session:
            return await notices.send(
                session, to=[one.id for one in to], kind=kind, **(given | more)
            )

    async def deliver(self) -> int:
        return await deliver_due(self.frame)


@pytest.fixture
def tell(frame: Frame, make: Makers, clock: Clock) -> Told:
    return Told(frame, make)
