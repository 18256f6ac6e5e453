"""A worker that is killed with a package half way."""

import asyncio
import signal
import sys
from datetime import timedelta

import httpx2
from sqlalchemy import func, select

from tests.makers import Makers
from tests.packages import builders
from tests.packages.test_importing import course_of, upload
from tongke_courses.catalogue.models import Course, CourseState, CourseUnit
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials.models import Material
from tongke_courses.packages.models import PackageImport
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
    found = await client.get("/api/search", params={"q": "四则运算"}, headers=headers)
    assert found.json()["results"] == []
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
