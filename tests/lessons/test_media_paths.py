"""When the secret media path of a lesson is renewed."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.lessons.test_media_access import _close, _decline, _pause, _renew, _revoke
from tests.makers import Makers, Someone
from tests.processes import StandIn
from tongke_courses.lessons import service
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.accounts.service import principal_of
from tongke_platform.app.factory import create_app
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Room, new_secret
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal
from tongke_platform.settings import Settings
from tongke_streaming.frames import Message, Refused


class Packagers:
    """A stand-in that keeps keys and readers as the hls process does."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.keys: dict[str, list[str]] = {}
        self.readers: dict[str, set[str]] = {}
        self.known = True
        self.renewed: asyncio.Queue[str] = asyncio.Queue()
        self.looked: asyncio.Queue[None] = asyncio.Queue()
        stand_in.answers |= {
            "open": self._open,
            "multivariant": self._multivariant,
            "keys": self._keys,
            "readers": self._readers,
        }

    def take(self, lesson: str, key: str) -> None:
        keys = self.keys.setdefault(lesson, [])
        if key in keys[:-1]:
            raise Refused(409, "key_retired", "old")
        if key in keys:
            return
        keys.append(key)
        self.readers[lesson] = set()
        if len(keys) > 1:
            self.known = True
            self.renewed.put_nowait(key)

    async def _open(self, message: Message) -> Message:
        self.take(message["lesson"], message["key"])
        return {}

    async def _multivariant(self, message: Message) -> Message:
        self.take(message["lesson"], message["key"])
        self.readers[message["lesson"]].add(message["reader"])
        return {"playlist": f"#EXTM3U {message['key']}", "known": self.known}

    async def _keys(self, message: Message) -> Message:
        self.looked.put_nowait(None)
        lessons = [
            {"lesson": lesson, "key": keys[-1], "known": self.known}
            for lesson, keys in self.keys.items()
        ]
        return {"lessons": lessons}

    async def _readers(self, message: Message) -> Message:
        return {"credentials": [*self.readers[message["lesson"]]]}

    async def next_key(self) -> str:
        async with asyncio.timeout(5):
            return await self.renewed.get()

    async def look(self, frame: Frame) -> None:
        """Something has changed somewhere: until everybody was looked at."""
        while not self.looked.empty():
            self.looked.get_nowait()
        async with asyncio.timeout(5):
            for _ in range(2):  # one that has begun before, and one that has not
                frame.events.publish("rights.changed")
                await self.looked.get()


@pytest.fixture
def packagers(hls: StandIn) -> Packagers:
    return Packagers(hls)


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


@pytest.fixture
async def room(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def other(make: Makers) -> Room:
    return await make.room(await make.school())


@pytest.fixture
async def lesson(make: Makers, teacher: Someone, room: Room, other: Room) -> Lesson:
    return await make.lesson(teacher, [room, other])


async def fetch(client: httpx2.AsyncClient, lesson: Lesson, room: Room) -> httpx2.Response:
    return await client.get(f"/live/{lesson.id}/hls/index.m3u8", params={"token": room.token})


async def _admin(make: Makers, frame: Frame) -> Principal:
    admin = await make.person(role=Role.ADMIN)
    async with frame.database.read() as session:
        by = await principal_of(session, admin.id, frame.today())
    assert by is not None
    return by


async def _key(frame: Frame, lesson: Lesson) -> str:
    async with frame.database.read() as session:
        return (await service.get(session, lesson.id)).media_key


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("change", [_revoke, _renew, _close, _decline])
async def test_who_is_taken_out_takes_the_path_with_them(
    packagers: Packagers,
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    room: Room,
    other: Room,
    change: Callable[[Frame, Principal, Room], Awaitable[None]],
    ended: bool,
) -> None:
    if ended:
        await service.end(frame, lesson.id)
    for one in (room, other):
        assert (await fetch(client, lesson, one)).status_code == 200
    await change(frame, await _admin(make, frame), room)
    fresh = await packagers.next_key()
    assert fresh != lesson.media_key
    assert await _key(frame, lesson) == fresh
    assert (await fetch(client, lesson, room)).status_code in {401, 403}
    assert (await fetch(client, lesson, other)).text == f"#EXTM3U {fresh}"
    await packagers.look(frame)
    assert packagers.renewed.empty(), "once"


async def test_a_paused_partnership_takes_the_path(
    packagers: Packagers,
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    teacher: Someone,
    room: Room,
) -> None:
    lesson = await make.lesson(teacher, [room])
    assert (await fetch(client, lesson, room)).status_code == 200
    await _pause(frame, await _admin(make, frame), room)
    assert await packagers.next_key() != lesson.media_key


async def test_who_never_asked_for_the_playlist_changes_nothing(
    packagers: Packagers,
    client: httpx2.AsyncClient,
    make: Makers,
    frame: Frame,
    lesson: Lesson,
    room: Room,
    other: Room,
) -> None:
    assert (await fetch(client, lesson, other)).status_code == 200
    await _revoke(frame, await _admin(make, frame), room)
    await packagers.look(frame)
    assert packagers.renewed.empty()
    assert await _key(frame, lesson) == lesson.media_key


async def test_a_path_of_unknown_readers_is_renewed_before_it_is_given_out(
    packagers: Packagers, client: httpx2.AsyncClient, frame: Frame, lesson: Lesson, room: Room
) -> None:
    packagers.take(str(lesson.id), lesson.media_key)
    packagers.known = False
    answers = await asyncio.gather(*(fetch(client, lesson, room) for _ in range(3)))
    fresh = await packagers.next_key()
    assert {answer.text for answer in answers} == {f"#EXTM3U {fresh}"}
    assert packagers.renewed.empty(), "once"


async def test_a_lesson_that_is_read_by_nobody_knows_whom_is_renewed(
    packagers: Packagers, client: httpx2.AsyncClient, hls: StandIn, frame: Frame, lesson: Lesson
) -> None:
    packagers.take(str(lesson.id), lesson.media_key)
    packagers.known = False
    hls.tell("doubt", lesson=str(lesson.id))
    assert await packagers.next_key() == await _key(frame, lesson)


async def test_what_the_packagers_were_not_told_they_are_told_at_the_start(
    packagers: Packagers, settings: Settings, frame: Frame, lesson: Lesson, relay: StandIn
) -> None:
    """Web was killed between the database and the packagers."""
    fresh = new_secret()
    packagers.take(str(lesson.id), lesson.media_key)
    async with frame.database.write() as session:
        assert await LessonRepository(session).renew_key(lesson.id, lesson.media_key, fresh)
    app = create_app(settings, frame)
    async with app.router.lifespan_context(app):
        assert await packagers.next_key() == fresh


async def test_records_from_before_the_last_key_get_another(
    packagers: Packagers, client: httpx2.AsyncClient, frame: Frame, lesson: Lesson, room: Room
) -> None:
    """The database came back from a backup: its key was replaced long ago."""
    packagers.keys[str(lesson.id)] = [lesson.media_key, "a key that nobody knows"]
    packagers.readers[str(lesson.id)] = set()
    answer = await fetch(client, lesson, room)
    fresh = await packagers.next_key()
    assert answer.text == f"#EXTM3U {fresh}"
    assert await _key(frame, lesson) == fresh


async def test_tokens_to_watch_of_one_person_are_one_reader(
    packagers: Packagers, client: httpx2.AsyncClient, make: Makers, lesson: Lesson, teacher: Someone
) -> None:
    headers = await make.bearer(teacher)
    for label in ("a", "b"):
        answer = await client.post(
            f"/api/lessons/{lesson.id}/tokens",
            json={"act": "watch", "label": label, "source": f"screen-{label}"},
            headers=headers,
        )
        token = answer.json()["token"]
        found = await client.get(f"/live/{lesson.id}/hls/index.m3u8", params={"token": token})
        assert found.status_code == 200
    assert len(packagers.readers[str(lesson.id)]) == 1
