"""Archives over HTTP: size first, any byte, and who gets what."""

import asyncio
import hashlib
import io
import itertools
import json
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.makers import Makers, Someone
from tests.packages import builders
from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue import syllabus
from tongke_courses.catalogue.models import Course, CourseUnit, Licence
from tongke_courses.catalogue.schemas import CourseIn
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.schemas import LessonIn
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials import service as materials
from tongke_courses.materials.store import FileStore
from tongke_courses.packages.reading.reader import opened_package
from tongke_courses.packages.reading.structure import PackedFile, PackedLink, PackedPage
from tongke_platform.accounts.service import principal_of
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

PDF = b"%PDF-1.4 " + bytes(range(256)) * 40


@dataclass
class Filled:
    course: Course
    unit: CourseUnit
    lessons: Sequence[Lesson]
    teacher: Someone
    headers: dict[str, str]

    def address(self, what: str, rest: str) -> str:
        key: dict[str, UUID] = {
            "courses": self.course.id, "units": self.unit.id, "lessons": self.lessons[0].id,
        }  # fmt: skip
        return f"/api/{what}/{key[what]}/{rest}"


class Shelf:
    """Makes courses with materials."""

    def __init__(self, frame: Frame, make: Makers, folder: Path) -> None:
        self.frame, self.make, self.folder = frame, make, folder

    async def file(self, lesson: Lesson, name: str, data: bytes, **more: Any) -> None:
        path = builders.saved(self.folder, data, "file")
        stored = await FileStore(self.frame).put_path(path)
        async with self.frame.database.write() as session:
            await materials.add_file(
                session, self.frame, lesson_id=lesson.id, name=name, stored=stored, **more
            )

    async def course(
        self, visibility: Visibility, licence: Licence, *, publish: bool = True
    ) -> Filled:
        teacher = await self.make.person(await self.make.school())
        frame = self.frame
        async with frame.database.read() as session:
            by = await principal_of(session, teacher.id, frame.today())
        assert by is not None
        async with frame.database.write() as session:
            wanted = CourseIn(
                title="分数的初步认识", subject="数学", grade="三年级", visibility=visibility,
                licence=licence, credits="王老师", description="第一行\n第二行",
            )  # fmt: skip
            course = await courses.create(frame, session, by, wanted)
            unit = await courses.add_unit(session, by, course.id, "认识/几分之一")
        lessons = [
            await self.lesson(by, course, title, key)
            for title, key in (("折一折", unit.id), ("分一分", unit.id), ("练习", None))
        ]
        await self.file(lessons[0], "讲义.pdf", PDF, title="讲义")
        await self.file(lessons[0], "讲义.pdf", PDF + b"2", title="讲义二", credits="李老师")
        await self.file(lessons[0], "录像.txt", b"only here", title="录像", licence=Licence.VIEW)
        await self.file(lessons[1], "open.txt", b"for all", title="公开", licence=Licence.CC_BY)
        async with frame.database.write() as session:
            await materials.add_link(
                session,
                frame,
                lesson_id=lessons[0].id,
                url="https://a.example/?x=1&y=2",
                title="网",
            )
            if publish:
                await courses.publish(frame, session, by, course.id)
        return Filled(course, unit, lessons, teacher, await self.make.bearer(teacher))

    async def lesson(self, by: Principal, course: Course, title: str, unit: UUID | None) -> Lesson:
        wanted = LessonIn(
            title=title, subject="数学", grade="三年级", course_id=course.id, unit_id=unit, planned_minutes=40,
            description=f"关于{title} <b>&</b>",
        )  # fmt: skip
        async with self.frame.database.write() as session:
            return await syllabus.plan(self.frame, session, by, wanted)


@pytest.fixture
def shelf(frame: Frame, make: Makers, tmp_path: Path) -> Shelf:
    return Shelf(frame, make, tmp_path)


async def test_anonymous(client: httpx2.AsyncClient, shelf: Shelf) -> None:
    """Nothing of what is not public; of what is, what its licence gives to everybody."""
    hidden = await shelf.course(Visibility.SIGNED_IN, Licence.CC_BY)
    for what in ("courses", "units", "lessons"):
        for rest in ("archive/size", "archive.zip"):
            answer = await client.get(hidden.address(what, rest))
            assert answer.status_code == 401, (what, rest)
    for form in ("cartridge.imscc", "folder.zip"):
        address = hidden.address("courses", f"export/{form}")
        assert (await client.get(address)).status_code == 401
    shown = await shelf.course(Visibility.PUBLIC, Licence.SCHOOLS)
    size = (await client.get(shown.address("courses", "archive/size"))).json()
    assert size["files"] == 1
    assert [one["title"] for one in size["left_out"]] == ["讲义", "讲义二", "录像", "网"]
    assert "log in first" in size["left_out"][0]["why"]


@pytest.mark.parametrize("what", ["courses", "units", "lessons"])
async def test_size_first_then_the_archive(
    client: httpx2.AsyncClient, shelf: Shelf, what: str, tmp_path: Path
) -> None:
    made = await shelf.course(Visibility.SIGNED_IN, Licence.SCHOOLS)
    size = (await client.get(made.address(what, "archive/size"), headers=made.headers)).json()
    answer = await client.get(made.address(what, "archive.zip"), headers=made.headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == size["bytes"] == int(answer.headers["content-length"])
    assert size["files"] == (2 if what == "lessons" else 3)
    assert [one["title"] for one in size["left_out"]] == ["录像"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    sums = archive.read("SHA256SUMS").decode().splitlines()
    assert len(sums) == len(archive.namelist()) - 1
    for line in sums:
        sha256, _, name = line.partition("  ")
        assert hashlib.sha256(archive.read(name)).hexdigest() == sha256
    manifest = json.loads(archive.read("manifest.json"))
    paths = [
        one["path"] for part in manifest["parts"] for one in part["materials"] if "path" in one
    ]
    assert sorted([*paths, "README.txt", "manifest.json", "SHA256SUMS"]) == sorted(
        archive.namelist()
    )
    assert "录像" in archive.read("README.txt").decode()
    assert b"only here" not in answer.content
    if what == "courses":
        assert "02 认识-几分之一/01 折一折/01 讲义.pdf" in paths
    path = builders.saved(tmp_path, answer.content, "a.zip")
    unzip = await asyncio.create_subprocess_exec("unzip", "-tq", path)
    assert await unzip.wait() == 0


async def test_any_byte_again_and_the_same(client: httpx2.AsyncClient, shelf: Shelf) -> None:
    made = await shelf.course(Visibility.SIGNED_IN, Licence.SCHOOLS)
    address = made.address("courses", "archive.zip")
    whole = await client.get(address, headers=made.headers)
    etag, size = whole.headers["etag"], len(whole.content)
    assert (await client.get(address, headers=made.headers)).content == whole.content
    chosen = random.Random(7).sample(range(1, size), 12)
    places = sorted({0, size, *chosen})
    found = b""
    for start, end in itertools.pairwise(places):
        headers = {**made.headers, "Range": f"bytes={start}-{end - 1}", "If-Range": etag}
        part = await client.get(address, headers=headers)
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        found += part.content
    assert found == whole.content
    rest = await client.get(address, headers={**made.headers, "Range": f"bytes={size - 5}-"})
    assert rest.content == whole.content[-5:]
    outside = await client.get(address, headers={**made.headers, "Range": f"bytes={size}-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}")
    known = await client.get(address, headers={**made.headers, "If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    head = await client.head(address, headers=made.headers)
    assert (head.headers["content-length"], head.content) == (str(size), b"")
    assert head.headers["accept-ranges"] == "bytes"


async def test_what_has_changed_is_sent_from_its_beginning(
    client: httpx2.AsyncClient, shelf: Shelf
) -> None:
    made = await shelf.course(Visibility.SIGNED_IN, Licence.SCHOOLS)
    address = made.address("lessons", "archive.zip")
    before = await client.get(address, headers=made.headers)
    await shelf.file(made.lessons[0], "新.txt", b"newer")
    headers = {**made.headers, "Range": "bytes=100-", "If-Range": before.headers["etag"]}
    after = await client.get(address, headers=headers)
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    zipfile.ZipFile(io.BytesIO(after.content)).testzip()


async def test_drafts_and_other_schools(
    client: httpx2.AsyncClient, shelf: Shelf, make: Makers
) -> None:
    draft = await shelf.course(Visibility.SIGNED_IN, Licence.CC0, publish=False)
    ours = await shelf.course(Visibility.ROOMS, Licence.CC0)
    stranger = await make.bearer(await make.person(await make.school()))
    rests = ["archive/size", "archive.zip"]
    for made in (draft, ours):
        for what in ("courses", "units", "lessons"):
            for rest in [*rests, *(["export/cartridge.imscc"] if what == "courses" else [])]:
                address = made.address(what, rest)
                refused = (await client.get(address, headers=stranger)).status_code
                assert refused == (403 if what == "lessons" else 404), address
                assert (await client.get(address, headers=made.headers)).status_code == 200, address


async def test_a_cartridge_reads_back(
    client: httpx2.AsyncClient, shelf: Shelf, tmp_path: Path
) -> None:
    made = await shelf.course(Visibility.SIGNED_IN, Licence.SCHOOLS)
    address = made.address("courses", "export/cartridge.imscc")
    answer = await client.get(address, headers=made.headers)
    assert answer.headers["content-type"] == "application/vnd.ims.imsccv1p3"
    with opened_package(builders.saved(tmp_path, answer.content)) as (archive, found):
        assert (found.kind.value, found.version) == ("common-cartridge", "1.3")
        assert (found.title, found.description) == ("分数的初步认识", "第一行\n第二行")
        shown = [(unit.title, [one.title for one in unit.lessons]) for unit in found.units]
        assert shown == [("", ["练习"]), ("认识/几分之一", ["折一折", "分一分"])]
        lesson = found.units[1].lessons[0]
        assert lesson.description == "关于折一折 <b>&</b>"
        first, second, link = lesson.materials
        assert isinstance(first, PackedFile)
        assert isinstance(second, PackedFile)
        assert (first.title, first.name, second.title) == ("讲义", "讲义.pdf", "讲义二")
        assert archive.read(first.path, 1 << 20) == PDF
        assert link == PackedLink("https://a.example/?x=1&y=2", "网")
        assert not any(isinstance(one, PackedPage) for one in lesson.materials)
        assert found.skipped == []


async def test_a_folder_opens_from_a_stick(
    client: httpx2.AsyncClient, shelf: Shelf, tmp_path: Path
) -> None:
    """Every link of every page leads to a file of the folder, or says that it leads away."""
    import re
    from urllib.parse import unquote

    made = await shelf.course(Visibility.SIGNED_IN, Licence.SCHOOLS)
    address = made.address("courses", "export/folder.zip")
    data = (await client.get(address, headers=made.headers)).content
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = set(archive.namelist())
    pages = [one for one in names if one.endswith(".html")]
    assert len(pages) == 4
    for page in pages:
        text = archive.read(page).decode()
        assert "<script" not in text
        for href in re.findall(r'(?:href|src)="([^"]+)"', text):
            if href.startswith("https://a.example"):
                continue
            parts = [*page.split("/")[:-1]]
            for part in unquote(href).split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in names, (page, href)
    everything = "".join(archive.read(one).decode() for one in pages)
    assert "关于折一折 &lt;b&gt;&amp;&lt;/b&gt;" in everything
    assert "录像" in everything
    assert b"only here" not in data
