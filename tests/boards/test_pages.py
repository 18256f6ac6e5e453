"""Pages of boards as people use them: no script needed, nothing lost, nothing shown to others."""

import re
from typing import Any
from uuid import uuid4

import httpx2

from tests.boards.board import Board, words
from tests.makers import Someone
from tongke_platform.people.roles import Role

HOSTILE = '<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) "><b>'


async def page(board: Board, who: Someone | None, path: str, status: int = 200) -> str:
    answer = await board.ask(who, "GET", path)
    assert answer.status_code == status, answer.text
    return answer.text


async def send(board: Board, who: Someone, path: str, **data: Any) -> httpx2.Response:
    return await board.ask(who, "POST", path, data=data)


def hidden(text: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found[1]


async def test_begun_twice_is_one_topic_and_read_like_a_letter(board: Board) -> None:
    here = f"/groups/{board.key}/topics"
    assert "No topics yet" in await page(board, board.member, here)
    form = await page(board, board.member, f"{here}/new")
    fields = {"title": "板书怎么写", "text": "先画**山**。", "sent_as": hidden(form, "sent_as")}
    sent = [await send(board, board.member, f"{here}/new", **fields) for _ in range(2)]
    assert [one.status_code for one in sent] == [303, 303]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    topic = sent[0].headers["location"]
    read = await page(board, board.head, topic)
    assert "<strong>山</strong>" in read
    assert board.far.name in read, "where its writer works"
    listed = await page(board, board.head, here)
    assert listed.count("板书怎么写") == 1
    assert "1 new" in listed
    reply = {"act": "reply", "text": "好主意", "sent_as": hidden(read, "sent_as")}
    sent = [await send(board, board.head, topic, **reply) for _ in range(2)]
    assert [one.status_code for one in sent] == [303, 303]
    assert (await page(board, board.member, topic)).count("好主意</p>") == 1
    assert "#post-" in sent[0].headers["location"]
    assert "1 new" not in await page(board, board.member, f"{here}?state=kept")


async def test_hostile_words_stay_words(board: Board) -> None:
    topic = await board.topic(title=HOSTILE[:200], text=HOSTILE)
    await board.reply(topic, text=HOSTILE, reply_to_id=topic["items"][0]["id"])
    await board.step(topic, "adopted", note=HOSTILE)
    post = topic["items"][0]["id"]
    reported = {"act": "report", "post": post, "reason": HOSTILE}
    assert (await send(board, board.guest, f"/topics/{topic['id']}", **reported)).status_code == 303
    for path in (f"/topics/{topic['id']}", f"/groups/{board.key}/topics", f"/posts/{post}/history"):
        text = await page(board, board.head, path)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'href="javascript' not in text
    for path in (
        f"/topics/{topic['id']}?after=%00&to=x&quote=%27&split=1",
        f"/groups/{board.key}/topics?state=%00&about=%27&before=x",
        f"/groups/{board.key}/topics/new?lesson=x&at=99999999999&page=-1",
        "/ask?lesson=%00&at=1e9",
    ):
        answer = await board.ask(board.head, "GET", path)
        assert answer.status_code < 500, path


async def test_wrong_forms_are_shown_again_with_what_was_typed(board: Board) -> None:
    here = f"/groups/{board.key}/topics/new"
    wrong = await send(board, board.member, here, title=" ", text="很长的话", sent_as="x")
    assert wrong.status_code == 422
    assert "很长的话" in wrong.text
    topic = await board.topic()
    await board.of(board.head, "POST", f"/api/topics/{topic['id']}/close")
    late = {"act": "reply", "text": "我还想说", "sent_as": str(uuid4())}
    closed = await send(board, board.member, f"/topics/{topic['id']}", **late)
    assert closed.status_code == 409
    assert "我还想说" in closed.text
    assert "This topic is closed" in closed.text
    much = "字" * 200_000
    long = await send(board, board.member, here, title="一", text=much)
    assert (long.status_code, much in long.text) == (422, True), "1.8 MB as a browser sends it"
    for values in (
        {},
        {"act": "nothing"},
        {"act": "vote", "post": "x"},
        {"act": "step", "state": "x", "version": "\0"},
        {"act": "try", "due_on": "x"},
        {"act": "split", "id": "x", "title": "", "version": "9" * 40},
        {"act": "move", "group_id": str(uuid4()), "version": "1"},
    ):
        answer = await send(board, board.head, f"/topics/{topic['id']}", **values)
        assert 400 <= answer.status_code < 500, values


async def test_a_stale_change_shows_both_texts(board: Board) -> None:
    topic = await board.topic(text="第一版")
    post = topic["items"][0]["id"]
    path = f"/posts/{post}/edit"
    version = hidden(await page(board, board.member, path), "version")
    saved = await send(board, board.member, path, text="电脑上改的", version=version)
    assert saved.status_code == 303
    stale = await send(board, board.member, path, text="手机上改的", version=version)
    assert stale.status_code == 409
    assert "电脑上改的" in stale.text
    assert "手机上改的" in stale.text
    newer = hidden(stale.text, "version")
    saved = await send(board, board.member, path, text="合在一起", version=newer)
    assert saved.status_code == 303
    said = await page(board, board.guest, f"/posts/{post}/history")
    assert "第一版" in said
    assert "电脑上改的" in said
    assert (await send(board, board.head, path, text="别人的", version="3")).status_code == 403


async def test_decided_tried_and_kept_by_forms(board: Board) -> None:
    topic = await board.topic()
    path = f"/topics/{topic['id']}"

    async def step(who: Someone, state: str, **more: Any) -> httpx2.Response:
        version = str((await board.read(topic))["version"])
        return await send(board, who, path, act="step", state=state, version=version, **more)

    assert (await step(board.member, "adopted")).status_code == 403
    assert (await step(board.head, "adopted", note="大家试")).status_code == 303
    stale = await send(
        board, board.head, path, act="step", state="tried", version="1", note="试过一次"
    )
    assert stale.status_code == 409
    assert "试过一次" in stale.text, "not lost"
    asked = {"act": "try", "person_id": str(board.member.id), "due_on": "2031-01-07"}
    assert (await send(board, board.head, path, **asked)).status_code == 303
    assert board.member.display_name in await page(board, board.guest, f"{path}")
    assert (await step(board.member, "tried")).status_code == 303
    assert (await step(board.planner, "kept", note="好用")).status_code == 303
    assert "好用" in await page(board, board.member, path)


async def test_moderated_by_forms(board: Board) -> None:
    topic = await board.topic()
    one = await board.reply(topic, board.researcher, "跑题的话")
    path = f"/topics/{topic['id']}"
    for act in ("pin", "unpin", "close", "reopen"):
        assert (await send(board, board.head, path, act=act)).status_code == 303
        assert (await send(board, board.member, path, act=act)).status_code == 403
    marked = await page(board, board.head, f"{path}?split=1")
    parts = {"act": "split", "id": one["id"], "title": "另一个话题"}
    made = await send(board, board.head, path, **parts, version=hidden(marked, "version"))
    assert made.status_code == 303
    new = made.headers["location"]
    assert "跑题的话" in await page(board, board.member, new)
    now = await board.read(topic)
    joined = {"act": "merge", "into_id": new.split("/")[-1], "version": str(now["version"])}
    assert (await send(board, board.head, path, **joined)).headers["location"] == new
    moved = await board.ask(board.member, "GET", path)
    assert (moved.status_code, moved.headers["location"]) == (303, new)
    out = {"act": "take_out", "post": one["id"], "reason": "与教研无关"}
    assert (await send(board, board.head, new, **out)).status_code == 303
    read = await page(board, board.member, new)
    assert "与教研无关" in read
    assert "跑题的话" not in read
    assert (await send(board, board.head, new, act="remove", reason="重复")).status_code == 303
    gone = await page(board, board.member, new)
    assert "重复" in gone
    assert "先画山" not in gone


async def test_reports_reach_who_moderates_and_nobody_else(board: Board) -> None:
    topic = await board.topic(text="不合适的话")
    post, path = topic["items"][0]["id"], f"/topics/{topic['id']}"
    await send(board, board.guest, path, act="report", post=post, reason="有学生姓名")
    assert "有学生姓名" not in await page(board, board.member, path)
    assert "1 report waits" in await page(board, board.head, f"/groups/{board.key}/topics")
    seen = await page(board, board.head, path)
    assert "有学生姓名" in seen
    answer = {"act": "uphold", "post": post, "report": hidden(seen, "report")}
    upheld = await send(board, board.head, path, **answer, group=board.key, reason="有学生姓名")
    assert upheld.status_code == 303
    assert "不合适的话" not in await page(board, board.member, path)
    assert "report waits" not in await page(board, board.head, f"/groups/{board.key}/topics")


async def test_guests_read_others_find_nothing(board: Board) -> None:
    topic = await board.topic(text="组内的话")
    post, path = topic["items"][0]["id"], f"/topics/{topic['id']}"
    read = await page(board, board.guest, path)
    assert "组内的话" in read
    assert 'data-composer="reply"' not in read
    assert (
        await send(board, board.guest, path, act="reply", text="我", sent_as=str(uuid4()))
    ).status_code == 403
    await page(board, board.guest, f"/groups/{board.key}/topics/new", 403)
    outside = [board.left, board.stranger, board.admin]
    outside.append(await board.make.person(role=Role.ADMIN))
    for who in outside:
        for address in (
            path,
            f"{path}/posts",
            f"/groups/{board.key}/topics",
            f"/groups/{board.key}/topics/new",
            f"/posts/{post}/edit",
            f"/posts/{post}/history",
        ):
            assert "组内的话" not in await page(board, who, address, 404)
        for act in ("reply", "vote", "pin", "remove"):
            body = {"act": act, "text": "x", "post": post, "reason": "x"}
            assert (await send(board, who, path, **body)).status_code == 404
    assert (await board.ask(None, "GET", path)).status_code in (303, 401)


async def test_long_topics_come_in_pages(board: Board) -> None:
    topic = await board.topic(text="第 0 条")
    for number in range(1, 56):
        await board.unhurried().reply(topic, board.member, f"第 {number} 条")
    path = f"/topics/{topic['id']}"
    first = await page(board, board.member, path)
    assert "第 49 条" in first
    assert "第 50 条" not in first
    following = re.search(rf'href="({path}\?after=[^"]+)"', first)
    assert following is not None
    second = await page(board, board.member, following[1])
    assert "第 50 条" in second
    assert "第 49 条" not in second
    last = (await board.of(board.member, "GET", f"/api{path}", params={"limit": 100}))["items"][-1]
    there = await page(board, board.member, f"{path}?to={last['id']}")
    assert "第 55 条" in there
    assert "50 posts before" in there
    alone = await page(board, board.member, f"{path}/posts?after={last['reply_to'] or ''}")
    assert "<html" not in alone


async def test_asked_from_a_thing(board: Board) -> None:
    asked = await board.ask(board.member, "GET", "/ask")
    assert asked.status_code == 303, "one group only"
    assert asked.headers["location"] == f"/groups/{board.key}/topics/new"
    assert "You write in no group yet" in await page(board, board.stranger, "/ask")
    gone = f"/groups/{board.key}/topics/new?course={uuid4()}"
    await page(board, board.member, gone, 404)


async def test_told_of_by_form(board: Board) -> None:
    here = f"/groups/{board.key}/topics"
    assert (await send(board, board.guest, here, follow="all")).status_code == 303
    assert "Everything in this group" in await page(board, board.guest, here)
    assert (await send(board, board.guest, here, follow="x")).status_code == 404
    topic = await board.topic()
    path = f"/topics/{topic['id']}"
    assert (await send(board, board.guest, path, act="follow")).status_code == 303
    assert "You are told of new replies" in await page(board, board.guest, path)
    assert words(await board.read(topic)) == ["板书怎么写？"]


async def test_what_a_form_points_to_is_elsewhere_by_now(board: Board) -> None:
    """The words stay; sent once more they are there, and point to nothing."""
    topic = await board.topic()
    answer = await board.reply(topic)
    read = await page(board, board.member, f"/topics/{topic['id']}?quote={answer['id']}")
    split = {
        "version": (await board.read(topic))["version"],
        "title": "x",
        "post_ids": [answer["id"]],
    }
    await board.of(board.head, "POST", f"/api/topics/{topic['id']}/split", json=split)
    here, wrote = f"/topics/{topic['id']}", "写了很久的话"
    fields = {"act": "reply", "text": wrote, "sent_as": hidden(read, "sent_as")}
    again = await send(board, board.member, here, **fields, reply_to=answer["id"])
    assert again.status_code == 422
    assert wrote in again.text
    assert hidden(again.text, "reply_to") == ""
    assert (await send(board, board.member, here, **fields)).status_code == 303

    new = f"/groups/{board.key}/topics/new"
    begun = {"title": "新", "text": wrote, "sent_as": str(uuid4())}
    again = await send(board, board.member, new, **begun, lesson=str(uuid4()), at="5")
    assert again.status_code == 422
    assert wrote in again.text
    assert 'name="lesson"' not in again.text
    assert hidden(again.text, "sent_as") == begun["sent_as"]
    other = f"/groups/{uuid4()}/topics/new"
    assert (await send(board, board.member, other, **begun)).status_code == 404
