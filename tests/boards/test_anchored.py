"""Topics are shown at the materials and the places in the textbook they are about."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.boards.board import Board
from tests.boards.test_anchors import principal, wide
from tests.makers import Someone
from tests.rules.test_queries import counted
from tongke_courses.catalogue.models import Course, CourseState
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials.models import Material, MaterialKind, MaterialVersion, StoredFile
from tongke_courses.textbooks import sample
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role


@dataclass(frozen=True)
class Shelf:
    """A lesson of a course; a document and a link of the lesson, a link of the course."""

    lesson: Lesson
    course: UUID
    document: UUID
    link: UUID
    general: UUID


@pytest.fixture
async def shelf(board: Board, frame: Frame) -> Shelf:
    lesson = await board.make.lesson(board.head)
    await wide(frame, lesson, Visibility.SIGNED_IN)
    answer = await board.ask(
        board.head, "POST", "/api/courses",
        json={"title": "三年级语文上册", "school_id": str(board.school.id), "subject": "语文", "grade": "三年级", "stage": "小学", "visibility": "signed_in"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    course = UUID(answer.json()["id"])
    async with frame.database.write() as session:
        (await session.get_one(Course, course)).state = CourseState.PUBLISHED
        (await session.get_one(Lesson, lesson.id)).course_id = course
        stored = StoredFile(key=uuid4().hex, sha256="0" * 64, size=9, media_type="application/pdf")
        links = {"kind": MaterialKind.LINK, "url": "https://example.org/"}
        found = [
            Material(lesson_id=lesson.id, kind=MaterialKind.DOCUMENT, title="任务单"),
            Material(lesson_id=lesson.id, title="生字表", **links),
            Material(course_id=course, title="总目录", **links),
        ]
        session.add_all([stored, *found])
        await session.flush()
        version = MaterialVersion(
            material_id=found[0].id, number=1, name="任务单.pdf", file_id=stored.id
        )
        session.add(version)
        await session.flush()
        found[0].current_id = version.id
        keys = [one.id for one in found]
    return Shelf(lesson, course, *keys)


async def page(board: Board, who: Someone | None, path: str) -> str:
    answer = await board.ask(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.text


def at(text: str, material: UUID) -> str:
    """What stands at a material in a list."""
    found = re.search(f'<li id="material-{material}">(.*?)</li>', text, re.DOTALL)
    assert found is not None
    return found[1]


async def about(board: Board, kind: str, key: UUID, title: str, **more: Any) -> dict[str, Any]:
    return await board.topic(title=title, anchor={"kind": kind, "id": str(key), **more})


async def test_at_a_material(board: Board, shelf: Shelf) -> None:
    topic = await about(board, "material", shelf.document, "第三页太难", page=3)
    await about(board, "material", shelf.general, "目录缺一课")
    await about(board, "lesson", shelf.lesson.id, "整节课")
    lesson, course = f"/lessons/{shelf.lesson.id}", f"/courses/{shelf.course}"
    for path in (lesson, course):
        said = at(await page(board, board.guest, path), shelf.document)
        assert f"/topics/{topic['id']}" in said
        assert "page 3" in said
        assert "整节课" not in said
    read = await page(board, board.member, lesson)
    assert "第三页太难" not in at(read, shelf.link)
    assert f"/ask?material={shelf.link}" in at(read, shelf.link)
    assert "整节课" in read
    assert "目录缺一课" not in read
    assert "目录缺一课" in at(await page(board, board.member, course), shelf.general)
    assert "/ask?material" not in await page(board, board.guest, lesson), "who writes nowhere"


async def test_nothing_for_who_does_not_read_it(board: Board, shelf: Shelf) -> None:
    await about(board, "material", shelf.document, "组内的话", page=3)
    for who in (board.stranger, board.left, board.admin):
        for path in (f"/lessons/{shelf.lesson.id}", f"/courses/{shelf.course}"):
            assert "组内的话" not in await page(board, who, path)


async def test_not_at_what_was_taken_away(board: Board, shelf: Shelf, frame: Frame) -> None:
    await about(board, "material", shelf.link, "撤下的生字表")
    async with frame.database.write() as session:
        (await session.get_one(Material, shelf.link)).removed_at = frame.now()
    for path in (f"/lessons/{shelf.lesson.id}", f"/courses/{shelf.course}"):
        assert "撤下的生字表" not in await page(board, board.member, path)


async def test_leads_to_the_page_of_a_document(board: Board, shelf: Shelf) -> None:
    topic = await about(board, "material", shelf.document, "第三页太难", page=3)
    answer = await board.ask(board.guest, "GET", topic["anchor"]["href"])
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(".pdf#page=3")
    for tail in ("", "?page=0", "?page=x", "?page=-1", "?page=9999999", "?page=%0d%0ax"):
        answer = await board.ask(board.guest, "GET", f"/materials/{shelf.document}{tail}")
        assert answer.headers["location"].endswith(f"#material-{shelf.document}"), tail
    asked = await page(board, board.member, f"/groups/{board.key}/topics/new?material={shelf.link}")
    assert 'name="page"' in asked


async def test_costs_a_page_one_query(board: Board, shelf: Shelf) -> None:
    alone = await board.make.person(board.far, Role.LOCAL_TEACHER)
    paths = (f"/lessons/{shelf.lesson.id}", f"/courses/{shelf.course}")
    for kind, key in (("material", shelf.document), ("material", shelf.link),
                      ("lesson", shelf.lesson.id), ("course", shelf.course)):  # fmt: skip
        await about(board, kind, key, "问")
    for path in paths:
        assert await asked(board, alone, path) == 0, "of no group"
        assert await asked(board, board.guest, path) == 1, path


async def asked(board: Board, who: Someone, path: str) -> int:
    """How often a page asks for topics."""

    async def once() -> None:
        await page(board, who, path)

    found = await counted(board.frame, once, but=())
    return len([one for one in found if "board_topics" in one])


@pytest.fixture
async def line(board: Board, frame: Frame) -> list[TextbookNode]:
    """From a stage down to a unit."""
    by = await principal(frame, await board.make.person(role=Role.ADMIN))
    async with frame.database.write() as session:
        await sample.fill(session, by)
        units = select(TextbookNode).where(TextbookNode.kind == NodeKind.UNIT)
        unit = (await session.execute(units.order_by(TextbookNode.id).limit(1))).scalar_one()
        keys = [UUID(one) for one in unit.path.split("/") if one]
        return [await session.get_one(TextbookNode, key) for key in keys]


async def test_above_the_books(board: Board, line: list[TextbookNode]) -> None:
    above = [one for one in line if one.kind not in (NodeKind.VOLUME, NodeKind.UNIT)]
    assert len(above) >= 3
    for number, node in enumerate([*above, line[-1]]):
        await about(board, "textbook", node.id, f"第{number}问")
    for number, node in enumerate(above):
        said = await page(board, board.guest, f"/textbooks/{node.id}")
        assert re.findall(r"第(\d)问", said) == [str(number)], "those below are counted"
        below = len(above) - number
        assert f"{below} topic{'s are' if below > 1 else ' is'} about what stands below it" in said
        assert f"/ask?node={node.id}" in await page(board, board.member, f"/textbooks/{node.id}")
        for who in (board.stranger, board.left, board.admin):
            outside = await page(board, who, f"/textbooks/{node.id}")
            assert "问</span>" not in outside
            assert "below it" not in outside
        assert await asked(board, board.guest, f"/textbooks/{node.id}") == 1
    gone = f"/api/topics/{await newest(board)}"
    await board.of(board.head, "DELETE", gone, json={"reason": "重复"})
    said = await page(board, board.guest, f"/textbooks/{above[-1].id}")
    assert "below it" not in said


async def newest(board: Board) -> str:
    found = await board.of(board.guest, "GET", board.topics)
    return str(found["items"][0]["id"])


async def test_more_than_a_few(board: Board, line: list[TextbookNode]) -> None:
    for number in range(8):
        await about(board, "textbook", line[0].id, f"第{number}问")
    said = await page(board, board.guest, f"/textbooks/{line[0].id}")
    assert re.findall(r"第(\d)问", said) == ["7", "6", "5", "4", "3"]
    assert "and 3 more" in said
