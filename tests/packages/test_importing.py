"""A package becomes a draft course: over the API as a job, and at the command line."""

import asyncio
import base64
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from tests.makers import Makers, Someone
from tests.packages import builders
from tongke_courses.catalogue.models import Course, CourseState, CourseUnit
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials.models import Material, MaterialKind, StoredFile
from tongke_courses.materials.store import FileStore
from tongke_courses.packages import importing
from tongke_courses.packages.models import PackageImport, PackageState
from tongke_platform.cli.program import cli
from tongke_platform.frame import Frame
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role
from tongke_platform.settings import Settings


async def upload(client: httpx2.AsyncClient, data: bytes, headers: dict[str, str]) -> str:
    name = base64.b64encode(b"anything.dat").decode()
    made = await client.post(
        "/api/uploads",
        content=data,
        headers={
            **headers,
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(data)),
            "Upload-Metadata": f"filename {name}",
            "Content-Type": "application/offset+octet-stream",
        },
    )
    assert made.status_code == 201, made.text
    return made.headers["location"].rpartition("/")[2]


async def send(
    client: httpx2.AsyncClient, frame: Frame, data: bytes, headers: dict[str, str], **more: Any
) -> dict[str, Any]:
    """What is said once it is done."""
    key = await upload(client, data, headers)
    begun = await client.post("/api/packages", json={"upload_id": key, **more}, headers=headers)
    assert begun.status_code == 202, begun.text
    while await frame.jobs.run_due():
        pass
    answer = await client.get(f"/api/packages/{begun.json()['id']}", headers=headers)
    said: dict[str, Any] = answer.json()
    return said


async def course_of(frame: Frame, key: str) -> tuple[Course, dict[str, list[tuple[str, ...]]]]:
    """With the materials of its lessons, in their order."""
    async with frame.database.read() as session:
        course = (await session.execute(select(Course).where(Course.id == UUID(key)))).scalar_one()
        rows = await session.execute(
            select(CourseUnit.title, Lesson.title, Material.title, Material.kind)
            .select_from(Lesson)
            .outerjoin(CourseUnit, CourseUnit.id == Lesson.unit_id)
            .outerjoin(Material, Material.lesson_id == Lesson.id)
            .where(Lesson.course_id == course.id)
            .order_by(CourseUnit.position, Lesson.position, Material.position)
        )
        found: dict[str, list[tuple[str, ...]]] = {}
        for unit, lesson, material, kind in rows:
            found.setdefault(f"{unit or ''}/{lesson}", []).append((material, kind))
    return course, found


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school())


async def test_anonymous(client: httpx2.AsyncClient) -> None:
    body = {"upload_id": "019b0000-0000-7000-8000-000000000000"}
    assert (await client.post("/api/packages", json=body)).status_code == 401
    assert (await client.get(f"/api/packages/{body['upload_id']}")).status_code == 401


async def test_a_cartridge_becomes_a_draft(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, teacher: Someone
) -> None:
    headers = await make.bearer(teacher)
    data = builders.zipped(builders.cartridge())
    said = await send(client, frame, data, headers, subject="数学", grade="三年级")
    assert (said["state"], said["kind"], said["imported"], said["total"], said["done"]) == (
        "done", "common-cartridge", 8, 8, 8,
    ), said  # fmt: skip
    assert [one["what"] for one in said["skipped"]] == ["讨论区", "测验", "工具", "没有了"]
    course, lessons = await course_of(frame, said["course_id"])
    assert (course.title, course.state, course.subject) == ("四则运算", CourseState.DRAFT, "数学")
    assert course.description == "给三年级"
    assert lessons == {
        "/其他文件": [("extra", MaterialKind.DOCUMENT)],
        "第一单元/加法": [
            ("讲义", MaterialKind.DOCUMENT),
            ("网页", MaterialKind.OTHER),
            ("链接", MaterialKind.LINK),
        ],
        "第一单元/加法 / 练习 / 更深": [("题", MaterialKind.DOCUMENT)],
    }

    again = await send(client, frame, data, headers)
    assert (again["id"], again["course_id"]) == (said["id"], said["course_id"])
    other = await send(client, frame, data, headers, again=True)
    assert other["course_id"] not in {None, said["course_id"]}


async def test_rights_and_other_schools(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, teacher: Someone
) -> None:
    headers = await make.bearer(teacher)
    stranger = await make.person(await make.school())
    pupil_helper = await make.person(teacher.school, role=Role.LOCAL_TEACHER)
    said = await send(client, frame, builders.zipped(builders.cartridge()), headers)
    theirs = await make.bearer(stranger)
    address = f"/api/packages/{said['id']}"
    assert (await client.get(address, headers=theirs)).status_code == 404
    assert (await client.get(address, headers=await make.bearer(pupil_helper))).status_code == 404
    key = await upload(client, builders.zipped(builders.scorm()), headers)
    body: dict[str, Any] = {"upload_id": key}
    # Another's upload; one's own for another school; a role that makes no courses.
    assert (await client.post("/api/packages", json=body, headers=theirs)).status_code == 404
    assert stranger.school is not None
    body["school_id"] = str(stranger.school.id)
    assert (await client.post("/api/packages", json=body, headers=headers)).status_code == 403
    helper = await make.bearer(pupil_helper)
    body = {"upload_id": await upload(client, builders.zipped(builders.scorm()), helper)}
    assert (await client.post("/api/packages", json=body, headers=helper)).status_code == 403


async def test_what_is_no_package_says_so_and_leaves_nothing(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, teacher: Someone
) -> None:
    said = await send(client, frame, b"%PDF-1.4 no package", await make.bearer(teacher))
    assert (said["state"], said["course_id"]) == ("failed", None)
    assert said["trouble"].startswith("This is no package")
    async with frame.database.read() as session:
        assert (await session.execute(select(func.count(Course.id)))).scalar_one() == 0


async def test_programs_inside_are_refused_one_by_one(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, teacher: Someone
) -> None:
    files = {**builders.cartridge(), "a/notes.pdf": b"MZ\0\0 a program behind a right name"}
    said = await send(client, frame, builders.zipped(files), await make.bearer(teacher))
    assert said["imported"] == 7
    assert said["skipped"][-1]["what"] == "讲义"
    assert said["skipped"][-1]["why"].startswith("Programs cannot be sent")


async def begun(frame: Frame, teacher: Someone) -> PackageImport:
    assert teacher.school is not None
    row = PackageImport(
        school_id=teacher.school.id, by_id=teacher.id, sha256="0" * 64, name="x.zip",
        subject="数学", grade="三年级",
    )  # fmt: skip
    async with frame.database.write() as session:
        session.add(row)
        await session.flush()
    return row


async def test_what_came_in_stays_a_draft_when_its_maker_goes(
    frame: Frame, make: Makers, teacher: Someone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    path = builders.saved(tmp_path, builders.zipped(builders.cartridge()))
    row = await begun(frame, teacher)
    assert not await importing.bring_in(frame, row.id, path, until=lambda: True)
    async with frame.database.write() as session:
        leaving = await session.get_one(Person, teacher.id)
        leaving.deactivated_at = frame.now()
    assert await importing.bring_in(frame, row.id, path)
    async with frame.database.read() as session:
        found = (await session.execute(select(PackageImport))).scalar_one()
        assert (found.state, found.trouble) == (PackageState.FAILED, importing.MAKER_GONE)
        course = (await session.execute(select(Course))).scalar_one()
        assert course.state is CourseState.DRAFT


async def test_goes_on_where_it_was_left(
    frame: Frame, make: Makers, teacher: Someone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each turn one batch of two, as if the process had died after each."""
    monkeypatch.setattr(importing, "BATCH", 2)
    path = builders.saved(tmp_path, builders.zipped(builders.cartridge()))
    row = await begun(frame, teacher)
    turns = 0
    while not await importing.bring_in(frame, row.id, path, until=lambda: True):
        turns += 1
    assert turns == 3
    assert await importing.bring_in(frame, row.id, path)  # once more changes nothing
    async with frame.database.read() as session:
        found = (await session.execute(select(PackageImport))).scalar_one()
        assert (found.imported, found.position, found.total) == (8, 8, 8)
        assert (await session.execute(select(func.count(Material.id)))).scalar_one() == 5
        assert (await session.execute(select(func.count(Course.id)))).scalar_one() == 1


async def test_a_page_keeps_its_files_where_it_looks_for_them(
    client: httpx2.AsyncClient, frame: Frame, make: Makers, teacher: Someone, tmp_path: Path
) -> None:
    await send(client, frame, builders.zipped(builders.scorm()), await make.bearer(teacher))
    async with frame.database.read() as session:
        statement = select(StoredFile).where(StoredFile.media_type == "application/zip")
        found = (await session.execute(statement)).scalars().all()
    names = []
    for number, one in enumerate(found):
        await FileStore(frame).fetch(one, tmp_path / str(number))
        names.append(sorted(zipfile.ZipFile(tmp_path / str(number)).namelist()))
    assert ["a/index.html", "a/s.css", "shared/x.js"] in names


async def command(settings: Settings, *words: object, code: int = 0) -> dict[str, Any]:
    environment = {
        "TONGKE_DATA_DIR": str(settings.data_dir),
        "TONGKE_DATABASE_URL": settings.sql_url,
    }
    done = await asyncio.to_thread(
        CliRunner().invoke, cli, ["import", "package", *map(str, words)], env=environment
    )
    assert done.exit_code == code, (done.output, done.stderr, done.exception)
    if code:
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return {}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def test_the_command(
    settings: Settings, frame: Frame, teacher: Someone, tmp_path: Path
) -> None:
    assert teacher.school is not None
    path = builders.saved(tmp_path, builders.tarred(builders.moodle()))
    only_read = await command(settings, path, "--json", "--language", "en")
    assert (only_read["kind"], only_read["imported"]) == ("moodle", 6)
    assert {"what": "答疑", "why": "Discussions are not brought in; talk about the lesson here "
            "instead."} in only_read["skipped"]  # fmt: skip
    async with frame.database.read() as session:
        assert (await session.execute(select(func.count(Course.id)))).scalar_one() == 0
    words = (path, "--json", "--language", "en", "--school", teacher.school.code)
    first = await command(settings, *words)
    assert {**first, "course": ""} == {**only_read, "course": ""}
    assert await command(settings, *words) == first
    named = await command(settings, *words, "--teacher", teacher.username, "--again")
    assert named["course"] != first["course"]
    _, lessons = await course_of(frame, named["course"])
    assert [title for title, _ in lessons["水/水"]] == [
        "课件", "页面", "网址", "资料夹 / 子/一.txt", "小书",
    ]  # fmt: skip


async def test_the_command_refuses(settings: Settings, make: Makers, tmp_path: Path) -> None:
    school = await make.school()
    good = builders.saved(tmp_path, builders.zipped(builders.cartridge()), "good.zip")
    bad = builders.saved(tmp_path, b"nothing of the kind", "bad.zip")
    await command(settings, bad, "--json", code=2)
    await command(settings, tmp_path / "missing.zip", code=2)
    await command(settings, good, "--school", "nowhere", code=2)
    await command(settings, good, "--school", school.code, code=2)  # nobody there makes courses
    await command(settings, good, "--school", school.code, "--teacher", "nobody", code=2)
