"""What somebody may take home of a lesson, a unit or a course, and what has to stay."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tongke_courses.catalogue import service as courses
from tongke_courses.catalogue import syllabus
from tongke_courses.catalogue.models import Course, CourseUnit, Licence
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import NO_LESSON
from tongke_courses.materials.models import Material, MaterialVersion, StoredFile
from tongke_courses.materials.repository import MaterialRepository
from tongke_courses.materials.rights import (
    check_see_owner,
    licence_in,
    licence_of_owner,
    why_not,
)
from tongke_courses.takehome.repository import UnitRepository
from tongke_platform.database import ReadSession
from tongke_platform.errors import NotFound
from tongke_platform.rights import Principal

_BATCH = 500


@dataclass(frozen=True)
class LeftOut:
    """``why`` is a message of the catalogues."""

    title: str
    why: str


@dataclass(frozen=True)
class Taken:
    """A material with the licence that holds for it; a link has no ``version``."""

    material: Material
    licence: Licence
    version: MaterialVersion | None = None

    @property
    def file(self) -> StoredFile | None:
        return self.version.file if self.version is not None else None


@dataclass(frozen=True)
class TakenRecording:
    """A lesson's recording as one file. ``digest`` says what it is made of; ``sha256`` (lower-case
    hex) and ``crc32`` of its bytes are empty and 0 until somebody has counted them.
    """

    lesson_id: UUID
    digest: str
    size: int
    duration_ms: int
    sha256: str = ""
    crc32: int = 0


@dataclass
class LessonPart:
    """``left_out`` of this lesson alone; ``recording``: see ``recordings``. ``shown``: all materials."""

    lesson: Lesson
    unit: CourseUnit | None = None
    taken: list[Taken] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    recording: TakenRecording | None = None
    shown: Sequence[Material] = ()


@dataclass
class Contents:
    """``lessons`` in their order. ``general``: of the course as a whole, of all that is there
    (``general_shown``). ``course`` None: the lesson is of none.
    """

    kind: str
    id: UUID
    title: str
    description: str
    school: str
    licence: Licence
    credits: str
    course: Course | None = None
    units: Sequence[CourseUnit] = ()
    general: list[Taken] = field(default_factory=list)
    general_left_out: list[LeftOut] = field(default_factory=list)
    general_shown: Sequence[Material] = ()
    lessons: list[LessonPart] = field(default_factory=list)

    @property
    def left_out(self) -> list[LeftOut]:
        return [*self.general_left_out, *(one for part in self.lessons for one in part.left_out)]


async def of_course(session: ReadSession, principal: Principal | None, key: UUID) -> Contents:
    """Raises NotFound for who may not see it."""
    found = await syllabus.lines(session, principal, key)
    contents = _of(found.course, "course", key, found.course.title, found.course.description)
    contents.units = found.units
    general = await MaterialRepository(session).of(course_id=key)
    contents.general_shown = general
    contents.general, contents.general_left_out = _sorted(general, contents.licence, principal)
    await _fill(session, principal, contents, found.lessons, found.units)
    return contents


async def of_unit(session: ReadSession, principal: Principal | None, key: UUID) -> Contents:
    """Raises NotFound for who may not see its course, Unauthorized for nobody."""
    course_id = await UnitRepository(session).course_of(key)
    if course_id is None:
        raise NotFound(courses.NO_UNIT, code="no_unit")
    found = await syllabus.lines(session, principal, course_id)
    unit = next(one for one in found.units if one.id == key)
    contents = _of(found.course, "unit", key, unit.title, "")
    contents.units = [unit]
    lessons = [one for one in found.lessons if one.unit_id == key]
    await _fill(session, principal, contents, lessons, found.units)
    return contents


async def of_lesson(session: ReadSession, principal: Principal | None, key: UUID) -> Contents:
    """Raises NotFound, Unauthorized, Forbidden."""
    lesson = await LessonRepository(session).by_id(key)
    if lesson is None:
        raise NotFound(NO_LESSON, code="no_lesson")
    await check_see_owner(session, principal, lesson)
    contents = Contents(
        kind="lesson",
        id=key,
        title=lesson.title,
        description=lesson.description,
        school=lesson.school.name,
        licence=await licence_of_owner(session, lesson),
        credits="",
    )
    await _fill(session, principal, contents, [lesson], [])
    return contents


def _of(course: Course, kind: str, key: UUID, title: str, description: str) -> Contents:
    return Contents(
        kind=kind,
        id=key,
        title=title,
        description=description,
        school=course.school.name,
        licence=course.licence,
        credits=course.credits,
        course=course,
    )


async def _fill(
    session: ReadSession,
    principal: Principal | None,
    contents: Contents,
    lessons: Sequence[Lesson],
    units: Sequence[CourseUnit],
) -> None:
    named = {one.id: one for one in units}
    found: dict[UUID | None, list[Material]] = {}
    keys = [one.id for one in lessons]
    for start in range(0, len(keys), _BATCH):
        for one in await MaterialRepository(session).of_lessons(keys[start : start + _BATCH]):
            found.setdefault(one.lesson_id, []).append(one)
    for lesson in lessons:
        shown = found.get(lesson.id, [])
        taken, left = _sorted(shown, contents.licence, principal)
        unit = named.get(lesson.unit_id) if lesson.unit_id is not None else None
        contents.lessons.append(LessonPart(lesson, unit, taken, left, shown=shown))


def _sorted(
    materials: Sequence[Material], licence: Licence, principal: Principal | None
) -> tuple[list[Taken], list[LeftOut]]:
    taken: list[Taken] = []
    left: list[LeftOut] = []
    for one in materials:
        holds = licence_in(one, licence)
        # Also of an editor: an archive is made to be handed on.
        why = why_not(holds, of_school=principal is not None)
        if why:
            left.append(LeftOut(one.title, why))
        elif one.url or one.current is not None:
            taken.append(Taken(one, holds, one.current))
    return taken, left
