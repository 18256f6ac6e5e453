"""What becomes of a topic, who says so, and the facts of it."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.boards.board import Board
from tests.groups.stage import code
from tests.makers import Someone
from tongke_courses.boards.models import TopicState
from tongke_courses.boards.states import NEXT
from tongke_platform.facts.models import FactRecord
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import SchoolClass

ROADS: dict[TopicState, list[str]] = {
    TopicState.OPEN: [],
    TopicState.ADOPTED: ["adopted"],
    TopicState.TRIED: ["adopted", "tried"],
    TopicState.KEPT: ["adopted", "tried", "kept"],
    TopicState.DROPPED: ["adopted", "tried", "dropped"],
}


async def told(frame: Frame) -> list[tuple[str, int]]:
    async with frame.database.read() as session:
        rows = select(FactRecord).where(FactRecord.source == "boards").order_by(FactRecord.id)
        found = (await session.execute(rows)).scalars().all()
    return [(one.kind.removeprefix("topic."), one.quantity) for one in found]


async def class_of(frame: Frame, someone: Someone) -> SchoolClass:
    assert someone.school is not None
    async with frame.database.write() as session:
        made = SchoolClass(
            organisation_id=someone.school.id, name="三年级1班", starts_on=frame.today()
        )
        session.add(made)
    return made


@pytest.mark.parametrize("begin", list(TopicState))
async def test_only_steps_that_follow(board: Board, begin: TopicState) -> None:
    for end in TopicState:
        topic = await board.topic()
        for state in ROADS[begin]:
            assert (await board.step(topic, state)).status_code == 200
        answer = await board.step(topic, end)
        if end in NEXT[begin]:
            assert answer.json()["state"] == end
        else:
            assert code(answer) == (409, "wrong_step"), end


async def test_asked_tried_and_kept(board: Board, frame: Frame) -> None:
    topic = await board.topic(board.researcher)
    path = f"/api/topics/{topic['id']}/tries"
    early = await board.ask(board.head, "PUT", f"{path}/{board.member.id}")
    assert code(early) == (409, "wrong_step")
    await board.step(topic, "adopted", board.planner, note="先在两个班试")
    school = await class_of(frame, board.member)
    for who, key, sent, wrong in (
        (board.head, board.guest.id, {}, (422, "no_member")),
        (board.head, board.stranger.id, {}, (422, "no_member")),
        (board.head, uuid4(), {}, (422, "no_member")),
        (board.researcher, board.member.id, {}, (403, "not_your_part")),
        (board.head, board.member.id, {"class_id": str(school.id)}, (404, "no_class")),
        (board.member, board.member.id, {"class_id": str(uuid4())}, (404, "no_class")),
    ):
        assert code(await board.ask(who, "PUT", f"{path}/{key}", json=sent)) == wrong
    asked = {"due_on": frame.today().isoformat()}
    await board.of(board.head, "PUT", f"{path}/{board.member.id}", json=asked)
    mine = {**asked, "class_id": str(school.id)}
    found = await board.of(board.member, "PUT", f"{path}/{board.member.id}", json=mine)
    assert (found["class_label"], found["done_at"]) == ("三年级1班", None)
    assert (await board.step(topic, "tried", board.researcher)).status_code == 403, "not asked"
    assert (await board.step(topic, "adopted", board.member)).status_code == 403
    foreign = await board.step(topic, "tried", board.planner, class_id=str(school.id))
    assert code(foreign) == (404, "no_class")
    await board.step(topic, "tried", board.member, class_id=str(school.id), note="学生都会了")
    await board.step(topic, "tried", board.member)
    await board.step(topic, "kept", board.member)
    seen = await board.read(topic, board.guest)
    assert [one["state"] for one in seen["steps"]] == ["adopted", "tried", "tried", "kept"]
    tried = seen["steps"][1]
    assert board.far.name in tried["class_label"]
    assert (tried["by"], tried["note"]) == (board.member.display_name, "学生都会了")
    assert seen["tries"][0]["done_at"] is not None
    assert await told(frame) == [("adopted", 1), ("tried", 1), ("tried", 1), ("kept", 1)]
    async with frame.database.read() as session:
        rows = select(FactRecord).where(FactRecord.kind == "topic.tried").order_by(FactRecord.id)
        fact = (await session.execute(rows)).scalars().first()
    assert fact is not None
    assert (fact.school_id, fact.counterpart_id) == (board.far.id, board.school.id)
    assert (fact.subject_type, fact.subject_id) == ("topic", UUID(topic["id"]))


async def test_facts_are_taken_back_when_it_is_opened_again(board: Board, frame: Frame) -> None:
    topic = await board.topic()
    for state in ("adopted", "open", "adopted", "tried", "dropped", "open"):
        assert (await board.step(topic, state)).status_code == 200
    every = await told(frame)
    for kind in ("adopted", "tried", "dropped"):
        assert sum(number for name, number in every if name == kind) == 0, kind
    assert len(every) == 8
    await board.step(topic, "adopted")
    assert sum(number for _, number in await told(frame)) == 1


async def test_a_step_that_fails_tells_nothing(board: Board, frame: Frame) -> None:
    topic = await board.topic()
    other = await board.topic()
    for wrong in (
        {"post_id": other["items"][0]["id"]}, {"class_id": str(uuid4())},
        {"version": 9}, {"state": "no"}, {"note": "x" * 501},
    ):  # fmt: skip
        body = {"version": 1, "state": "adopted", **wrong}
        answer = await board.ask(board.head, "POST", f"/api/topics/{topic['id']}/state", json=body)
        assert 400 <= answer.status_code < 500
    assert await told(frame) == []
    assert (await board.read(topic))["steps"] == []


async def test_two_decide_at_once(board: Board, frame: Frame) -> None:
    topic = await board.topic()
    await board.step(topic, "adopted")
    await board.step(topic, "tried")
    body = {"version": (await board.read(topic))["version"]}
    path = f"/api/topics/{topic['id']}/state"
    said = await asyncio.gather(
        *(
            board.ask(who, "POST", path, json={**body, "state": state})
            for who in (board.head, board.planner)
            for state in ("kept", "dropped")
        )
    )
    assert sorted(one.status_code for one in said) == [200, 409, 409, 409]
    assert len(await told(frame)) == 3


async def test_called_off(board: Board) -> None:
    topic = await board.topic()
    await board.step(topic, "adopted")
    path = f"/api/topics/{topic['id']}/tries/{board.member.id}"
    await board.of(board.member, "PUT", path)
    assert (await board.ask(board.researcher, "DELETE", path)).status_code == 403
    await board.of(board.head, "DELETE", path)
    await board.of(board.member, "DELETE", path)
    assert (await board.read(topic))["tries"] == []


async def test_adopted_once_more_it_is_tried_once_more(board: Board) -> None:
    topic = await board.topic()
    await board.step(topic, "adopted")
    path = f"/api/topics/{topic['id']}/tries"
    for who in (board.member, board.planner):
        await board.of(board.head, "PUT", f"{path}/{who.id}")
    await board.step(topic, "tried", board.member, note="举手的多了")
    await board.step(topic, "open")
    now = await board.read(topic)
    assert [one["person_id"] for one in now["tries"]] == [str(board.planner.id)], "not done yet"
    assert [one["note"] for one in now["steps"] if one["state"] == "tried"] == ["举手的多了"]
    await board.step(topic, "adopted")
    asked = await board.of(board.head, "PUT", f"{path}/{board.member.id}")
    assert asked["done_at"] is None
