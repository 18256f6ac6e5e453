"""Which book a class uses in a subject, and the unit or period it has come to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement

from tongke_courses.textbooks import service
from tongke_courses.textbooks.models import ClassTextbook, NodeKind, TextbookNode
from tongke_courses.textbooks.repository import ClassTextbookRepository
from tongke_courses.textbooks.rights import SEE_CLASS, USE
from tongke_platform.classes.repository import ClassRepository, ClassRow
from tongke_platform.classes.service import NO_CLASS
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Invalid, NotFound
from tongke_platform.organisations.models import SchoolClass
from tongke_platform.paging import MOST, Window
from tongke_platform.rights import Principal

NO_VOLUME = N_("Please choose a volume of a textbook, such as the first of the third grade.")
ELSEWHERE = N_("The place the class has come to is not in this book.")


async def class_seen(session: ReadSession, key: UUID, by: Principal) -> SchoolClass:
    """Raises NotFound, also for a class whose books ``by`` may not see."""
    found = await ClassRepository(session).by_id(key)
    if found is None or not SEE_CLASS.allows(by, found.organisation):
        raise NotFound(NO_CLASS, code="no_class")
    return found


async def used(session: ReadSession, by: Principal, class_id: UUID) -> list[ClassTextbook]:
    """Raises NotFound."""
    found = await class_seen(session, class_id, by)
    return (await service.class_uses(session, [found.id]))[found.id]


async def classes_of(session: ReadSession, by: Principal) -> Sequence[ClassRow]:
    """The classes of the school they act for whose books ``by`` may set, to choose from."""
    school = by.school
    if school is None or not USE.allows(by, school):
        return []
    mine: ColumnElement[bool] = SchoolClass.organisation_id == school.id
    found = await ClassRepository(session).page(mine, Window(limit=MOST), by.today)
    return found.items


async def use(
    session: WriteSession, by: Principal, class_id: UUID, volume_id: UUID, reached_id: UUID | None
) -> ClassTextbook:
    """In the volume's subject. Raises NotFound, Forbidden, Invalid ``no_volume``, ``elsewhere``."""
    found = await class_seen(session, class_id, by)
    USE.check(by, found.organisation)
    place = await service.place(session, volume_id)
    if place.node.kind is not NodeKind.VOLUME:
        raise Invalid(NO_VOLUME, code="no_volume")
    if reached_id is not None:
        await _check_inside(session, place.node, reached_id)
    # The class is the row to wait for: what it uses may not be there yet.
    await ClassRepository(session).to_change(class_id)
    return await _put(session, by, class_id, place, reached_id)


async def _check_inside(session: ReadSession, volume: TextbookNode, key: UUID) -> None:
    reached = await service.get(session, key)
    if not reached.path.startswith(volume.path) or reached.kind not in service.BELOW_VOLUME:
        raise Invalid(ELSEWHERE, code="elsewhere")


async def _put(
    session: WriteSession, by: Principal, class_id: UUID, place: service.Place, reached: UUID | None
) -> ClassTextbook:
    repository, subject = ClassTextbookRepository(session), place.name(NodeKind.SUBJECT)
    there = await repository.of_subject(class_id, subject)
    if there is None:
        made = ClassTextbook(
            class_id=class_id, subject=subject, volume_id=place.node.id, reached_id=reached,
            by_id=by.id,
        )  # fmt: skip
        await repository.add(made)
    else:
        values = {"volume_id": place.node.id, "reached_id": reached, "by_id": by.id}
        await repository.change(there.id, **values)
    found = await repository.of_subject(class_id, subject)
    assert found is not None
    return found


async def stop(session: WriteSession, by: Principal, class_id: UUID, subject: str) -> None:
    """The class uses no book in this subject. Raises NotFound, Forbidden."""
    found = await class_seen(session, class_id, by)
    USE.check(by, found.organisation)
    there = await ClassTextbookRepository(session).of_subject(class_id, subject)
    if there is not None:
        await ClassTextbookRepository(session).remove(there.id)
