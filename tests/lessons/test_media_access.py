"""What each credential opens at the WHIP, WHEP and playlist addresses."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from tests.makers import Makers, Someone
from tests.processes import Answer, StandIn
from tongke_courses.lessons import service
from tongke_courses.lessons.models import Lesson, LessonRoom
from tongke_platform.accounts.rights import COOKIE
from tongke_platform.accounts.service import log_in, principal_of
from tongke_platform.consent import service as consent
from tongke_platform.consent.purposes import Purpose
from tongke_platform.devices import service as devices
from tongke_platform.frame import Frame
from tongke_platform.organisations import closing
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Room
from tongke_platform.partnerships import service as partnerships
from tongke_platform.partnerships.models import Act
from tongke_platform.partnerships.repository import PartnershipRepository
from tongke_platform.people.repository import MembershipRepository
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal
from tongke_streaming.frames import Message

SDP = {"Content-Type": "application/sdp"}


@pytest.fixture(autouse=True)
def answers(relay: StandIn, hls: StandIn) -> None:
    async def session(message: Message) -> Message:
        return {"session": "s", "sdp": "v=0\r\n", "etag": "e"}

    async def playlist(message: Message) -> Message:
        return {"playlist": "#EXTM3U\n"}

    relay.answers |= {"publish": session, "watch": session}
    hls.answers["multivariant"] = playlist


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


@pytest.fixture
async def room(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def lesson(make: Makers, teacher: Someone, room: Room) -> Lesson:
    return await make.lesson(teacher, [room])


async def post(
    client: httpx2.AsyncClient, lesson: Lesson, kind: str, token: str, *, query: bool = False
) -> httpx2.Response:
    address = f"/live/{lesson.id}/{kind}"
    if query:
        return await client.post(f"{address}?token={token}", content="v=0", headers=SDP)
    headers = {**SDP, "Authorization": f"Bearer {token}"}
    return await client.post(address, content="v=0", headers=headers)


@pytest.mark.parametrize("path", ["whip", "whep"])
async def test_anonymous(client: httpx2.AsyncClient, lesson: Lesson, path: str) -> None:
    answer = await client.post(f"/live/{lesson.id}/{path}", content="v=0", headers=SDP)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["live/{id}/hls/index.m3u8", "replay/{id}/index.m3u8"])
async def test_anonymous_playlist(client: httpx2.AsyncClient, lesson: Lesson, path: str) -> None:
    assert (await client.get("/" + path.format(id=lesson.id))).status_code == 401


@pytest.mark.parametrize("query", [True, False])
async def test_publish_token(
    client: httpx2.AsyncClient,
    make: Makers,
    lesson: Lesson,
    relay: StandIn,
    hls: StandIn,
    query: bool,
) -> None:
    token = make.media_token(lesson, "publish")
    assert (await post(client, lesson, "whip", token, query=query)).status_code == 201
    assert hls.asked_for("open") == [{"lesson": str(lesson.id), "key": lesson.media_key}]
    published = relay.asked_for("publish")[0]
    assert (published["holder"], published["source"]) == ("test", "lead")

    watching = await post(client, lesson, "whep", token, query=query)
    assert (watching.status_code, watching.json()["code"]) == (403, "other_act")


async def test_publishing_goes_on_without_the_packager(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson, hls: StandIn
) -> None:
    del hls.answers["open"]
    answer = await post(client, lesson, "whip", make.media_token(lesson, "publish"))
    assert answer.status_code == 201


async def test_watch_token(client: httpx2.AsyncClient, make: Makers, lesson: Lesson) -> None:
    token = make.media_token(lesson)
    assert (await post(client, lesson, "whep", token)).status_code == 201
    assert (await post(client, lesson, "whip", token)).status_code == 403
    playlist = await client.get(f"/live/{lesson.id}/hls/index.m3u8?token={token}")
    assert playlist.text == "#EXTM3U\n"


async def test_token_of_another_lesson(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson, teacher: Someone
) -> None:
    other = await make.lesson(teacher)
    answer = await post(client, lesson, "whep", make.media_token(other))
    assert (answer.status_code, answer.json()["code"]) == (403, "other_lesson")


@pytest.mark.parametrize("query", [True, False])
async def test_expired_and_wrong_token(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson, query: bool
) -> None:
    expired = await post(client, lesson, "whep", make.media_token(lesson, hours=-1), query=query)
    assert (expired.status_code, expired.json()["code"]) == (401, "token_expired")
    wrong = await post(client, lesson, "whep", "wrong", query=query)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "bad_token")


async def test_room_token(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    room: Room,
    relay: StandIn,
) -> None:
    assert (await post(client, lesson, "whep", room.token, query=True)).status_code == 201
    watching = relay.asked_for("watch")[0]
    assert (watching["room"], watching["label"]) == (str(room.id), room.name)
    assert (await post(client, lesson, "whip", room.token)).status_code == 403
    other = await make.lesson()
    assert (await post(client, other, "whep", room.token)).status_code == 403

    async with frame.database.write() as session:
        (await organisations.room_of_token(session, room.token)).revoked_at = frame.now()
    assert (await post(client, lesson, "whep", room.token, query=True)).status_code == 401


async def test_api_token_is_taken_from_the_header_only(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson, teacher: Someone, relay: StandIn
) -> None:
    token = await make.token(teacher)
    assert (await post(client, lesson, "whip", token)).status_code == 201
    assert relay.asked_for("publish")[0]["holder"] == f"person:{teacher.id}"
    assert (await post(client, lesson, "whip", token, query=True)).status_code == 401


async def test_cookie(
    client: httpx2.AsyncClient, frame: Frame, lesson: Lesson, teacher: Someone
) -> None:
    async with frame.database.write() as session:
        cookie = await log_in(session, teacher.id, now=frame.now(), lifetime=timedelta(hours=1))
    client.cookies.set(COOKIE, cookie)
    address = f"/live/{lesson.id}/whip"
    ours = await client.post(
        address, content="v=0", headers={**SDP, "Origin": "http://school.test"}
    )
    assert ours.status_code == 201
    theirs = await client.post(
        address, content="v=0", headers={**SDP, "Origin": "https://evil.test"}
    )
    assert (theirs.status_code, theirs.json()["code"]) == (403, "cross_site")


async def test_a_wrong_token_is_not_saved_by_a_cookie(
    client: httpx2.AsyncClient, frame: Frame, lesson: Lesson, teacher: Someone
) -> None:
    async with frame.database.write() as session:
        cookie = await log_in(session, teacher.id, now=frame.now(), lifetime=timedelta(hours=1))
    client.cookies.set(COOKIE, cookie)
    assert (await post(client, lesson, "whip", "wrong", query=True)).status_code == 401


async def test_teacher_of_an_unrelated_school(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson
) -> None:
    token = await make.token(await make.person(await make.school()))
    assert (await post(client, lesson, "whep", token)).status_code == 403
    playlist = await client.get(
        f"/replay/{lesson.id}/index.m3u8", headers={"Authorization": f"Bearer {token}"}
    )
    assert (playlist.status_code, playlist.json()["code"]) == (403, "not_your_lesson")


async def test_unknown_lesson(client: httpx2.AsyncClient, make: Makers) -> None:
    token = await make.token(await make.person(role=Role.ADMIN))
    headers = {**SDP, "Authorization": f"Bearer {token}"}
    for name in ("018f0000-0000-7000-8000-000000000000", "nothing"):
        answer = await client.post(f"/live/{name}/whep", content="v=0", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_lesson")


async def test_ended_lesson_takes_no_publisher(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, lesson: Lesson
) -> None:
    token = make.media_token(lesson, "publish")
    await service.end(frame, lesson.id)
    answer = await post(client, lesson, "whip", token)
    assert (answer.status_code, answer.json()["code"]) == (409, "lesson_over")


CAMERA = "room-far"


async def test_a_classroom_sends_with_the_consent_of_everybody(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, lesson: Lesson, room: Room
) -> None:
    token = make.media_token(lesson, "publish", source=CAMERA, room=room)

    async def answer() -> tuple[int, str]:
        found = await post(client, lesson, "whip", token)
        return found.status_code, "" if found.is_success else found.json()["code"]

    assert await answer() == (403, "no_class_list")
    first, second = await make.class_in(room, "李小红", "王小明")
    assert await answer() == (403, "no_consent")
    await make.consent_of(room, [first])
    assert await answer() == (403, "no_consent")
    [receipt] = await make.consent_of(room, [second])
    assert await answer() == (201, "")
    await withdraw(frame, receipt)
    assert await answer() == (403, "no_consent")


async def withdraw(frame: Frame, receipt: str) -> None:
    async with frame.database.write() as session:
        await consent.withdraw(session, frame, receipt, Purpose.RECORDING)


async def test_a_camera_token_names_a_classroom_of_the_lesson(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson, room: Room
) -> None:
    nobodys = make.media_token(lesson, "publish", source=CAMERA)
    answer = await post(client, lesson, "whip", nobodys)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_act")
    other = await make.room(await make.school())
    await make.consent_of(other, await make.class_in(other, "赵小军"))
    strangers = make.media_token(lesson, "publish", source=CAMERA, room=other)
    answer = await post(client, lesson, "whip", strangers)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_lesson")


class Relay:
    """A stand-in that knows the sessions it let in, as the relay does."""

    def __init__(self, stand_in: StandIn) -> None:
        self.sessions: dict[str, Message] = {}
        self.dropped: asyncio.Queue[str] = asyncio.Queue()
        stand_in.answers |= {
            "publish": self._let_in("publish"),
            "watch": self._let_in("watch"),
            "sessions": self._list,
            "drop": self._drop,
        }

    def _let_in(self, act: str) -> Answer:
        async def let_in(message: Message) -> Message:
            key = f"{act}-{len(self.sessions)}"
            self.sessions[key] = {name: message[name] for name in ("lesson", "credential")}
            self.sessions[key]["act"] = act
            return {"session": key, "sdp": "v=0\r\n", "etag": "e"}

        return let_in

    async def _list(self, message: Message) -> Message:
        return {"grants": [{**one, "sessions": [key]} for key, one in self.sessions.items()]}

    async def _drop(self, message: Message) -> Message:
        assert self.sessions.pop(message["session"])["act"] == message["act"]
        self.dropped.put_nowait(message["session"])
        return {}

    async def ended(self) -> str:
        async with asyncio.timeout(5):
            return await self.dropped.get()


async def test_a_withdrawal_ends_what_the_classroom_sends(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    room: Room,
    relay: StandIn,
) -> None:
    standing = Relay(relay)
    receipts = await make.consent_of(room, await make.class_in(room, "李小红", "王小明"))
    lead, watch = make.media_token(lesson, "publish"), make.media_token(lesson)
    camera = make.media_token(lesson, "publish", source=CAMERA, room=room)
    for kind, token in (("whip", lead), ("whip", camera), ("whep", watch), ("whep", room.token)):
        assert (await post(client, lesson, kind, token)).status_code == 201
    await withdraw(frame, receipts[1])
    assert await standing.ended() == "publish-1"
    assert set(standing.sessions) == {"publish-0", "watch-2", "watch-3"}


async def test_a_pupil_nobody_agreed_for_ends_it_as_well(
    client: httpx2.AsyncClient, make: Makers, lesson: Lesson, room: Room, relay: StandIn
) -> None:
    standing = Relay(relay)
    await make.consent_of(room, await make.class_in(room, "李小红"))
    camera = make.media_token(lesson, "publish", source=CAMERA, room=room)
    assert (await post(client, lesson, "whip", camera)).status_code == 201
    await make.class_in(room, "赵小军")
    assert await standing.ended() == "publish-0"


async def _revoke(frame: Frame, by: Principal, room: Room) -> None:
    async with frame.database.write() as session:
        await devices.revoke(frame, session, by, room.id)


async def _renew(frame: Frame, by: Principal, room: Room) -> None:
    async with frame.database.write() as session:
        await devices.renew(frame, session, by, room.id)


async def _pause(frame: Frame, by: Principal, room: Room) -> None:
    async with frame.database.write() as session:
        [along] = await PartnershipRepository(session).all(PartnershipRepository(session).base())
        await partnerships.change(
            frame, session, by, along.id, Act.PAUSE, reason="网络改造", side_id=room.school_id
        )


async def _close(frame: Frame, by: Principal, room: Room) -> None:
    async with frame.database.write() as session:
        gone = await organisations.organisation_to_change(session, room.school_id, by)
        await closing.close(session, gone, day=frame.today(), by=by)


async def _decline(frame: Frame, by: Principal, room: Room) -> None:
    async with frame.database.write() as session:
        found = select(LessonRoom).where(LessonRoom.room_id == room.id)
        delivery = (await session.execute(found)).scalar_one()
        delivery.declined_at, delivery.declined_by_id = frame.now(), by.id


@pytest.mark.parametrize("change", [_revoke, _renew, _pause, _close, _decline])
async def test_what_takes_the_classroom_out_ends_what_it_watches(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    room: Room,
    relay: StandIn,
    change: Callable[[Frame, Principal, Room], Awaitable[None]],
) -> None:
    standing = Relay(relay)
    address = f"/live/{lesson.id}/hls/index.m3u8?token={room.token}"
    assert (await client.get(address)).status_code == 200
    assert (await post(client, lesson, "whep", room.token)).status_code == 201
    assert (await post(client, lesson, "whep", make.media_token(lesson))).status_code == 201
    admin = await make.person(role=Role.ADMIN)
    async with frame.database.read() as session:
        by = await principal_of(session, admin.id, frame.today())
    assert by is not None
    await change(frame, by, room)
    assert await standing.ended() == "watch-0"
    assert set(standing.sessions) == {"watch-1"}
    assert (await client.get(address)).status_code in {401, 403}


async def test_a_post_that_ends_ends_what_its_holder_sends(
    client: httpx2.AsyncClient, make: Makers, frame: Frame, lesson: Lesson, relay: StandIn
) -> None:
    standing = Relay(relay)
    school = lesson.school
    head = await make.person(school, Role.SCHOOL_ADMIN)
    assert (await post(client, lesson, "whip", await make.token(head))).status_code == 201
    async with frame.database.write() as session:
        for one in await MembershipRepository(session).of(head.id):
            one.ends_on = frame.today() - timedelta(days=1)
    assert await standing.ended() == "publish-0"


async def test_a_token_that_ran_out_ends_nothing_it_began(
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    room: Room,
    relay: StandIn,
) -> None:
    standing = Relay(relay)
    soon = make.media_token(lesson, hours=0.01)
    assert (await post(client, lesson, "whep", soon)).status_code == 201
    assert (await post(client, lesson, "whep", room.token)).status_code == 201
    now = frame.now() + timedelta(hours=1)
    frame.now = lambda: now
    admin = await make.person(role=Role.ADMIN)
    async with frame.database.read() as session:
        by = await principal_of(session, admin.id, frame.today())
    assert by is not None
    await _revoke(frame, by, room)
    assert await standing.ended() == "watch-1"
    assert set(standing.sessions) == {"watch-0"}
