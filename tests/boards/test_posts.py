"""Posts arrive exactly once, in whatever order they are sent again; and nothing said is lost."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from tests.boards.board import Board, words
from tests.groups.stage import code
from tongke_courses.boards import posting
from tongke_courses.boards.models import GroupFile, Post, PostMention, PostVote, Topic
from tongke_platform.database import uuid7
from tongke_platform.frame import Frame


async def post_count(frame: Frame) -> int:
    async with frame.database.read() as session:
        found: int = (await session.execute(select(func.count()).select_from(Post))).scalar_one()
        return found


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sends=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12),
    at_once=st.integers(1, 4),
)
def _orders(sends: list[tuple[int, bool]], at_once: int) -> None:
    ORDERS.append((sends, at_once))


ORDERS: list[tuple[list[tuple[int, bool]], int]] = []


async def test_sent_again_in_any_order(board: Board, frame: Frame) -> None:
    """Four letters, some sent many times and several at once; some to the group as new topics."""
    ORDERS.clear()
    await asyncio.to_thread(_orders)
    topic = await board.topic()
    for sends, at_once in ORDERS:
        board.unhurried()
        before, keys = await post_count(frame), [str(uuid4()) for _ in range(4)]
        answers: dict[int, set[str]] = {}
        first: dict[int, int] = {}
        for start in range(0, len(sends), at_once):
            some = sends[start : start + at_once]
            said = await asyncio.gather(*(_send(board, topic, keys[n], new) for n, new in some))
            for (n, _), (status, found) in zip(some, said, strict=True):
                answers.setdefault(n, set()).add(found)
                first[n] = first.get(n, 0) + (status == 201)
        assert await post_count(frame) - before == len({n for n, _ in sends})
        assert all(len(found) == 1 for found in answers.values()), "each has one address"
        assert all(times == 1 for times in first.values()), "each was new once"


async def _send(board: Board, topic: dict[str, Any], key: str, new: bool) -> tuple[int, str]:
    body = {"text": "先画山。", "sent_as": key}
    if new:
        answer = await board.ask(board.head, "POST", board.topics, json={**body, "title": "山"})
    else:
        path = f"/api/topics/{topic['id']}/posts"
        answer = await board.ask(board.head, "POST", path, json=body)
    assert answer.status_code in (200, 201), answer.text
    found = answer.json()
    # As a topic or as a post, it stands in the same one.
    return answer.status_code, str(found["id"] if "items" in found else found["topic_id"])


async def test_the_key_is_the_writers_own(board: Board) -> None:
    topic, key = await board.topic(), str(uuid4())
    one = await board.reply(topic, board.head, sent_as=key)
    other = await board.reply(topic, board.member, sent_as=key)
    assert one["id"] != other["id"]
    path = f"/api/topics/{topic['id']}/posts"
    again = await board.ask(board.head, "POST", path, json={"text": "先画山。", "sent_as": key})
    assert (again.status_code, again.json()["id"]) == (200, one["id"])


async def test_other_words_of_the_same_key_are_not_taken_for_sent(board: Board) -> None:
    topic, key = await board.topic(), str(uuid4())
    one = await board.reply(topic, sent_as=key)
    path = f"/api/topics/{topic['id']}/posts"
    other = {"text": "在手机上又写的", "sent_as": key}
    answer = await board.ask(board.head, "POST", path, json=other)
    assert code(answer) == (409, "sent")
    assert answer.json()["post_id"] == one["id"]
    edit = {"version": 1, "text": "改过的"}
    await board.of(board.head, "PATCH", f"/api/posts/{one['id']}", json=edit)
    again = await board.ask(board.head, "POST", path, json={"text": "先画山。", "sent_as": key})
    assert again.status_code == 200, "what was sent, however it was changed since"
    begun = {"title": "山", "text": "在手机上又写的", "sent_as": key}
    assert code(await board.ask(board.head, "POST", board.topics, json=begun)) == (409, "sent")
    form = {"act": "reply", "text": "在手机上又写的", "sent_as": key}
    shown = await board.ask(board.head, "POST", f"/topics/{topic['id']}", data=form)
    assert shown.status_code == 409
    assert "在手机上又写的" in shown.text
    assert key not in shown.text, "the next time it is words of its own"


async def test_accepted_before_it_was_closed(board: Board) -> None:
    topic, key = await board.topic(), str(uuid4())
    await board.reply(topic, sent_as=key)
    await board.of(board.head, "POST", f"/api/topics/{topic['id']}/close")
    path = f"/api/topics/{topic['id']}/posts"
    again = await board.ask(board.head, "POST", path, json={"text": "先画山。", "sent_as": key})
    assert again.status_code == 200
    new = await board.ask(board.head, "POST", path, json={"text": "x", "sent_as": str(uuid4())})
    assert code(new) == (409, "closed")
    edit = {"version": 1, "text": "x"}
    answer = await board.ask(board.head, "PATCH", f"/api/posts/{again.json()['id']}", json=edit)
    assert code(answer) == (409, "closed")


async def test_taken_out_of_the_group_while_writing(board: Board) -> None:
    topic, key = await board.topic(), str(uuid4())
    body, path = {"text": "x", "sent_as": key}, f"/api/topics/{topic['id']}/posts"
    await board.ask(board.member, "GET", path)
    answer, _ = await asyncio.gather(
        board.ask(board.member, "POST", path, json=body), board.take_out(board.member)
    )
    assert answer.status_code in (201, 404)
    seen = await board.read(topic)
    assert len(seen["items"]) == (2 if answer.status_code == 201 else 1)
    again = await board.ask(board.member, "POST", path, json=body)
    assert code(again) == (404, "no_post" if answer.status_code == 201 else "no_topic")


@pytest.mark.parametrize("text", ["", "  \n ", "a\0b", "x" * 40_001, None, 7])
async def test_no_text(board: Board, text: Any) -> None:
    body = {"title": "x", "text": text, "sent_as": str(uuid4())}
    answer = await board.ask(board.head, "POST", board.topics, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_half_a_character_and_a_megabyte(board: Board) -> None:
    key = str(uuid4())
    for text in ('"\\ud800"', '"' + "字" * 400_000 + '"', '"' + "x" * 1_000_000 + '"'):
        answer = await board.ask(
            board.head,
            "POST",
            board.topics,
            content=f'{{"title": "x", "sent_as": "{key}", "text": {text}}}'.encode(),
        )
        assert answer.status_code in (413, 422), answer.status_code
    long = await board.topic(text="字" * 40_000)
    assert len(long["items"][0]["text"]) == 40_000


async def test_a_thousand_a_minute(board: Board) -> None:
    topic = await board.topic()
    path, refused = f"/api/topics/{topic['id']}/posts", None
    for _ in range(40):
        body = {"text": "x", "sent_as": str(uuid4())}
        answer = await board.ask(board.head, "POST", path, json=body)
        if answer.status_code != 201:
            refused = answer
            break
    assert refused is not None
    assert code(refused) == (429, "too_many")
    assert int(refused.headers["retry-after"]) >= 1
    assert await board.reply(topic, board.planner), "each has a measure of their own"


async def test_a_clock_that_was_ahead(board: Board, frame: Frame) -> None:
    """What is written next is read next, whatever a server believed the time to be."""
    topic = await board.topic()
    ahead = UUID(int=uuid7().int + (int(timedelta(hours=5).total_seconds() * 1000) << 80))
    async with frame.database.write() as session:
        await session.execute(
            update(Post).where(Post.id == UUID(topic["items"][0]["id"])).values(id=ahead)
        )
        await session.execute(update(Topic).values(last_post_id=ahead))
    later = await board.reply(topic)
    assert UUID(later["id"]) > ahead
    other = await board.topic()
    assert UUID(other["last_post_id"]) > UUID(later["id"])
    assert words(await board.read(topic))[1] == "先画山。"
    assert posting.after(None) < posting.after(None)


async def test_edited_and_remembered(board: Board) -> None:
    topic = await board.topic(text="第一版")
    path = f"/api/posts/{topic['items'][0]['id']}"
    for version, text in ((1, "第二版"), (2, "第三版")):
        found = await board.of(board.member, "PATCH", path, json={"version": version, "text": text})
        assert (found["text"], found["version"]) == (text, version + 1)
    same = await board.of(board.member, "PATCH", path, json={"version": 3, "text": "第三版"})
    assert same["version"] == 3
    stale = await board.ask(board.member, "PATCH", path, json={"version": 1, "text": "x"})
    assert code(stale) == (409, "changed")
    assert (stale.json()["now"]["text"], stale.json()["now"]["version"]) == ("第三版", 3)
    edits = await board.of(board.guest, "GET", f"{path}/edits")
    assert [one["text"] for one in edits] == ["第一版", "第二版"]


async def test_edited_on_two_devices_at_once(board: Board) -> None:
    topic = await board.topic()
    path = f"/api/posts/{topic['items'][0]['id']}"
    said = await asyncio.gather(
        *(
            board.ask(board.member, "PATCH", path, json={"version": 1, "text": f"{n}"})
            for n in range(4)
        )
    )
    assert sorted(one.status_code for one in said) == [200, 409, 409, 409]
    kept = next(one.json()["text"] for one in said if one.status_code == 200)
    assert words(await board.read(topic)) == [kept]


async def test_taken_out_and_quoted(board: Board) -> None:
    topic = await board.topic()
    first = topic["items"][0]["id"]
    answer = await board.reply(topic, reply_to_id=first)
    path = f"/api/posts/{first}"
    assert code(await board.ask(board.planner, "DELETE", path)) == (422, "no_reason")
    await board.of(board.planner, "DELETE", path, json={"reason": "有学生姓名"})
    await board.of(board.member, "DELETE", path)
    seen = await board.read(topic, board.guest)
    gone, quoting = seen["items"]
    assert (gone["text"], gone["html"], gone["deleted_because"]) == ("", "", "有学生姓名")
    assert (quoting["id"], quoting["text"]) == (answer["id"], "先画山。")
    assert (quoting["reply_to"]["words"], quoting["reply_to"]["deleted"]) == ("", True)
    assert seen["posts"] == 2, "it keeps its place"
    edit = await board.ask(board.member, "PATCH", path, json={"version": 2, "text": "x"})
    assert code(edit) == (409, "deleted")
    assert (await board.ask(board.member, "GET", f"{path}/edits")).status_code == 404
    assert await board.of(board.head, "GET", f"{path}/edits") == []
    # One's own without a reason.
    await board.of(board.head, "DELETE", f"/api/posts/{answer['id']}")


async def test_answers_a_post_of_the_same_topic(board: Board) -> None:
    topic, other = await board.topic(), await board.topic()
    path = f"/api/topics/{topic['id']}/posts"
    for key in (other["items"][0]["id"], str(uuid4())):
        body = {"text": "x", "sent_as": str(uuid4()), "reply_to_id": key}
        answer = await board.ask(board.head, "POST", path, json=body)
        assert code(answer) == (404, "no_post")


async def test_votes_are_counted_exactly(board: Board, frame: Frame) -> None:
    topic = await board.topic()
    key = topic["items"][0]["id"]
    path = f"/api/posts/{key}/vote"
    voters = [board.head, board.planner, board.researcher]
    acts = [(who, method) for who in voters for method in ("PUT", "DELETE", "PUT", "PUT")]
    for who in voters:
        await board.of(who, "GET", board.topics)
    await asyncio.gather(*(board.of(who, method, path) for who, method in acts))
    await asyncio.gather(*(board.of(who, "PUT", path) for who in voters[:2]))
    async with frame.database.read() as session:
        rows = select(func.count()).select_from(PostVote)
        there = (await session.execute(rows)).scalar_one()
    seen = await board.read(topic)
    assert seen["items"][0]["votes"] == there
    assert seen["items"][0]["voted"] is True
    assert await board.of(board.head, "DELETE", path) == {"votes": there - 1, "voted": False}
    assert code(await board.ask(board.member, "PUT", path)) == (409, "own")


async def test_only_who_may_read_is_mentioned(board: Board, frame: Frame) -> None:
    names = [one.display_name for one in (board.planner, board.guest, board.stranger, board.left)]
    post = await board.reply(await board.topic(), text=" ".join(f"@{one}" for one in names))
    assert post["html"].count('class="mention"') == 2
    assert f"@{board.stranger.display_name}" in post["html"]
    path = f"/api/posts/{post['id']}"

    async def mentioned() -> set[UUID]:
        async with frame.database.read() as session:
            return set((await session.execute(select(PostMention.person_id))).scalars())

    assert await mentioned() == {board.planner.id, board.guest.id}
    edit = {"version": 1, "text": f"@{board.planner.display_name}"}
    await board.of(board.head, "PATCH", path, json=edit)
    assert await mentioned() == {board.planner.id}


async def test_pictures_of_the_group_alone(board: Board, frame: Frame) -> None:
    other = await board.group()
    mine, theirs, taken = [await board.file(key) for key in (board.key, other, board.key)]
    async with frame.database.write() as session:
        gone = await session.get_one(GroupFile, taken)
        gone.deleted_at = frame.now()
    text = f"![一](file:{mine}) ![二](file:{theirs}) ![三](file:{taken})"
    post = await board.reply(await board.topic(), text=text)
    assert post["html"].count("<img") == 1
    assert f"/groups/{board.key}/files/{mine}" in post["html"]
    assert str(theirs) not in post["html"]
    async with frame.database.read() as session:
        assert (await session.get_one(GroupFile, mine)).post_id == UUID(post["id"])
        assert (await session.get_one(GroupFile, theirs)).post_id is None
