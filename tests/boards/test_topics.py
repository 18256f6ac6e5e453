"""Topics: who reads and writes, in which order they stand, and what of them is filtered."""

from typing import Any
from uuid import UUID, uuid4

import httpx2

from tests.boards.board import Board, words
from tests.groups.stage import GROUPS, code
from tests.rules.test_rules import statements
from tongke_courses.boards.models import Draft
from tongke_platform.frame import Frame


async def test_anonymous(client: httpx2.AsyncClient, board: Board) -> None:
    topic = await board.topic()
    post = topic["items"][0]["id"]
    for method, path in (
        ("GET", board.topics), ("POST", board.topics), ("GET", "/api/topics"),
        ("GET", f"/api/topics/{topic['id']}"), ("POST", f"/api/topics/{topic['id']}/posts"),
        ("PATCH", f"/api/posts/{post}"), ("PUT", f"/api/posts/{post}/vote"),
    ):  # fmt: skip
        answer = await client.request(method, path)
        assert answer.status_code == 401, path


async def test_read_and_answered(board: Board) -> None:
    topic = await board.topic(text="**板书**怎么写？")
    assert (topic["posts"], topic["part"], topic["state"]) == (1, "group_member", "open")
    first = topic["items"][0]
    answer = await board.reply(topic, board.researcher, reply_to_id=first["id"])
    assert answer["reply_to"] == {
        "id": first["id"],
        "topic_id": topic["id"],
        "by": board.member.display_name,
        "words": "板书怎么写？",
        "deleted": False,
    }
    seen = await board.read(topic, board.guest)
    assert words(seen) == ["**板书**怎么写？", "先画山。"]
    assert seen["items"][0]["html"] == "<p><strong>板书</strong>怎么写？</p>\n"
    assert (seen["posts"], seen["last_post_id"], seen["part"]) == (2, answer["id"], "observer")
    later = await board.of(
        board.guest, "GET", f"/api/topics/{topic['id']}", params={"after": first["id"]}
    )
    assert words(later) == ["先画山。"]


async def test_who_reads_and_writes(board: Board) -> None:
    topic = await board.topic()
    path, post = f"/api/topics/{topic['id']}", topic["items"][0]["id"]
    say = {"text": "好", "sent_as": str(uuid4())}
    for who in (board.left, board.stranger, board.admin):
        for method, place, sent in (
            ("GET", board.topics, None), ("GET", path, None), ("DELETE", path, None),
            ("GET", f"/api/posts/{post}/edits", None),
            ("POST", board.topics, {**say, "title": "x"}), ("POST", f"{path}/posts", say),
            ("PATCH", f"/api/posts/{post}", {"version": 1, "text": "x"}),
            ("DELETE", f"/api/posts/{post}", None), ("PUT", f"/api/posts/{post}/vote", None),
            ("POST", f"/api/posts/{post}/reports", {"reason": "x"}),
            ("POST", f"{path}/pin", None), ("POST", f"{path}/split",
             {"version": 1, "title": "x", "post_ids": [post]}),
            ("POST", f"{path}/state", {"version": 1, "state": "adopted"}),
            ("PUT", f"{path}/tries/{who.id}", None), ("GET", f"{GROUPS}/{board.key}/reports", None),
        ):  # fmt: skip
            answer = await board.ask(who, method, place, json=sent)
            assert answer.status_code == 404, (place, answer.text)
        assert await board.of(who, "GET", "/api/topics", params={"node_id": str(uuid4())}) == []
    for method, place, sent in (
        ("POST", board.topics, {**say, "title": "x"}), ("POST", f"{path}/posts", say),
        ("PUT", f"/api/posts/{post}/vote", None), ("PUT", f"{path}/tries/{board.guest.id}", None),
    ):  # fmt: skip
        answer = await board.ask(board.guest, method, place, json=sent)
        assert code(answer) == (403, "not_your_part"), place
    for method, place, sent in (
        ("PATCH", path, {"version": 1, "title": "x"}), ("DELETE", path, {"reason": "x"}),
        ("PATCH", f"/api/posts/{post}", {"version": 1, "text": "x"}),
        ("DELETE", f"/api/posts/{post}", {"reason": "x"}), ("POST", f"{path}/close", None),
        ("POST", f"{path}/state", {"version": 1, "state": "adopted"}),
        ("PUT", f"{path}/tries/{board.member.id}", None),
        ("GET", f"{GROUPS}/{board.key}/reports", None),
    ):  # fmt: skip
        answer = await board.ask(board.researcher, method, place, json=sent)
        assert code(answer) == (403, "not_your_part"), place


async def test_a_switched_off_account(board: Board) -> None:
    topic = await board.topic()
    assert await board.read(topic, board.researcher)
    await board.switch_off(board.researcher)
    answer = await board.ask(board.researcher, "GET", f"/api/topics/{topic['id']}")
    assert answer.status_code == 401
    post = await board.reply(topic, text=f"@{board.researcher.display_name} 看看")
    assert "mention" not in post["html"], "nobody there to read it"


async def test_in_order_and_filtered(board: Board) -> None:
    made = [await board.topic(title=str(n)) for n in range(4)]
    await board.reply(made[0])
    await board.of(board.head, "POST", f"/api/topics/{made[1]['id']}/pin")
    await board.step(made[2], "adopted")
    await board.topic(board.planner, title="planner's")

    async def listed(**wanted: Any) -> tuple[list[str], list[str], str | None]:
        page = await board.of(board.guest, "GET", board.topics, params=wanted)
        titles = [[one["title"] for one in page[part]] for part in ("pinned", "items")]
        return titles[0], titles[1], page["next"]

    assert await listed() == (["1"], ["planner's", "0", "3", "2"], None)
    first = await listed(limit=2)
    assert first[:2] == (["1"], ["planner's", "0"])
    assert await listed(limit=2, before=first[2]) == ([], ["3", "2"], None)
    assert (await listed(state="adopted"))[1] == ["2"]
    assert (await listed(by=str(board.planner.id)))[1] == ["planner's"]
    assert await listed(by=str(uuid4())) == ([], [], None)
    assert await listed(anchor="lesson") == ([], [], None)
    for wanted in ("lesson_id", "material_id", "course_id", "node_id"):
        answer = await board.ask(board.head, "GET", board.topics, params={wanted: str(uuid4())})
        assert answer.status_code == 404, wanted


async def test_renamed_by_who_began_it_or_moderates(board: Board) -> None:
    topic = await board.topic()
    path = f"/api/topics/{topic['id']}"
    renamed = await board.of(board.member, "PATCH", path, json={"version": 1, "title": "山行"})
    assert (renamed["title"], renamed["version"]) == ("山行", 2)
    stale = await board.ask(board.planner, "PATCH", path, json={"version": 1, "title": "x"})
    assert code(stale) == (409, "changed")
    assert stale.json()["now"]["title"] == "山行"
    await board.of(board.planner, "PATCH", path, json={"version": 2, "title": "《山行》"})
    assert (await board.read(topic))["title"] == "《山行》"


async def test_taken_out(board: Board) -> None:
    alone, answered = await board.topic(), await board.topic()
    await board.reply(answered)
    await board.of(board.member, "DELETE", f"/api/topics/{alone['id']}")
    path = f"/api/topics/{answered['id']}"
    assert (await board.ask(board.member, "DELETE", path)).status_code == 403
    assert code(await board.ask(board.head, "DELETE", path)) == (422, "no_reason")
    await board.of(board.head, "DELETE", path, json={"reason": "与教研无关"})
    await board.of(board.head, "DELETE", path)
    seen = await board.read(answered, board.guest)
    assert (seen["title"], seen["items"], seen["deleted_because"]) == ("", [], "与教研无关")
    assert (await board.of(board.head, "GET", board.topics))["items"] == []
    body = {"text": "还有", "sent_as": str(uuid4())}
    answer = await board.ask(board.member, "POST", f"{path}/posts", json=body)
    assert code(answer) == (409, "deleted")
    edits = f"/api/posts/{answered['items'][0]['id']}/edits"
    assert (await board.ask(board.member, "GET", edits)).status_code == 404


async def test_what_was_a_draft_is_sent(board: Board, frame: Frame) -> None:
    topic, key = await board.topic(), uuid4()
    async with frame.database.write() as session:
        for who in (board.head, board.member):
            session.add(
                Draft(
                    person_id=who.id, group_id=UUID(board.key), sent_as=key, text="先画山。",
                    changed_at=frame.now(),
                )
            )  # fmt: skip
    await board.reply(topic, board.head, sent_as=str(key))
    async with frame.database.read() as session:
        left = (await session.execute(Draft.__table__.select())).all()
    assert [one.person_id for one in left] == [board.member.id]


async def test_few_queries(board: Board, frame: Frame) -> None:
    lesson = await board.make.lesson(board.head)
    anchor = {"kind": "moment", "id": str(lesson.id), "at_ms": 1000}
    topic = await board.topic(board.head, anchor=anchor)
    first = topic["items"][0]["id"]
    for n in range(25):
        board.unhurried()
        await board.reply(topic, board.head, text=f"{n}", reply_to_id=first)
        await board.topic(board.head, anchor=anchor)
    path = f"/api/topics/{topic['id']}"
    await board.ask(board.head, "GET", path)
    counts = []
    for place in (path, board.topics):
        with statements(frame) as seen:
            assert (await board.ask(board.head, "GET", place)).status_code == 200
        counts.append(len([one for one in seen if not one.startswith(("BEGIN", "ROLLBACK"))]))
    # Two of each find out who asks.
    assert counts[0] <= 10, counts
    assert counts[1] <= 7, counts
