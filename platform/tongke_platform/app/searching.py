"""Which kinds of objects the search knows, and what is found by another name from now on."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from tongke_courses.boards import indexing as boards
from tongke_courses.catalogue import indexing as courses
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.lessons import indexing as lessons
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.materials import finding as materials
from tongke_platform.database import Record
from tongke_platform.frame import Frame
from tongke_platform.jobs import Job, Payload
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Person

RENAMED = "search.renamed"
# Names that stand in what is found, and where a school lies, which says who may find it.
NAMED: dict[type[Record], tuple[str, ...]] = {
    Person: ("display_name",),
    Organisation: ("name", "region_path", "parent_id"),
}
AT_ONCE = 200


def install() -> None:
    """Called by the assembly, any number of times."""
    lessons.register()
    courses.register()
    materials.register()
    boards.register()
    if not event.contains(Session, "before_flush", _before_flush):
        event.listen(Session, "before_flush", _before_flush)


def _before_flush(session: Session, _context: object, _instances: object) -> None:
    """With the change itself is written that the search has to follow: an erased teacher's name is
    not to be found any more, whoever dies in between.
    """
    for one in [one for one in session.dirty if _renamed(one)]:
        session.add(Job(kind=RENAMED, payload={"id": str(one.id)}))


def _renamed(record: Any) -> bool:
    attributes = inspect(record).attrs
    return any(attributes[one].history.has_changes() for one in NAMED.get(type(record), ()))


def register(frame: Frame) -> None:
    async def follow(payload: Payload) -> None:
        await renamed(frame, UUID(payload["id"]))

    frame.jobs.handle(RENAMED, follow)
    boards.register_job(frame)


async def renamed(frame: Frame, key: UUID) -> None:
    """The lessons and courses of a person or school are found by its name of today."""
    async with frame.database.read() as session:
        taught = await LessonRepository(session).ids_of(key)
        led = await CourseRepository(session).ids_of(key)
    for some in _batches(taught):
        async with frame.database.write() as session:
            await lessons.refresh(session, *some)
    for one in led:
        async with frame.database.write() as session:
            await courses.course_changed(session, one)


def _batches(keys: Sequence[UUID]) -> Sequence[Sequence[UUID]]:
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]
