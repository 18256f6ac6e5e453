"""A lesson's recording in its archive: one file that plays anywhere, and who gets it."""

import hashlib
import io
import itertools
import json
import random
import shutil
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import httpx2
import pytest
from sqlalchemy import select, update

from tests.archive.films import Archive, record
from tests.archive.test_film import taken_over
from tests.makers import Makers, Someone
from tests.takehome.test_archives import Filled, Shelf
from tongke_courses.catalogue.models import Licence
from tongke_courses.lessons import service, tasks
from tongke_courses.lessons.models import Lesson, LessonState
from tongke_courses.lessons.service import RECORDED
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.takehome.models import LessonRecording
from tongke_platform.database import utc_now
from tongke_platform.frame import Frame
from tongke_platform.jobs import Job

NAME = "lesson.mp4"


@pytest.fixture
async def archive(tmp_path: Path) -> Archive:
    return await record(tmp_path / "recorded", taken_over())


@pytest.fixture
def shelf(frame: Frame, make: Makers, tmp_path: Path) -> Shelf:
    return Shelf(frame, make, tmp_path)


class Recorded:
    """Lessons that are over, with what the archive has of them."""

    def __init__(self, frame: Frame, archive: Archive) -> None:
        self.frame, self.archive = frame, archive

    def folder(self, lesson_id: UUID) -> Path:
        return Path(self.frame.settings.data_dir) / "media" / "lessons" / str(lesson_id)

    async def over(self, lesson_id: UUID, *, put_away: bool = True) -> None:
        now = self.frame.now()
        values = {"state": LessonState.ENDED, "started_at": now, "ended_at": now}
        async with self.frame.database.write() as session:
            await session.execute(update(Lesson).where(Lesson.id == lesson_id).values(values))
        shutil.copytree(self.archive.path, self.folder(lesson_id))
        if not put_away:
            (self.folder(lesson_id) / "journal.jsonl").unlink()


@pytest.fixture
def recorded(frame: Frame, archive: Archive) -> Recorded:
    return Recorded(frame, archive)


async def mine(make: Makers) -> tuple[Someone, Lesson, Mapping[str, str]]:
    teacher = await make.person(await make.school())
    lesson = await make.lesson(teacher)
    return teacher, lesson, await make.bearer(teacher)


async def size_of(client: httpx2.AsyncClient, address: str, headers: Any = None) -> dict[str, Any]:
    answer = await client.get(f"{address}/archive/size", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_anonymous(client: httpx2.AsyncClient, shelf: Shelf, recorded: Recorded) -> None:
    """Of a public lesson, where its licence gives it to everybody; never because materials may go."""
    for licence, visibility, files in (
        (Licence.CC_BY, Visibility.PUBLIC, 1),
        (Licence.SCHOOLS, Visibility.PUBLIC, 0),
    ):
        made = await shelf.course(visibility, licence)
        await recorded.over(made.lessons[2].id)
        found = await size_of(client, f"/api/lessons/{made.lessons[2].id}")
        assert found["files"] == files
        assert len(found["left_out"]) == 1 - files
        data = (await client.get(f"/api/lessons/{made.lessons[2].id}/archive.zip")).content
        assert (NAME in zipfile.ZipFile(io.BytesIO(data)).namelist()) == bool(files)


async def test_the_recording_is_one_file_of_the_archive(
    client: httpx2.AsyncClient, make: Makers, recorded: Recorded, archive: Archive
) -> None:
    _, lesson, headers = await mine(make)
    await recorded.over(lesson.id)
    address = f"/api/lessons/{lesson.id}"
    size = await size_of(client, address, headers)
    assert size["left_out"] == []
    head = await client.head(f"{address}/archive.zip", headers=headers)
    answer = await client.get(f"{address}/archive.zip", headers=headers)
    assert len(answer.content) == size["bytes"] == int(head.headers["content-length"])
    assert answer.headers["etag"] == head.headers["etag"]
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    film = packed.read(NAME)
    assert film == archive.whole()
    sha256 = hashlib.sha256(film).hexdigest()
    assert f"{sha256}  {NAME}\n" in packed.read("SHA256SUMS").decode()
    part = json.loads(packed.read("manifest.json"))["parts"][0]
    assert part["recording"] == {
        "path": NAME, "bytes": len(film), "sha256": sha256, "type": "video/mp4", "seconds": 12,
    }  # fmt: skip
    with av.open(io.BytesIO(film), "r") as container:
        assert abs((container.duration or 0) / 1e6 - 12) < 0.2


async def test_any_byte_again_and_the_same(
    client: httpx2.AsyncClient, make: Makers, recorded: Recorded
) -> None:
    _, lesson, headers = await mine(make)
    await recorded.over(lesson.id)
    address = f"/api/lessons/{lesson.id}/archive.zip"
    whole = await client.get(address, headers=headers)
    size, etag = len(whole.content), whole.headers["etag"]
    places = sorted({0, size, *random.Random(3).sample(range(1, size), 25)})
    found = b""
    for start, end in itertools.pairwise(places):
        asked = {**headers, "Range": f"bytes={start}-{end - 1}", "If-Range": etag}
        part = await client.get(address, headers=asked)
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        found += part.content
    assert found == whole.content


async def test_what_is_not_put_away_yet_is_said(
    client: httpx2.AsyncClient, make: Makers, recorded: Recorded
) -> None:
    _, lesson, headers = await mine(make)
    await recorded.over(lesson.id, put_away=False)
    address = f"/api/lessons/{lesson.id}"
    found = await size_of(client, address, headers)
    assert [one["title"] for one in found["left_out"]] == [f"{lesson.title} · {NAME}"]
    assert "not put away" in found["left_out"][0]["why"]
    shutil.copy(recorded.archive.path / "journal.jsonl", recorded.folder(lesson.id))
    assert (await size_of(client, address, headers))["left_out"] == []


async def test_hashes_are_there_before_somebody_asks(
    client: httpx2.AsyncClient, make: Makers, recorded: Recorded, frame: Frame
) -> None:
    """Counted when the archive has all of it; what failed half way is tried again."""
    _, lesson, headers = await mine(make)
    await recorded.over(lesson.id, put_away=False)
    folder = recorded.folder(lesson.id)
    async with frame.database.write() as session:
        await frame.jobs.add(session, RECORDED, lesson=str(lesson.id))
    clock = utc_now()

    async def later() -> LessonRecording | None:
        nonlocal clock
        clock += timedelta(minutes=1)
        frame.jobs.now = lambda: clock
        await frame.jobs.run_due()
        async with frame.database.read() as session:
            statement = select(LessonRecording).where(LessonRecording.lesson_id == lesson.id)
            return (await session.execute(statement)).scalar_one_or_none()

    assert await later() is None
    shutil.copy(recorded.archive.path / "journal.jsonl", folder)
    last = max(one for one in folder.iterdir() if one.suffix != ".jsonl")
    last.rename(folder.parent / "away")
    row = await later()
    assert row is not None
    assert (row.sha256, row.size > 0) == (None, True)
    (folder.parent / "away").rename(last)
    row = await later()
    assert row is not None
    answer = await client.get(f"/api/lessons/{lesson.id}/archive.zip", headers=headers)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert hashlib.sha256(archive.read(NAME)).hexdigest() == row.sha256
    async with frame.database.read() as reading:
        jobs = (await reading.execute(select(Job).where(Job.kind == RECORDED))).scalars().all()
    assert all(one.done_at for one in jobs)


async def test_a_lesson_that_ends_has_its_hashes_counted(
    client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    class Closing:
        async def before_publish(self, lesson: Lesson) -> None: ...

        async def finalise(self, lesson: str) -> None: ...

    lesson = await make.lesson(await make.person(await make.school()))
    tasks.register(frame, Closing())
    async with frame.database.write() as session:
        await frame.jobs.add(session, service.FINALISE, lesson=str(lesson.id))
    await frame.jobs.run_due()
    assert not await frame.jobs.settled(RECORDED, lesson=str(lesson.id))


async def test_who_may_see_materials_but_not_watch(
    client: httpx2.AsyncClient, make: Makers, recorded: Recorded
) -> None:
    """A stranger gets nothing, nor hears that there is a recording."""
    _, lesson, _ = await mine(make)
    await recorded.over(lesson.id)
    stranger = await make.bearer(await make.person(await make.school()))
    for rest in ("archive/size", "archive.zip"):
        answer = await client.get(f"/api/lessons/{lesson.id}/{rest}", headers=stranger)
        assert answer.status_code == 403


async def test_to_be_watched_here_only(
    client: httpx2.AsyncClient, shelf: Shelf, recorded: Recorded
) -> None:
    made = await shelf.course(Visibility.SIGNED_IN, Licence.VIEW)
    await recorded.over(made.lessons[0].id)
    data = (await client.get(made.address("courses", "archive.zip"), headers=made.headers)).content
    packed = zipfile.ZipFile(io.BytesIO(data))
    assert not any(one.endswith(NAME) for one in packed.namelist())
    assert NAME in packed.read("README.txt").decode()


async def test_what_was_lost_is_said_before_a_byte(
    client: httpx2.AsyncClient, make: Makers, recorded: Recorded
) -> None:
    _, lesson, headers = await mine(make)
    await recorded.over(lesson.id)
    (recorded.folder(lesson.id) / "lead-v-f" / "1.m4s").unlink()
    answer = await client.get(f"/api/lessons/{lesson.id}/archive.zip", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "file_lost")


async def test_a_course_on_a_stick_shows_them(
    client: httpx2.AsyncClient, shelf: Shelf, recorded: Recorded
) -> None:
    made: Filled = await shelf.course(Visibility.SIGNED_IN, Licence.SCHOOLS)
    await recorded.over(made.lessons[0].id)
    address = made.address("courses", "export/folder.zip")
    packed = zipfile.ZipFile(io.BytesIO((await client.get(address, headers=made.headers)).content))
    (path,) = (one for one in packed.namelist() if one.endswith(NAME))
    assert packed.read(path) == recorded.archive.whole()
    pages = [packed.read(one).decode() for one in packed.namelist() if one.startswith("lessons/")]
    assert sum(f'{NAME}"></video>' in one for one in pages) == 1
