"""How far people have read, and what is new to them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.boards.board import Board
from tests.boards.test_anchors import principal
from tests.boards_reading.stage import Stage
from tests.groups.stage import code
from tongke_courses.boards import posting, reading, unread
from tongke_courses.boards.models import Post, Topic, TopicReading, TopicState
from tongke_courses.boards.reading_repository import ReadingRepository
from tongke_courses.boards.unread_repository import UnreadRepository
from tongke_platform.database import uuid7
from tongke_platform.frame import Frame


async def test_new_is_what_others_wrote_since(stage: Stage) -> None:
    topic = await stage.topic("朗读")
    first = await stage.post(topic, stage.head)
    assert await stage.unread(stage.member) == {"朗读": 2}
    (found,) = (await stage.of(stage.member, "GET", "/api/unread"))["topics"]
    assert (found["posts"], found["last_by"]) == (2, stage.head.display_name)
    assert found["last_post_id"] == str(first.id)
    assert found["first_unread_id"] not in (None, str(first.id))
    await stage.read(stage.member, topic, first)
    assert await stage.unread(stage.member) == {}
    await stage.post(topic, stage.head)
    assert await stage.unread(stage.member) == {"朗读": 1}


async def test_only_ever_grows(stage: Stage) -> None:
    topic = await stage.topic()
    posts = [await stage.post(topic, stage.head) for _ in range(6)]
    await asyncio.gather(*(stage.read(stage.member, topic, post) for post in reversed(posts)))
    said = await stage.read(stage.member, topic, posts[0])
    assert said["read_post_id"] == str(posts[-1].id)
    assert await stage.read(stage.member, topic, follows=True) == {**said, "follows": True}
    assert await stage.read(stage.member, topic, follows=None) == {**said, "follows": None}
    assert (await stage.read(stage.member, topic))["read_post_id"] == str(posts[-1].id)


async def test_what_was_there_before_one_came_is_not_new(stage: Stage) -> None:
    await stage.topic("旧话题")
    late = await stage.another()
    assert await stage.unread(late) == {}
    topic = await stage.topic("新话题")
    await stage.leave(late)
    await stage.post(topic, stage.head)
    assert await stage.unread(late) == {}, "it is nobody's who is outside"
    await stage.bring_in(late)
    assert await stage.unread(late) == {"新话题": 2}, "from the first day on"


async def test_a_new_part_makes_nothing_read(stage: Stage) -> None:
    await stage.topic("没读过")
    path = f"/api/groups/{stage.key}/members/{stage.member.id}"
    await stage.of(stage.head, "PATCH", path, json={"role": "lead_planner"})
    assert await stage.unread(stage.member) == {"没读过": 1}


async def test_deleted_merged_and_muted_ones_are_left_out(stage: Stage) -> None:
    now = stage.frame.now()
    into = await stage.topic("在")
    await stage.topic("删了", deleted_at=now)
    await stage.topic("并了", merged_into_id=into.id)
    muted = await stage.topic("静音")
    await stage.read(stage.member, muted, follows=False)
    assert await stage.unread(stage.member) == {"在": 1}


async def test_pages(stage: Stage) -> None:
    titles = [f"话题{number}" for number in range(7)]
    for title in titles:
        await stage.topic(title)
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 3}
    while True:
        page = await stage.of(stage.member, "GET", "/api/unread", params=params)
        assert page["count"] == 7
        seen += [one["title"] for one in page["topics"]]
        if page["next"] is None:
            break
        params["before"] = page["next"]
    assert seen == titles[::-1]


async def test_writing_reads_only_what_was_read(stage: Stage) -> None:
    """Who writes having read all finds nothing new; who has not, finds what they had not read."""
    topic = await stage.topic("写")
    first = await stage.post(topic, stage.head)
    await stage.post(topic, stage.member, tell=True)
    assert await stage.unread(stage.member) == {"写": 2}
    own = await stage.read(stage.member, topic, first)
    assert own["read_post_id"] == str(first.id)
    await stage.post(topic, stage.member, tell=True)
    assert await stage.unread(stage.member) == {}
    assert await stage.unread(stage.head) == {"写": 2}


async def test_outsiders_find_nothing(stage: Stage) -> None:
    topic = await stage.topic()
    post = await stage.post(topic, stage.head)
    other = await stage.topic("另一个")
    path = f"/api/topics/{topic.id}/reading"
    for who in (stage.stranger, stage.admin):
        answer = await stage.ask(who, "PUT", path, json={"read_post_id": str(post.id)})
        assert code(answer) == (404, "no_topic")
        for method, where in (("GET", "changes"), ("GET", "follow"), ("PUT", "feed")):
            answer = await stage.ask(who, method, f"/api/groups/{stage.key}/{where}")
            assert code(answer) == (404, "no_group")
    path = f"/api/topics/{other.id}/reading"
    for key in (post.id, uuid4()):
        answer = await stage.ask(stage.member, "PUT", path, json={"read_post_id": str(key)})
        assert code(answer) == (404, "no_post")
    assert await stage.reading(stage.member, other) is None
    await stage.leave(stage.member)
    answer = await stage.ask(stage.member, "PUT", path, json={"follows": True})
    assert code(answer) == (404, "no_topic")


async def test_changes_since(stage: Stage) -> None:
    old = await stage.topic("旧")
    moment = stage.frame.now()
    await asyncio.sleep(0.005)  # keys count milliseconds
    await stage.topic("新")
    await stage.post(old, stage.member)
    await stage.step(old, stage.head, TopicState.ADOPTED)
    path = f"/api/groups/{stage.key}/changes"
    params = {"since": moment.isoformat()}
    found = await stage.of(stage.member, "GET", path, params=params)
    said = [(one["title"], one["new"], one["new_posts"], one["state"]) for one in found["topics"]]
    assert said == [("旧", False, 1, "adopted"), ("新", True, 1, "open")]
    assert [(one["title"], one["state"], one["by"]) for one in found["steps"]] == [
        ("旧", "adopted", stage.head.display_name)
    ]
    assert not found["more"]
    assert (await stage.of(stage.member, "GET", path))["topics"] == [], "never read: from now on"
    await stage.read(stage.member, old, await stage.post(old, stage.head))
    await asyncio.sleep(0.005)
    await stage.post(old, stage.head)
    found = await stage.of(stage.member, "GET", path)
    assert [(one["title"], one["new_posts"]) for one in found["topics"]] == [("旧", 1)]
    ahead = (stage.frame.now() + timedelta(days=9)).isoformat()
    assert (await stage.of(stage.member, "GET", path, params={"since": ahead}))["topics"] == []
    assert (await stage.ask(stage.member, "GET", path, params={"since": "x"})).status_code == 422


@pytest.mark.parametrize("case", ["both", "gone", "into", "none"])
async def test_merging_loses_nothing_unread(stage: Stage, case: str) -> None:
    gone, into = await stage.topic("一"), await stage.topic("二")
    await stage.post(gone, stage.head)
    ends = [await stage.post(one, stage.head) for one in (gone, into)]
    if case in ("both", "gone"):
        await stage.read(stage.member, gone, ends[0], follows=True)
    if case in ("both", "into"):
        await stage.read(stage.member, into, ends[1])
    async with stage.frame.database.write() as session:
        await reading.merged(session, gone.id, into.id)
    found = await stage.reading(stage.member, into)
    wanted = {"both": ends[1].id}.get(case)
    assert (found.read_post_id if found else None) == wanted
    assert bool(found and found.follows) == (case in ("both", "gone"))


async def test_the_count_stops_at_a_hundred(stage: Stage) -> None:
    topic = await stage.topic("很长")
    async with stage.frame.database.write() as session:
        for _ in range(120):
            session.add(
                Post(topic_id=topic.id, by_id=stage.head.id, sent_as=uuid4(), text="", html="")
            )
    assert await stage.unread(stage.member) == {"很长": 100}


def test_read_of_both() -> None:
    one, two, three = (UUID(int=number) for number in (1, 2, 3))

    def at(key: UUID | None) -> TopicReading:
        return TopicReading(read_post_id=key)

    assert reading._read_of_both([(at(one), two), (at(three), three)]) == one
    assert reading._read_of_both([(at(two), two), (at(three), three)]) == three
    assert reading._read_of_both([(None, two), (at(three), three)]) is None
    assert reading._read_of_both([(None, None), (at(three), three)]) == three
    assert reading._read_of_both([(None, None), (None, None)]) is None


async def test_what_was_taken_out_is_not_new(board: Board) -> None:
    """The topic is where its newest post that is left put it; with none left it is read."""
    topic = await board.topic(board.head)
    alone = await board.topic(board.head, title="只有一条")
    last = await board.reply(topic)
    found = await board.of(board.member, "GET", "/api/unread")
    assert found["count"] == 2
    await board.of(board.member, "PUT", f"/api/topics/{topic['id']}/reading",
                   json={"read_post_id": topic["items"][0]["id"]})  # fmt: skip
    for post in (last, alone["items"][0]):
        await board.of(board.head, "DELETE", f"/api/posts/{post['id']}")
    found = await board.of(board.member, "GET", "/api/unread")
    assert (found["count"], found["topics"]) == (0, [])
    now = await board.read(topic)
    assert now["last_post_id"] == topic["items"][0]["id"]
    assert now["last_post_at"] == topic["items"][0]["created_at"]
    assert now["posts"] == 2, "its place stays"


async def test_keys_ascend_past_what_was_taken_out(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the clock of who wrote it was hours ahead: who had read it finds what comes after."""
    topic = await board.topic(board.head)
    ahead = UUID(int=uuid7().int + (3_600_000 << 80))
    with monkeypatch.context() as patch:
        patch.setattr(posting, "uuid7", lambda: ahead)
        last = await board.reply(topic)
    assert last["id"] == str(ahead)
    path = f"/api/topics/{topic['id']}/reading"
    await board.of(board.member, "PUT", path, json={"read_post_id": last["id"]})
    await board.of(board.head, "DELETE", f"/api/posts/{last['id']}")
    new = await board.reply(topic)
    assert new["id"] > last["id"]
    assert (await board.of(board.member, "GET", "/api/unread"))["count"] == 1


async def test_parted_without_what_was_taken_out(board: Board) -> None:
    """A topic that was split or joined does not end with a post that is gone."""
    topic = await board.topic(board.head)
    two, gone, four = [await board.reply(topic) for _ in range(3)]
    await board.of(board.head, "DELETE", f"/api/posts/{gone['id']}")
    now = await board.read(topic)
    body = {"version": now["version"], "title": "x", "post_ids": [two["id"], gone["id"]]}
    made = await board.of(board.head, "POST", f"/api/topics/{topic['id']}/split", json=body)
    assert made["last_post_id"] == two["id"]
    assert (await board.read(topic))["last_post_id"] == four["id"]


@pytest.mark.parametrize("first_is_joined", [False, True])
async def test_joined_while_the_whole_group_is_read(
    stage: Stage, frame: Frame, engine: str, first_is_joined: bool
) -> None:
    """Readings are locked by topic and person: nobody waits crosswise."""
    topics = sorted([await stage.topic(), await stage.topic()], key=lambda one: one.id)
    for one in topics:
        await stage.read(stage.member, one, await stage.post(one, stage.head))
        await stage.post(one, stage.head)
    gone, into = topics if first_is_joined else topics[::-1]
    by = await principal(frame, stage.member)

    async def join() -> None:
        async with frame.database.write() as session:
            await reading.merged(session, gone.id, into.id)

    async with frame.database.write() as session:
        readings, now = ReadingRepository(session), frame.now()
        posts = {one.id: await last_of(stage, one) for one in topics}
        await readings.read_to(by.id, topics[0].id, posts[topics[0].id], now)
        joining = asyncio.create_task(join())
        if engine == "postgresql":
            await waits(frame)
        await readings.read_to(by.id, topics[1].id, posts[topics[1].id], now)
    await joining
    assert await stage.reading(stage.member, gone) is None


async def last_of(stage: Stage, topic: Topic) -> UUID:
    async with stage.frame.database.read() as session:
        found = (await session.get_one(Topic, topic.id)).last_post_id
    assert found is not None
    return found


async def waits(frame: Frame) -> None:
    """Until somebody waits for a lock: PostgreSQL tells nobody, so it is asked."""
    for _ in range(500):
        async with frame.database.read() as session:
            ungranted = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if (await session.execute(ungranted)).scalar_one():
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_a_group_is_read_in_the_order_of_its_topics(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = [await stage.topic() for _ in range(4)]
    for one in topics[1], topics[3], topics[0], topics[2]:
        await stage.post(one, stage.head)
    rows: list[Any] = []
    real = UnreadRepository._read_to

    async def noting(self: UnreadRepository, some: Any) -> None:
        rows.extend(some)
        await real(self, some)

    monkeypatch.setattr(UnreadRepository, "_read_to", noting)
    by = await principal(stage.frame, stage.member)
    async with stage.frame.database.write() as session:
        await unread.read_all(session, by, UUID(stage.key), None, stage.frame.now())
    assert [one["topic_id"] for one in rows] == sorted(one.id for one in topics)
