"""The rows of a batch, made together and written with a few statements.

One by one through the services of lessons and materials a package of 500 items would take four times
as long; what those check of each is checked here by the same functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tongke_courses.catalogue.models import CourseUnit
from tongke_courses.catalogue.repository import UnitRepository
from tongke_courses.catalogue.syllabus_repository import SyllabusRepository
from tongke_courses.lessons.models import Lesson
from tongke_courses.materials import looking, names
from tongke_courses.materials.models import Material, MaterialKind, MaterialVersion, StoredFile
from tongke_courses.materials.repository import MaterialRepository
from tongke_courses.materials.service import check_link
from tongke_courses.packages.reading.structure import PackedLink, Skipped
from tongke_courses.packages.repository import PackageImportRepository
from tongke_courses.packages.steps import Step
from tongke_courses.packages.unpacking import Unpacked
from tongke_platform.database import WriteSession, uuid7
from tongke_platform.errors import Invalid
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import new_secret

LESSON_MINUTES = 40


@dataclass
class Ready:
    """A step with its file in the store; ``why`` it has no place when it has none."""

    step: Step
    stored: StoredFile | None = None
    unpacked: Unpacked | None = None
    why: str = ""


@dataclass(frozen=True)
class Said:
    """What every lesson of the course is made with."""

    school_id: UUID
    teacher_id: UUID
    title: str
    subject: str
    grade: str


@dataclass
class Place:
    """Where the next item goes, and what became of those before."""

    course_id: UUID
    unit_id: UUID | None
    lesson_id: UUID | None
    imported: int = 0
    skipped: list[Skipped] = field(default_factory=list)


class Writing:
    """One batch into ``place``, within the caller's transaction."""

    def __init__(self, session: WriteSession, frame: Frame, said: Said, place: Place) -> None:
        self.session, self.frame, self.said, self.place = session, frame, said, place
        self.lessons: list[Lesson] = []
        self.materials: list[Material] = []
        self.versions: list[MaterialVersion] = []
        self._last: dict[UUID | None, int] = {}
        self._next: dict[UUID, int] = {}

    async def write(self, ready: Sequence[Ready]) -> None:
        """Found by nobody before all of the package is there."""
        for one in ready:
            if one.step.material is None:
                await self._lesson(one.step)
            else:
                await self._material(one)
        repository = PackageImportRepository(self.session)
        await repository.add_rows(self.lessons, self.materials, self.versions)

    async def _lesson(self, step: Step) -> None:
        assert step.unit is not None, "a lesson has its unit"
        place = self.place
        if not step.unit.title:
            place.unit_id = None
        elif step.new_unit:
            place.unit_id = await self._unit(step.unit.title)
        if place.unit_id not in self._last:
            last = await SyllabusRepository(self.session).last_position(
                place.course_id, place.unit_id
            )
            self._last[place.unit_id] = last
        self._last[place.unit_id] += 1
        place.lesson_id = uuid7()
        self._next[place.lesson_id] = 0
        place.imported += 1
        self.lessons.append(
            Lesson(
                id=place.lesson_id,
                title=(step.lesson.title or step.unit.title or self.said.title)[:200],
                description=step.lesson.description,
                subject=self.said.subject,
                grade=self.said.grade,
                school_id=self.said.school_id,
                teacher_id=self.said.teacher_id,
                planned_minutes=LESSON_MINUTES,
                media_key=new_secret(),
                course_id=place.course_id,
                unit_id=place.unit_id,
                position=self._last[place.unit_id],
            )
        )

    async def _unit(self, title: str) -> UUID:
        units = await UnitRepository(self.session).of_course(self.place.course_id)
        position = max((one.position for one in units), default=-1) + 1
        made = CourseUnit(course_id=self.place.course_id, title=title[:200], position=position)
        return (await UnitRepository(self.session).add(made)).id

    async def _material(self, ready: Ready) -> None:
        one, lesson_id = ready.step.material, self.place.lesson_id
        assert one is not None, "a step of a material"
        assert lesson_id is not None, "a lesson comes first"
        try:
            if ready.why:
                raise Invalid(ready.why)
            kind, url, name = _checked(ready)
        except Invalid as error:
            self.place.skipped.append(Skipped(one.title, error.message))
            return
        if lesson_id not in self._next:
            self._next[lesson_id] = await MaterialRepository(self.session).next_position(
                lesson_id, None
            )
        made = Material(
            id=uuid7(),
            lesson_id=lesson_id,
            kind=kind,
            title=(one.title.strip() or names.split(name)[0] or url)[:200],
            url=url,
            position=self._next[lesson_id],
            changed_at=self.frame.now(),
            by_id=self.said.teacher_id,
        )
        self._next[lesson_id] += 1
        self.place.imported += 1
        self.materials.append(made)
        if ready.stored is not None:
            self._version(made, name, ready.stored)

    def _version(self, material: Material, name: str, stored: StoredFile) -> None:
        version = MaterialVersion(
            id=uuid7(),
            material_id=material.id,
            number=1,
            name=name,
            file_id=stored.id,
            by_id=self.said.teacher_id,
        )
        material.current_id = version.id
        self.versions.append(version)


def _checked(ready: Ready) -> tuple[MaterialKind, str, str]:
    """Kind, address and file name. Raises Invalid ``bad_link``, ``program``."""
    one = ready.step.material
    if isinstance(one, PackedLink):
        check_link(one.url)
        return MaterialKind.LINK, one.url, ""
    assert ready.stored is not None, "what is no link has a file"
    assert ready.unpacked is not None, "its file came out of the package"
    name = names.clean(ready.unpacked.name)
    looking.check_name(name)
    return ready.unpacked.kind or looking.kind_of(ready.stored.media_type), "", name
