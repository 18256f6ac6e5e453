"""Pinned, closed, moved, merged and split without a word lost; reports answered."""

import asyncio
import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.boards.board import Board, words
from tests.groups.stage import GROUPS, code
from tongke_courses.boards import files, moderating
from tongke_courses.boards.models import NO_POST, Draft, GroupFile, Post, Topic, TopicReading
from tongke_platform.frame import Frame


async def act(board: Board, topic: dict[str, Any], name: str, **body: Any) -> Any:
    """The answer, by the head and of the version there is."""
    now = await board.read(topic)
    path = f"/api/topics/{topic['id']}/{name}"
    return await board.ask(board.head, "POST", path, json={"version": now["version"], **body})


async def test_pinned_and_closed(board: Board) -> None:
    topic = await board.topic()
    path = f"/api/topics/{topic['id']}"
    for name, field in (("pin", "pinned_at"), ("close", "closed_at")):
        one = await board.of(board.planner, "POST", f"{path}/{name}")
        two = await board.of(board.head, "POST", f"{path}/{name}")
        assert one[field] == two[field] is not None
    for name, field in (("unpin", "pinned_at"), ("reopen", "closed_at")):
        assert (await board.of(board.head, "POST", f"{path}/{name}"))[field] is None
    assert (await board.ask(board.member, "POST", f"{path}/pin")).status_code == 403
    await board.reply(topic, board.member)


async def test_merged(board: Board, frame: Frame) -> None:
    into, gone = await board.topic(text="一"), await board.topic(text="二")
    await board.reply(into, text="三")
    four = await board.reply(gone, text="四")
    async with frame.database.write() as session:
        session.add(
            Draft(
                person_id=board.member.id, group_id=UUID(board.key), topic_id=UUID(gone["id"]),
                sent_as=uuid4(), text="还没写完", changed_at=frame.now(),
            )
        )  # fmt: skip
        session.add(
            TopicReading(
                topic_id=UUID(gone["id"]), person_id=board.guest.id,
                read_post_id=UUID(four["id"]), follows=True,
            )
        )  # fmt: skip
    answer = await act(board, gone, "merge", into_id=into["id"])
    assert (answer.status_code, answer.json()["id"]) == (200, into["id"])
    seen = await board.read(into, board.guest)
    assert words(seen) == ["一", "二", "三", "四"]
    assert (seen["posts"], seen["last_post_id"]) == (4, four["id"])
    led = await board.read(gone, board.guest)
    assert (led["merged_into_id"], led["items"]) == (into["id"], [])
    listed = await board.of(board.head, "GET", board.topics)
    assert [one["id"] for one in listed["items"]] == [into["id"]]
    late = await board.reply(gone, board.member, text="五")
    assert late["topic_id"] == into["id"], "what was written meanwhile arrives"
    for name, body in (("merge", {"into_id": into["id"]}), ("pin", {}), ("close", {})):
        assert code(await act(board, gone, name, **body)) == (409, "merged")
    async with frame.database.read() as session:
        draft = (await session.execute(select(Draft.topic_id))).scalar_one()
        of_guest = select(TopicReading.topic_id).where(TopicReading.person_id == board.guest.id)
        reading = (await session.execute(of_guest)).scalar_one()
    assert draft == reading == UUID(into["id"])
    third = await board.topic(text="六")
    await act(board, into, "merge", into_id=third["id"])
    assert (await board.read(gone))["merged_into_id"] == third["id"]
    assert words(await board.read(third)) == ["一", "二", "三", "四", "五", "六"]


async def test_split(board: Board, frame: Frame) -> None:
    topic = await board.topic(text="一")
    two, three, four = [await board.reply(topic, board.planner, text=one) for one in "二三四"]
    other = await board.topic()
    for keys, wrong in (
        ([other["items"][0]["id"]], (404, "no_post")),
        ([str(uuid4())], (404, "no_post")),
        ([one["id"] for one in (topic["items"][0], two, three, four)], (422, "all_posts")),
    ):
        assert code(await act(board, topic, "split", title="x", post_ids=keys)) == wrong
    for keys in ([], ["x"], [str(uuid4())] * 501):
        assert (await act(board, topic, "split", title="x", post_ids=keys)).status_code == 422
    async with frame.database.write() as session:
        session.add(
            TopicReading(
                topic_id=UUID(topic["id"]), person_id=board.guest.id,
                read_post_id=UUID(four["id"]),
            )
        )  # fmt: skip
    made = await act(board, topic, "split", title="朗读", post_ids=[four["id"], two["id"]])
    assert made.status_code == 201
    seen = await board.read(made.json())
    assert (words(seen), seen["title"], seen["posts"]) == (["二", "四"], "朗读", 2)
    assert (seen["by"], seen["last_post_id"]) == (board.planner.display_name, four["id"])
    left = await board.read(topic)
    assert (words(left), left["posts"], left["last_post_id"]) == (["一", "三"], 2, three["id"])
    async with frame.database.read() as session:
        read = select(TopicReading.topic_id, TopicReading.read_post_id)
        rows = await session.execute(read.where(TopicReading.person_id == board.guest.id))
        assert {tuple(one) for one in rows} == {
            (UUID(one), UUID(four["id"])) for one in (topic["id"], seen["id"])
        }


async def test_answers_that_part_from_what_they_answer(board: Board) -> None:
    """In its own topic a quote leads to where its words are; another group does not see them."""
    other = await board.group(name="备课组")
    await board.bring_in(board.researcher, "group_member", other)
    topic = await board.topic(text="只说给本组")
    asked = topic["items"][0]["id"]
    answer = await board.reply(topic, text="答", reply_to_id=asked)
    made = (await act(board, topic, "split", title="x", post_ids=[answer["id"]])).json()
    quote = (await board.read(made, board.member))["items"][0]["reply_to"]
    assert (quote["words"], quote["topic_id"]) == ("只说给本组", topic["id"])
    shown = await board.ask(board.member, "GET", f"/topics/{made['id']}")
    assert f'href="/topics/{topic["id"]}?to={asked}#post-{asked}"' in shown.text
    await act(board, made, "move", group_id=other)
    await board.take_out(board.researcher)
    (moved,) = (await board.read(made, board.researcher))["items"]
    assert (moved["text"], moved["reply_to"]) == ("答", None)


async def test_quotes_of_a_topic_that_was_taken_out(board: Board) -> None:
    topic = await board.topic(text="不合适的话")
    answer = await board.reply(topic, text="答", reply_to_id=topic["items"][0]["id"])
    made = (await act(board, topic, "split", title="x", post_ids=[answer["id"]])).json()
    path = f"/api/topics/{topic['id']}"
    await board.of(board.head, "DELETE", path, json={"reason": "有学生姓名"})
    assert (await board.read(made, board.member))["items"][0]["reply_to"] is None


async def test_moved(board: Board, frame: Frame) -> None:
    other = await board.group(name="备课组")
    picture = await board.file(board.key)
    topic = await board.topic(board.head, text=f"![板书](file:{picture})")
    assert f"/groups/{board.key}/files/" in topic["items"][0]["html"]
    await board.reply(topic, text=f"![板书](File:{picture})")
    merged = await board.topic()
    await act(board, merged, "merge", into_id=topic["id"])
    await board.of(board.head, "POST", f"/api/topics/{topic['id']}/pin")
    path = f"/api/topics/{topic['id']}/move"
    body = {"version": (await board.read(topic))["version"], "group_id": other}
    answer = await board.ask(board.planner, "POST", path, json=body)
    assert code(answer) == (404, "no_group"), "that they do not belong to"
    await board.bring_in(board.planner, "group_member", other)
    answer = await board.ask(board.planner, "POST", path, json=body)
    assert code(answer) == (403, "not_your_part"), "that they do not moderate"
    assert code(await act(board, topic, "move", group_id=str(uuid4()))) == (404, "no_group")
    moved = (await act(board, topic, "move", group_id=other)).json()
    assert (moved["group_id"], moved["pinned_at"]) == (other, None)
    seen = await board.read(topic)
    for one in seen["items"][:2]:
        assert f"/groups/{other}/files/{picture}" in one["html"]
    for one in (topic, merged):
        answer = await board.ask(board.member, "GET", f"/api/topics/{one['id']}")
        assert answer.status_code == 404, "what is in a group is for that group"
    async with frame.database.read() as session:
        groups = set((await session.execute(select(Topic.group_id))).scalars())
    assert groups == {UUID(other)}


async def test_topics_of_other_groups(board: Board) -> None:
    topic, other = await board.topic(), await board.group()
    foreign = await board.topic(board.head, group=other)
    answer = await act(board, topic, "merge", into_id=foreign["id"])
    assert code(answer) == (404, "no_topic")
    assert code(await act(board, topic, "merge", into_id=str(uuid4()))) == (404, "no_topic")
    assert code(await act(board, topic, "merge", into_id=topic["id"])) == (422, "itself")


@pytest.mark.parametrize("seed", range(3))
async def test_all_at_once(board: Board, frame: Frame, seed: int) -> None:
    """Moved, merged into each other, split, answered, edited and taken out at once: every post is
    somewhere, once, and what is counted is there.
    """
    other = await board.group()
    topics = [await board.topic(text=f"{n}") for n in range(3)]
    extra = [await board.reply(one, board.planner, text="x") for one in topics]
    board.unhurried()
    sent = [str(uuid4()) for _ in range(6)]
    paths = [f"/api/topics/{one['id']}" for one in topics]
    merges = [
        ("POST", f"{paths[a]}/merge", {"version": 1, "into_id": topics[b]["id"]})
        for a, b in ((0, 1), (1, 2), (2, 0))
    ]
    said = [
        ("POST", f"{paths[n % 3]}/posts", {"text": "后来", "sent_as": key})
        for n, key in enumerate(sent)
    ]
    rest: list[tuple[str, str, Any]] = [
        ("POST", f"{paths[1]}/move", {"version": 1, "group_id": other}),
        ("POST", f"{paths[0]}/split",
         {"version": 1, "title": "y", "post_ids": [extra[0]["id"]]}),
        ("PATCH", paths[2], {"version": 1, "title": "z"}),
        ("DELETE", f"/api/posts/{extra[1]['id']}", {"reason": "x"}),
        ("DELETE", f"/api/posts/{extra[2]['id']}", {"reason": "x"}),
        ("PUT", f"/api/posts/{topics[0]['items'][0]['id']}/vote", None),
    ]  # fmt: skip
    every = [*merges, *said, *rest]
    every = every[seed * 5 :] + every[: seed * 5]
    answers = await asyncio.gather(
        *(board.ask(board.head, method, path, json=body) for method, path, body in every)
    )
    assert {one.status_code for one in answers} <= {200, 201, 204, 404, 409, 503}, [
        one.text for one in answers if one.status_code >= 500
    ]
    await _whole(frame, sent, answers)


async def _whole(frame: Frame, sent: list[str], answers: list[Any]) -> None:
    async with frame.database.read() as session:
        posts = (await session.execute(select(Post))).scalars().all()
        topics = (await session.execute(select(Topic))).scalars().all()
    accepted = {
        one.json()["id"] for one in answers if one.status_code == 201 and "text" in one.json()
    }
    assert {str(one.id) for one in posts if str(one.sent_as) in sent} == accepted
    by_topic = {
        key: list(some)
        for key, some in itertools.groupby(
            sorted(posts, key=lambda one: (str(one.topic_id), one.id)), lambda one: one.topic_id
        )
    }
    known = {one.id: one for one in topics}
    for one in topics:
        here = by_topic.get(one.id, [])
        assert one.posts == len(here)
        if one.merged_into_id is None:
            left = [post.id for post in here if post.deleted_at is None]
            assert one.last_post_id == (left[-1] if left else NO_POST)
        else:
            assert here == []
            assert known[one.merged_into_id].merged_into_id is None


async def test_reported_and_answered(board: Board) -> None:
    topic = await board.topic(text="不合适的话")
    post = topic["items"][0]["id"]
    path = f"/api/posts/{post}/reports"
    for who in (board.guest, board.guest, board.planner):
        await board.of(who, "POST", path, json={"reason": "有学生姓名"})
    for reason in ("", "  ", "x" * 501, None):
        answer = await board.ask(board.guest, "POST", path, json={"reason": reason})
        assert answer.status_code == 422
    reports = f"{GROUPS}/{board.key}/reports"
    found = (await board.of(board.planner, "GET", reports))["items"]
    assert len(found) == 2
    assert (found[0]["words"], found[0]["reason"]) == ("不合适的话", "有学生姓名")
    one = f"{reports}/{found[0]['id']}"
    done = await board.of(board.head, "POST", one, json={"upheld": True})
    assert done["upheld"] is True
    found = (await board.of(board.head, "GET", reports))["items"]
    assert [item["upheld"] for item in found] == [None, True], "those that wait come first"
    other = await board.group()
    for place in (f"{GROUPS}/{other}/reports/{done['id']}", f"{reports}/{uuid4()}"):
        answer = await board.ask(board.head, "POST", place, json={"upheld": False})
        assert code(answer) == (404, "no_report")


async def logged(board: Board) -> list[tuple[str, dict[str, Any]]]:
    """What the school's administrator finds, the first first."""
    found = await board.of(board.admin, "GET", "/api/audit", params={"limit": 100})
    acts = [one for one in found["entries"] if one["act"].startswith("topic")]
    return [(one["act"], one["detail"]) for one in reversed(acts)]


async def test_what_moderators_do_is_in_the_log(board: Board) -> None:
    """Who did it, to which topic, and why: no word of what was written."""
    topic, other = await board.topic(text="秘密的话"), await board.topic(title="另一个")
    path = f"/api/topics/{topic['id']}"
    for name in ("pin", "pin", "unpin", "close", "reopen"):
        await board.of(board.head, "POST", f"{path}/{name}")
    reply = await board.reply(topic, board.member, text="不合适的话")
    own = await board.reply(topic, board.head)
    await board.of(
        board.guest, "POST", f"/api/posts/{reply['id']}/reports", json={"reason": "骂人"}
    )
    reports = f"{GROUPS}/{board.key}/reports"
    (report,) = (await board.of(board.head, "GET", reports))["items"]
    body = {"reason": "不友善"}
    await board.of(board.head, "DELETE", f"/api/posts/{reply['id']}", json=body)
    await board.of(board.head, "POST", f"{reports}/{report['id']}", json={"upheld": True})
    await board.of(board.head, "DELETE", f"/api/posts/{own['id']}")
    split = (await act(board, topic, "split", title="拆出来的", post_ids=[own["id"]])).json()
    await act(board, split, "merge", into_id=other["id"])
    far = await board.group(name="二组")
    await act(board, other, "move", group_id=far)
    await board.of(board.head, "DELETE", path, json={"reason": "跑题"})
    entries = await logged(board)
    assert [name.removeprefix("topic") for name, _ in entries] == [
        ".pinned", ".unpinned", ".closed", ".reopened", "_post.removed", "_report.answered",
        ".split", ".merged", ".moved", ".removed",
    ]  # fmt: skip
    told = dict(entries)
    assert told["topic_post.removed"]["reason"] == "不友善"
    assert told["topic_post.removed"]["person_id"] == str(board.member.id)
    assert told["topic_report.answered"]["upheld"] is True
    assert told["topic.split"]["into"] == "拆出来的"
    assert told["topic.merged"]["into"] == "另一个"
    assert told["topic.moved"]["group"] == ["语文教研组", "二组"]
    assert told["topic.removed"]["reason"] == "跑题"
    for text in ("秘密的话", "不合适的话", "骂人"):
        assert text not in str(entries)


async def test_moved_only_where_its_files_fit(
    board: Board, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = await board.file(board.key)
    topic = await board.topic(board.head, text=f"![板书](file:{picture})")
    bare = await board.topic()
    to = await board.group(name="二组")
    for limit, most, refused in (
        ("MOST_FILES", 0, "too_many_files"),
        ("MOST_GROUP_BYTES", 0, "group_full"),
        ("MOST_KEPT_BYTES", 0, "group_full"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(files, limit, most)
            answer = await act(board, topic, "move", group_id=to)
            assert code(answer) == (409, refused)
            assert "二组" in answer.json()["detail"]
            assert (await act(board, bare, "move", group_id=to)).status_code == 200
        now = await board.read(topic)
        assert now["group_id"] == board.key
        async with frame.database.read() as session:
            assert (await session.get_one(GroupFile, picture)).group_id == UUID(board.key)
        bare = await board.topic()
    assert (await act(board, topic, "move", group_id=to)).status_code == 200
    async with frame.database.read() as session:
        assert (await session.get_one(GroupFile, picture)).group_id == UUID(to)


async def test_no_more_are_pinned_than_are_shown(
    board: Board, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderating, "MOST_PINNED", 2)
    topics = [await board.topic() for _ in range(3)]
    for one in topics[:2]:
        await board.of(board.head, "POST", f"/api/topics/{one['id']}/pin")
    refused = await board.ask(board.head, "POST", f"/api/topics/{topics[2]['id']}/pin")
    assert code(refused) == (409, "too_many_pinned")
    assert "2" in refused.json()["detail"]
    again = await board.ask(board.head, "POST", f"/api/topics/{topics[0]['id']}/pin")
    assert again.status_code == 200, "twice is no error"
    await board.of(board.head, "DELETE", f"/api/topics/{topics[0]['id']}", json={"reason": "x"})
    await board.of(board.head, "POST", f"/api/topics/{topics[2]['id']}/pin")


async def test_nobody_answers_for_their_own_post(board: Board) -> None:
    topic = await board.topic(board.head)
    post = topic["items"][0]["id"]
    path = f"/api/posts/{post}/reports"
    await board.of(board.guest, "POST", path, json={"reason": "有学生姓名"})
    reports = f"{GROUPS}/{board.key}/reports"
    (report,) = (await board.of(board.head, "GET", reports))["items"]
    one = f"{reports}/{report['id']}"
    for upheld in (False, True):
        refused = await board.ask(board.head, "POST", one, json={"upheld": upheld})
        assert code(refused) == (403, "own_post")
    address = f"/topics/{topic['id']}"
    assert 'value="answer"' not in (await board.ask(board.head, "GET", address)).text
    assert 'value="answer"' in (await board.ask(board.planner, "GET", address)).text
    await board.of(board.planner, "POST", one, json={"upheld": False})
