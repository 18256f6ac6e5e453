"""Materials and captions as the search finds them.

Run in a job after every change of a material, and again when who may see its lesson changes.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from tongke_courses.catalogue.follow_repository import FollowRepository
from tongke_courses.catalogue.models import CourseState
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.catalogue.visible import audience_of_course, audience_of_lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.materials import captioning, captions, reading
from tongke_courses.materials.models import Material, MaterialKind
from tongke_courses.materials.repository import MaterialRepository
from tongke_courses.materials.rights import Owner
from tongke_courses.materials.service import INDEX
from tongke_courses.materials.store import FileStore
from tongke_courses.search import index as search
from tongke_courses.search.documents import Document
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.frame import Frame
from tongke_platform.jobs import Job

MATERIAL, CAPTION = "material", "caption"
# A larger file is found by its title and name.
MAX_READ = 64 << 20
# Half a minute each: a lesson of a whole day has fewer than this.
MAX_PASSAGES = 3000


@dataclass(frozen=True)
class Found:
    """What is to be said about a material; ``owner`` None: nothing (any more). ``audience`` may find it."""

    material_id: UUID
    owner: Owner | None
    at: datetime
    title: str = ""
    name: str = ""
    text: str = ""
    passages: Sequence[tuple[int, str]] = ()
    audience: frozenset[str] = frozenset()


async def lessons_changed(session: WriteSession, lesson_ids: Sequence[UUID]) -> None:
    """Who may see the lessons is another circle now: their materials follow, in jobs."""
    for one in await MaterialRepository(session).of_lessons(lesson_ids):
        session.add(Job(kind=INDEX, payload={"material": str(one.id)}))
    await session.flush()


async def course_changed(session: WriteSession, course_id: UUID) -> None:
    for one in await MaterialRepository(session).of(course_id=course_id):
        session.add(Job(kind=INDEX, payload={"material": str(one.id)}))
    await session.flush()


async def lesson_removed(session: WriteSession, lesson_id: UUID) -> None:
    """Called while its materials are still there."""
    for one in await MaterialRepository(session).of(lesson_id=lesson_id, removed=True):
        await search.remove(session, MATERIAL, one.id)
        for number in range(one.passages):
            await search.remove(session, CAPTION, _passage_id(one.id, number))


async def index(frame: Frame, material_id: UUID) -> None:
    """Idempotent. Raises StoreTrouble: the job is tried again."""
    async with frame.database.read() as session:
        material = await MaterialRepository(session).by_id(material_id)
        owner, audience = await _owner(session, material)
    if material is None:
        return
    found = replace(await _found(frame, material, owner), audience=audience)
    async with frame.database.write() as session:
        now = await MaterialRepository(session).locked_by_id(material_id)
        # What was said meanwhile counts, not what was known before the file was read.
        if now is not None and now.changed_at == material.changed_at:
            await _put(session, found)
            now.passages = await _put_passages(session, found, before=now.passages)


async def _owner(
    session: ReadSession, material: Material | None
) -> tuple[Owner | None, frozenset[str]]:
    """And who may find what is its; nobody what is arriving."""
    if material is None or material.removed_at is not None:
        return None, frozenset()
    if material.lesson_id is not None:
        return await _lesson(session, material.lesson_id)
    assert material.course_id is not None, "of a lesson or a course"
    course = await CourseRepository(session).by_id(material.course_id)
    if course is None or course.state is CourseState.ARRIVING:
        return None, frozenset()
    followers = await FollowRepository(session).schools(course.id)
    return course, audience_of_course(course, followers)


async def _lesson(session: ReadSession, key: UUID) -> tuple[Owner | None, frozenset[str]]:
    lessons = LessonRepository(session)
    lesson = await lessons.by_id(key)
    if lesson is None:
        return None, frozenset()
    courses = await lessons.courses_of([lesson])
    course = courses.get(lesson.course_id) if lesson.course_id is not None else None
    if course is not None and course.state is CourseState.ARRIVING:
        return None, frozenset()
    teachers = [one.person_id for one in course.teachers] if course is not None else ()
    return lesson, audience_of_lesson(lesson, teachers)


async def _found(frame: Frame, material: Material, owner: Owner | None) -> Found:
    current = material.current
    if owner is None or current is None:
        return Found(material.id, owner, material.changed_at, material.title, material.url)
    text, passages = "", list[tuple[int, str]]()
    if material.kind is MaterialKind.CAPTIONS:
        data = await captioning.read(frame, current.file)
        passages = await asyncio.to_thread(lambda: list(captions.passages(captions.parse(data))))
    elif current.file.size <= MAX_READ and reading.reads(current.file.media_type):
        text = await _text(frame, material)
    return Found(
        material.id, owner, material.changed_at, material.title, current.name, text, passages
    )


async def _text(frame: Frame, material: Material) -> str:
    assert material.current is not None
    file = material.current.file
    with tempfile.TemporaryDirectory(prefix="tongke-") as folder:
        path = Path(folder) / "file"
        try:
            await FileStore(frame).fetch(file, path)
        except FileNotFoundError:
            return ""
        return await reading.text_of(path, file.media_type)


async def _put(session: WriteSession, found: Found) -> None:
    if found.owner is None:
        await search.remove(session, MATERIAL, found.material_id)
    else:
        await search.put(session, _document(found, MATERIAL, found.material_id))


async def _put_passages(session: WriteSession, found: Found, before: int) -> int:
    """One document for each half minute, those left over ``before`` go; how many there are."""
    said = found.passages[:MAX_PASSAGES] if found.owner is not None else ()
    for number, (second, words) in enumerate(said):
        key = _passage_id(found.material_id, number)
        document = _document(found, CAPTION, key, words=words, second=second)
        await search.put(session, document)
    for number in range(len(said), before):
        await search.remove(session, CAPTION, _passage_id(found.material_id, number))
    return len(said)


def _passage_id(material_id: UUID, number: int) -> UUID:
    return uuid5(material_id, str(number))


def _document(
    found: Found,
    kind: str,
    key: UUID,
    *,
    words: str | None = None,
    second: int | None = None,
) -> Document:
    owner = found.owner
    assert owner is not None
    return Document(
        kind=kind,
        id=key,
        title=owner.title if kind == CAPTION else found.title,
        at=found.at,
        audience=found.audience,
        body=words if words is not None else f"{found.name}\n{found.text}",
        facets={"subject": owner.subject, "grade": owner.grade, "school": str(owner.school_id)},
        parent_id=owner.id,
        at_seconds=second,
    )
