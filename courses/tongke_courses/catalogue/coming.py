"""Coming lessons find their way again when it changes where a class sits or who leads a course.

Rows of classrooms are watched, whoever writes them; the work is a job committed with the change, and
done as soon as that is.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from tongke_courses.catalogue import following
from tongke_platform.database import tell
from tongke_platform.frame import Frame
from tongke_platform.jobs import Job, Payload
from tongke_platform.organisations.models import Room

DELIVER = "catalogue.deliver"
# A room that is revoked gets nothing; open again it is as if the class had moved in.
SEATING = ("class_id", "revoked_at")


def install() -> None:
    """Called by the assembly, any number of times."""
    if not event.contains(Session, "before_flush", _before_flush):
        event.listen(Session, "before_flush", _before_flush)


def _before_flush(session: Session, _context: object, _instances: object) -> None:
    rooms = [one for one in (*session.new, *session.dirty) if isinstance(one, Room)]
    for key in {one.class_id for one in rooms if one.class_id is not None and _seated(one)}:
        _deliver(session, "class", key)


def _seated(room: Room) -> bool:
    attributes: Any = inspect(room).attrs
    changed = any(attributes[one].history.has_changes() for one in SEATING)
    return changed and room.revoked_at is None


def course_leads_anew(session: Session, course_id: UUID) -> None:
    """Another school leads it, or it is published again."""
    _deliver(session, "course", course_id)


def _deliver(session: Session, what: str, key: UUID) -> None:
    session.add(Job(kind=DELIVER, payload={what: str(key)}))
    tell(session, DELIVER)


def register(frame: Frame) -> None:
    async def deliver(payload: Payload) -> None:
        async with frame.database.write() as session:
            if "class" in payload:
                await following.deliver_to_class(frame, session, UUID(payload["class"]))
            else:
                await following.deliver_coming(frame, session, UUID(payload["course"]))

    frame.jobs.handle(DELIVER, deliver)
    frame.events.listen(DELIVER, lambda _: frame.jobs.wake())
