"""Whether a course suits a class: its edition, and how far the class has come."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import event

from tests.catalogue.stage import Stage
from tongke_courses.catalogue.rights import FOLLOW
from tongke_courses.lessons.rights import WATCH
from tongke_courses.textbooks.models import (
    ClassTextbook,
    KnowledgeLink,
    KnowledgePoint,
    NodeKind,
    TextbookNode,
)
from tongke_platform.database import WriteSession, uuid7


@dataclass
class Book:
    """An edition with one volume of two units with two periods each."""

    volume: TextbookNode
    periods: list[TextbookNode] = field(default_factory=list)


async def node(
    session: WriteSession, kind: NodeKind, name: str, parent: TextbookNode | None, position: int = 0
) -> TextbookNode:
    key = uuid7()
    made = TextbookNode(
        id=key,
        kind=kind,
        name=name,
        parent_id=parent.id if parent else None,
        path=f"{parent.path if parent else '/'}{key}/",
        position=position,
    )
    session.add(made)
    await session.flush()
    return made


async def book(session: WriteSession, subject: TextbookNode, edition: str) -> Book:
    above = await node(session, NodeKind.EDITION, edition, subject)
    found = Book(await node(session, NodeKind.VOLUME, "上册", above))
    for unit in range(2):
        inside = await node(session, NodeKind.UNIT, f"第{unit}单元", found.volume, unit)
        for period in range(2):
            found.periods.append(
                await node(session, NodeKind.PERIOD, f"第{period}课时", inside, period)
            )
    return found


async def test_edition_and_progress(stage: Stage) -> None:
    far = await stage.far(partner=True)
    async with stage.frame.database.write() as session:
        subject = await node(session, NodeKind.SUBJECT, "数学", None)
        ours, other = (
            await book(session, subject, "人教版"),
            await book(session, subject, "北师大版"),
        )
        point = KnowledgePoint(subject="数学", name="几分之一")
        session.add(point)
        await session.flush()
        for one in (ours.periods[3], other.periods[0]):
            session.add(KnowledgeLink(point_id=point.id, node_id=one.id))
        session.add(
            ClassTextbook(
                class_id=UUID(far.class_id),
                subject="数学",
                volume_id=ours.volume.id,
                reached_id=ours.periods[1].id,
            )
        )
    course = await stage.course(edition="人教版-人民教育出版社")
    placed = (ours.periods[0], ours.periods[1], ours.periods[2], other.periods[0], other.periods[1])
    for one in placed:
        await stage.lesson(course, textbook_id=str(one.id))
    where = f"/api/courses/{course['id']}/lessons?class_id={far.class_id}"
    found = [one["fit"] for one in (await stage.ask("GET", where, far.headers)).json()]
    assert [(one["edition"], one["progress"]) for one in found] == [
        ("same", -1),
        ("same", 0),
        ("same", 1),
        # Another edition teaches the same thing: two periods on in the class's own book.
        ("other", 2),
        ("other", None),
    ]
    listed = await stage.ask("GET", f"/api/courses?class_id={far.class_id}", far.headers)
    assert listed.json()["items"][0]["fit"] == {
        "edition": "same",
        "progress": None,
        "size_bytes": None,
    }
    assert (await stage.ask("GET", where)).status_code == 404


async def test_three_queries(stage: Stage) -> None:
    """For a page of twenty as for one."""
    from tongke_courses.catalogue import fit
    from tongke_courses.catalogue.repository import CourseRepository
    from tongke_platform.accounts import service as accounts

    far = await stage.far()
    for _ in range(3):
        await stage.course()
    said: list[str] = []
    engine = stage.frame.database.engine.sync_engine
    async with stage.frame.database.read() as session:
        by = await accounts.principal_of(session, far.office.id, stage.frame.today())
        assert by is not None
        courses = await CourseRepository(session).all(CourseRepository(session).base())
        of_class = await fit.class_seen(session, by, UUID(far.class_id))

        def note(_c: object, _u: object, statement: str, *_: object) -> None:
            said.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        found = await fit.fit(session, by, courses, of_class.id)
        event.remove(engine, "before_cursor_execute", note)
    assert {one.edition for one in found.values()} == {"unknown"}
    assert len(said) <= 3


def test_whoever_lets_a_class_follow_may_watch_its_lessons() -> None:
    """Why pages show how things suit a class without asking for it again."""
    assert FOLLOW.roles <= WATCH.roles
    assert WATCH.entrustable or not FOLLOW.entrustable
