"""A worker that is killed with a package half way."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from tests.makers import Makers
from tests.packages import builders
from tests.packages.test_importing import course_of, upload
from tongke_courses.catalogue.models import Course, CourseState, CourseUnit
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials.models import Material
from tongke_courses.packages import tasks
from tongke_courses.packages.models import PackageImport
from tongke_courses.packages.reading.archives import Limits, gunzip
from tongke_courses.packages.service import JOB
from tongke_courses.search.rebuild import rebuild
from tongke_platform import jobs
from tongke_platform.database import utc_now
from tongke_platform.frame import Frame
from tongke_platform.jobs import LEASE
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings


async def counted(frame: Frame) -> list[int]:
    async with frame.database.read() as session:
        return [
            (await session.execute(select(func.count(model.id)))).scalar_one()
            for model in (Course, CourseUnit, Lesson, Material)
        ]


async def finds(client: httpx2.AsyncClient, words: str, headers: dict[str, str]) -> set[str]:
    """The kinds of what is found."""
    answer = await client.get("/api/search", params={"q": words}, headers=headers)
    return {one["kind"] for one in answer.json()["results"]}


async def test_sigkill_in_the_middle(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, settings: Settings
) -> None:
    """Nobody finds half a course, and the next worker makes one whole one of it."""
    teacher = await make.person(await make.school())
    headers = await make.bearer(teacher)
    key = await upload(client, builders.zipped(builders.cartridge()), headers)
    begun = await client.post("/api/packages", json={"upload_id": key}, headers=headers)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.packages.worker_child", settings.data_dir, settings.sql_url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    async with asyncio.timeout(60):
        assert await child.stdout.readline() == b"here\n"
    child.send_signal(signal.SIGKILL)
    await child.wait()

    async with frame.database.read() as session:
        row = (await session.execute(select(PackageImport))).scalar_one()
        assert 0 < row.position < row.total
        assert row.course_id is not None
    assert (await counted(frame))[0] == 1
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    for somebody in (headers, admin, {}):
        answer = await client.get(f"/api/courses/{row.course_id}", headers=somebody)
        assert answer.status_code in {401, 404}
        listed = await client.get("/api/courses", headers=somebody)
        assert listed.json()["items"] == []
    # Not its lessons and materials either, nor after an index that was made anew.
    await rebuild(frame.database)
    for somebody in (headers, admin):
        for words in ("四则运算", "加法", "讲义", "网页"):
            assert await finds(client, words, somebody) == set()
    address = f"/api/packages/{begun.json()['id']}"
    assert (await client.get(address, headers=headers)).json()["state"] == "running"

    frame.jobs.now = lambda: utc_now() + LEASE + timedelta(seconds=1)
    while await frame.jobs.run_due():
        pass
    said = (await client.get(address, headers=headers)).json()
    assert (said["state"], said["imported"], said["done"]) == ("done", 8, 8)
    course, lessons = await course_of(frame, said["course_id"])
    assert course.state is CourseState.DRAFT
    assert sum(len(one) for one in lessons.values()) == 5
    assert await counted(frame) == [1, 1, 3, 5]
    assert not list((settings.data_dir / "packages").iterdir()), "nothing is left lying about"
    assert "course" in await finds(client, "四则运算", headers)
    assert "lesson" in await finds(client, "加法", headers)
    assert "material" in await finds(client, "讲义", headers)
    stranger = await make.bearer(await make.person(await make.school()))
    for words in ("四则运算", "加法", "讲义"):
        assert await finds(client, words, stranger) == set()


async def test_unpacking_takes_longer_than_a_job_has(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 8 GB do, or a store far away: at the first try, with the lease kept."""
    monkeypatch.setattr(jobs, "KEEP_S", 0.02)
    chunks: list[float] = []

    def slowly(path: Path, into: Path, limits: Limits, alive: Callable[[], None]) -> None:
        until = time.monotonic() + 2.5
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jobs, "HANDLER_TIMEOUT_S", 1.0)
            while time.monotonic() < until:
                chunks.append(time.monotonic())
                alive()
                time.sleep(0.01)
        alive()
        gunzip(path, into, limits, alive)

    monkeypatch.setattr(tasks, "gunzip", slowly)
    headers = await make.bearer(await make.person(await make.school()))
    key = await upload(client, builders.tarred(builders.moodle()), headers)
    begun = await client.post("/api/packages", json={"upload_id": key}, headers=headers)
    while await frame.jobs.run_due():
        pass
    answer = await client.get(f"/api/packages/{begun.json()['id']}", headers=headers)
    assert answer.json()["state"] == "done"
    assert chunks[-1] - chunks[0] > 1.5
    async with frame.database.read() as session:
        tries = (
            (await session.execute(select(jobs.Job).where(jobs.Job.kind == JOB))).scalars().all()
        )
        assert [one.attempts for one in tries] == [1] * len(tries)
