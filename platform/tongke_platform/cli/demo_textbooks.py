"""The demo's shelf: some books, the one a class uses, and where the demo's lessons stand in it."""

from uuid import UUID

from sqlalchemy import select

from tongke_courses.lessons.models import Lesson
from tongke_courses.textbooks import classrooms, sample
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_courses.textbooks.repository import NodeRepository
from tongke_platform.cli.demo_objects import Place
from tongke_platform.database import WriteSession
from tongke_platform.demo import people


async def fill(session: WriteSession, place: Place, class_id: UUID) -> None:
    """Makes what is missing."""
    shelf = await sample.fill(session, place.by)
    book = shelf["语文 统编版 上册"]
    poems = await NodeRepository(session).beginning(NodeKind.PERIOD, "4 古诗三首", [book])
    reached = poems[0] if poems else None
    if not await classrooms.used(session, place.by, class_id):
        key = reached.id if reached else None
        await classrooms.use(session, place.by, class_id, book.id, key)
    if reached is not None:
        await _stand(session, place, reached)


async def _stand(session: WriteSession, place: Place, node: TextbookNode) -> None:
    """The lessons on the poems of autumn."""
    mine = select(Lesson).where(
        Lesson.school_id == place.school.id,
        Lesson.textbook_id.is_(None),
        Lesson.title.startswith(people.NOW.title.partition(" ")[0]),
    )
    for lesson in (await session.execute(mine)).scalars():
        lesson.textbook_id = node.id
    await session.flush()
