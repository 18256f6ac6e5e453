"""A topic about a lesson opens no lesson: who may not see it learns nothing of it."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.boards.board import Board
from tests.groups.stage import code
from tests.makers import Someone
from tongke_courses.boards import page_parts, service
from tongke_courses.boards.repository import TopicRepository
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.service import get as lesson_of
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.textbooks import sample
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_platform.accounts import service as accounts
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal


async def principal(frame: Frame, someone: Someone) -> Principal:
    async with frame.database.read() as session:
        found = await accounts.principal_of(session, someone.id, frame.today())
    assert found is not None
    return found


async def wide(frame: Frame, lesson: Lesson, visibility: Visibility) -> None:
    async with frame.database.write() as session:
        (await lesson_of(session, lesson.id)).visibility = visibility


async def test_a_moment_of_a_replay(board: Board, frame: Frame) -> None:
    lesson = await board.make.lesson(board.head)
    await wide(frame, lesson, Visibility.ROOMS)
    anchor = {"kind": "moment", "id": str(lesson.id), "at_ms": 95_500}
    topic = await board.topic(board.head, anchor=anchor)
    assert topic["anchor"] == {
        **anchor,
        "label": lesson.title,
        "page": None,
        "href": f"/lessons/{lesson.id}/replay?t=95",
        "gone": False,
    }
    hidden = (await board.read(topic, board.member))["anchor"]
    assert {name for name, value in hidden.items() if value} == {"kind"}
    listed = (await board.of(board.member, "GET", board.topics))["items"]
    assert listed[0]["anchor"] == hidden
    asked = {"lesson_id": str(lesson.id)}
    assert await board.of(board.member, "GET", "/api/topics", params=asked) == []
    (one,) = await board.of(board.planner, "GET", "/api/topics", params=asked)
    assert (one["id"], one["anchor"]["at_ms"]) == (topic["id"], 95_500)
    assert await board.of(board.admin, "GET", "/api/topics", params=asked) == []
    page = await board.of(board.planner, "GET", board.topics, params=asked)
    assert [one["id"] for one in page["items"]] == [topic["id"]]
    answer = await board.ask(board.member, "GET", board.topics, params=asked)
    assert code(answer) == (404, "no_anchor")
    await wide(frame, lesson, Visibility.SIGNED_IN)
    assert (await board.read(topic, board.member))["anchor"]["label"] == lesson.title
    async with frame.database.read() as session:
        asker = await principal(frame, board.member)
        found, _ = await service.about(session, asker, lesson_id=lesson.id)
    assert [one.anchor and one.anchor.at_ms for one in found] == [95_500]


async def test_only_what_one_may_see(board: Board, frame: Frame) -> None:
    lesson = await board.make.lesson(board.head)
    await wide(frame, lesson, Visibility.ROOMS)
    for kind, key in (
        ("lesson", lesson.id), ("lesson", uuid4()), ("material", uuid4()), ("course", uuid4()),
        ("textbook", uuid4()), ("course", lesson.id),
    ):  # fmt: skip
        body = {
            "title": "x", "text": "x", "sent_as": str(uuid4()),
            "anchor": {"kind": kind, "id": str(key)},
        }  # fmt: skip
        answer = await board.ask(board.member, "POST", board.topics, json=body)
        assert answer.status_code == 404, kind
        assert code(answer)[1] in ("no_anchor", "no_textbook")


@pytest.mark.parametrize(
    "anchor",
    [
        {"kind": "moment"}, {"kind": "lesson", "at_ms": 5}, {"kind": "moment", "at_ms": -1},
        {"kind": "moment", "at_ms": 10**12}, {"kind": "lesson", "page": 3}, {"kind": "no"},
        {"kind": "material", "page": 0}, {"kind": "moment", "at_ms": "x"}, [], "lesson",
    ],
)  # fmt: skip
async def test_no_anchor(board: Board, anchor: Any) -> None:
    if isinstance(anchor, dict):
        anchor = {"id": str(uuid4()), **anchor}
    body = {"title": "x", "text": "x", "sent_as": str(uuid4()), "anchor": anchor}
    answer = await board.ask(board.member, "POST", board.topics, json=body)
    assert answer.status_code == 422


async def test_below_a_node_of_the_book(board: Board, frame: Frame) -> None:
    by = await principal(frame, await board.make.person(role=Role.ADMIN))
    async with frame.database.write() as session:
        await sample.fill(session, by)
        nodes = TextbookNode.__table__
        rows = await session.execute(nodes.select().where(nodes.c.kind == NodeKind.UNIT))
        unit = rows.first()
    assert unit is not None
    topic = await board.topic(anchor={"kind": "textbook", "id": str(unit.id)})
    assert topic["anchor"]["label"].endswith(unit.name)
    assert topic["anchor"]["href"] == f"/textbooks/{unit.id}"
    above = [one for one in unit.path.split("/") if one]
    for key in above:
        page = await board.of(board.guest, "GET", board.topics, params={"node_id": key})
        assert [one["id"] for one in page["items"]] == [topic["id"]]
        found = await board.of(board.guest, "GET", "/api/topics", params={"node_id": key})
        assert [one["id"] for one in found] == [topic["id"]]


async def test_the_thing_is_gone(board: Board, frame: Frame) -> None:
    lesson = await board.make.lesson(board.head)
    anchor = {"kind": "lesson", "id": str(lesson.id)}
    topic = await board.topic(board.head, anchor=anchor)
    async with frame.database.write() as session:
        found = await session.get_one(Lesson, lesson.id)
        await session.delete(found)
    assert (await board.read(topic))["anchor"] == {
        "kind": "lesson", "id": None, "label": lesson.title, "at_ms": None, "page": None,
        "href": "", "gone": True,
    }  # fmt: skip
    hidden = (await board.read(topic, board.planner))["anchor"]
    assert (hidden["label"], hidden["gone"]) == ("", True)


async def test_one_thing_is_asked_about(board: Board) -> None:
    for wanted in ({}, {"lesson_id": str(uuid4()), "node_id": str(uuid4())}, {"lesson_id": "x"}):
        answer = await board.ask(board.head, "GET", "/api/topics", params=wanted)
        assert answer.status_code == 422


async def test_a_page_asks_for_what_it_shows(
    board: Board, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = await principal(frame, await board.make.person(role=Role.ADMIN))
    async with frame.database.write() as session:
        await sample.fill(session, by)
        unit = select(TextbookNode.id).where(TextbookNode.kind == NodeKind.UNIT).limit(1)
        node = (await session.execute(unit)).scalar_one()
    for _ in range(7):
        await board.topic(anchor={"kind": "textbook", "id": str(node)})
    limits = []
    real = TopicRepository.about

    async def noting(self: TopicRepository, groups: Any, wanted: Any, limit: int) -> Any:
        limits.append(limit)
        return await real(self, groups, wanted, limit)

    monkeypatch.setattr(TopicRepository, "about", noting)
    shown = (await board.ask(board.head, "GET", f"/textbooks/{node}")).text
    assert limits == [page_parts.FEW]
    assert shown.count("《山行》的板书") == page_parts.FEW
    assert "and 2 more" in shown
