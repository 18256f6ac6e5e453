"""Files of the demo's lesson: captions, a study sheet of its course, and an upload on its way."""

import tempfile
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue.models import Course, CoursePart, CourseTeacher
from tongke_courses.materials import service as materials
from tongke_courses.materials import uploading
from tongke_courses.materials.models import StoredFile
from tongke_courses.materials.store import FileStore
from tongke_platform.cli.demo_objects import Place
from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame

TITLE = "圆的认识与测量"
CAPTIONS_NAME = "captions.vtt"
CAPTIONS = """WEBVTT

00:00:02.000 --> 00:00:06.000
同学们好，我们一起看圆的面积。

00:00:06.500 --> 00:00:11.000
请拿出圆形纸片，沿半径剪开，再拼起来。
"""
SHEET_NAME = "学习单.txt"
SHEET = """圆的面积 学习单

一、把圆分成若干等份，剪开后拼成近似的什么图形？
二、拼成的图形的长和宽与圆有什么关系？
"""


async def fill(frame: Frame, place: Place, lesson_id: UUID) -> dict[str, str]:
    """What is there stays; ids (and the file's name) by the names that routes give them."""
    captions = await _stored(frame, CAPTIONS)
    sheet = await _stored(frame, SHEET)
    by = place.by.id
    async with frame.database.write() as session:
        course = await _course(session, place)
        made = await materials.add_file(
            session, frame, lesson_id=lesson_id, name=CAPTIONS_NAME, title="字幕",
            stored=captions, by=by,
        )  # fmt: skip
        await materials.add_file(
            session, frame, course_id=course, name=SHEET_NAME, stored=sheet, by=by
        )
    begun = await uploading.begin(frame, place.by, "教学设计.docx", 40_000)
    return {
        "upload_id": str(begun.id),
        "material_id": str(made.id),
        "version_id": str(made.current_id),
        "name": CAPTIONS_NAME,
        "course_id": str(course),
    }


async def _stored(frame: Frame, text: str) -> StoredFile:
    with tempfile.TemporaryDirectory(prefix="tongke-") as folder:
        path = Path(folder) / "file"
        path.write_text(text, "utf-8")
        return await FileStore(frame).put_path(path)


async def _course(session: WriteSession, place: Place) -> UUID:
    mine = select(Course.id).where(Course.school_id == place.school.id, Course.title == TITLE)
    there = (await session.execute(mine)).scalar_one_or_none()
    if there is not None:
        return there
    teacher = CourseTeacher(person_id=place.by.id, part=CoursePart.LEAD)
    made = Course(
        school_id=place.school.id, title=TITLE, subject="数学", grade="六年级", edition="人教版",
        teachers=[teacher],
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made.id
