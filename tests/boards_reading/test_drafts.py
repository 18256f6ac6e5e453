"""Words that are not sent yet: kept, never overwritten in silence, nobody else's."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.boards_reading.stage import Stage
from tests.groups.stage import code
from tongke_courses.boards import drafts
from tongke_courses.boards.models import Post

DRAFTS = "/api/drafts"


def body(stage: Stage, text: str = "我们班", **fields: Any) -> dict[str, Any]:
    return {"group_id": stage.key, "text": text, **fields}


async def test_kept_again_and_again(stage: Stage) -> None:
    topic = await stage.topic()
    path = f"{DRAFTS}/{uuid4()}"
    where = {"topic_id": str(topic.id)}
    first = await stage.of(stage.member, "PUT", path, json=body(stage, " 我", **where))
    assert (first["version"], first["text"], first["may_send"]) == (1, " 我", True)
    again = await stage.of(stage.member, "PUT", path, json=body(stage, " 我", **where))
    assert again == first, "an answer that got lost is asked for again"
    grown = body(
        stage, "我们", title="标题", version=1, anchor={"kind": "moment", "at": 3}, **where
    )
    second = await stage.of(stage.member, "PUT", path, json=grown)
    assert (second["version"], second["anchor"]) == (2, {"kind": "moment", "at": 3})
    assert await stage.of(stage.member, "PUT", path, json=grown) == second
    mine = await stage.of(stage.member, "GET", DRAFTS, params=where)
    assert mine["drafts"] == [second]
    assert await stage.of(stage.member, "GET", path) == second
    assert (await stage.of(stage.head, "GET", DRAFTS))["drafts"] == []
    assert code(await stage.ask(stage.head, "GET", path)) == (404, "no_draft")
    assert code(await stage.ask(stage.head, "DELETE", path)) == (404, "no_draft")


async def test_two_devices_keep_both_texts(stage: Stage) -> None:
    path = f"{DRAFTS}/{uuid4()}"
    await stage.of(stage.member, "PUT", path, json=body(stage, "一"))
    await stage.of(stage.member, "PUT", path, json=body(stage, "一 手机", version=1))
    for stale in (None, 1):
        answer = await stage.ask(
            stage.member, "PUT", path, json=body(stage, "一 电脑", version=stale)
        )
        assert code(answer) == (409, "changed")
        assert (answer.json()["now"]["text"], answer.json()["now"]["version"]) == ("一 手机", 2)
    gone = await stage.ask(stage.member, "DELETE", path, params={"version": 1})
    assert code(gone) == (409, "changed")
    await stage.of(stage.member, "DELETE", path, params={"version": 2})
    later = await stage.of(stage.member, "PUT", path, json=body(stage, "一 电脑", version=2))
    assert (later["version"], later["text"]) == (3, "一 电脑"), "taken out there, typed on here"


async def test_at_once_one_wins_and_the_other_hears(stage: Stage) -> None:
    path = f"{DRAFTS}/{uuid4()}"
    tried = [
        stage.ask(stage.member, "PUT", path, json=body(stage, f"第{number}")) for number in range(4)
    ]
    answers = await asyncio.gather(*tried)
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    kept = (await stage.of(stage.member, "GET", path))["text"]
    assert all(one.json()["now"]["text"] == kept for one in answers if one.status_code == 409)


async def test_what_is_sent_is_no_draft(stage: Stage) -> None:
    topic = await stage.topic()
    key = uuid4()
    wanted = body(stage, topic_id=str(topic.id))
    await stage.of(stage.member, "PUT", f"{DRAFTS}/{key}", json=wanted)
    async with stage.frame.database.write() as session:
        post = Post(topic_id=topic.id, by_id=stage.member.id, sent_as=key, text="x", html="x")
        session.add(post)
        await session.flush()
        await drafts.sent(session, stage.member.id, key)
        await drafts.sent(session, stage.member.id, uuid4())
    assert (await stage.of(stage.member, "GET", DRAFTS))["drafts"] == []
    late = await stage.ask(stage.member, "PUT", f"{DRAFTS}/{key}", json={**wanted, "version": 1})
    assert code(late) == (409, "sent")
    assert late.json()["post_id"] == str(post.id)
    for text, same in ((post.text, True), (f"{post.text}!", False)):
        late = await stage.ask(
            stage.member, "PUT", f"{DRAFTS}/{key}", json={**wanted, "text": text}
        )
        assert late.json()["same"] is same
    await stage.of(stage.head, "PUT", f"{DRAFTS}/{key}", json=wanted)


async def test_who_is_taken_out_keeps_their_words(stage: Stage) -> None:
    topic = await stage.topic()
    path = f"{DRAFTS}/{uuid4()}"
    where = {"topic_id": str(topic.id)}
    await stage.of(stage.member, "PUT", path, json=body(stage, "一", **where))
    await stage.leave(stage.member)
    more = await stage.of(stage.member, "PUT", path, json=body(stage, "一二", version=1, **where))
    assert (more["may_send"], more["text"]) == (False, "一二")
    (kept,) = (await stage.of(stage.member, "GET", DRAFTS))["drafts"]
    assert kept == more
    new = await stage.ask(stage.member, "PUT", f"{DRAFTS}/{uuid4()}", json=body(stage))
    assert code(new) == (404, "no_group")
    await stage.of(stage.member, "DELETE", path)
    assert (await stage.of(stage.member, "GET", DRAFTS))["drafts"] == []


async def test_only_where_one_may_write(stage: Stage) -> None:
    topic = await stage.topic()
    gone = await stage.topic("没了", deleted_at=stage.frame.now())
    other = await stage.group("hidden")
    for wanted in (
        body(stage, topic_id=str(uuid4())),
        body(stage, topic_id=str(gone.id)),
        {**body(stage, topic_id=str(topic.id)), "group_id": other},
    ):
        answer = await stage.ask(stage.head, "PUT", f"{DRAFTS}/{uuid4()}", json=wanted)
        assert code(answer) == (404, "no_topic")
    for wanted in ({**body(stage), "group_id": other}, {**body(stage), "group_id": str(uuid4())}):
        answer = await stage.ask(stage.member, "PUT", f"{DRAFTS}/{uuid4()}", json=wanted)
        assert code(answer) == (404, "no_group")
    path = f"{DRAFTS}/{uuid4()}"
    await stage.of(stage.member, "PUT", path, json=body(stage))
    moved = {**body(stage, version=1), "group_id": other, "text": "x"}
    assert code(await stage.ask(stage.member, "PUT", path, json=moved)) == (404, "no_group")


async def test_nothing_is_thrown_away_for_room(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST", 3)
    keys = [uuid4() for _ in range(4)]
    for key in keys[:3]:
        await stage.of(stage.member, "PUT", f"{DRAFTS}/{key}", json=body(stage))
    full = await stage.ask(stage.member, "PUT", f"{DRAFTS}/{keys[3]}", json=body(stage))
    assert code(full) == (409, "too_many_drafts")
    found = (await stage.of(stage.member, "GET", DRAFTS))["drafts"]
    assert {one["sent_as"] for one in found} == {str(one) for one in keys[:3]}
    await stage.of(
        stage.member, "PUT", f"{DRAFTS}/{keys[0]}", json=body(stage, "还能改", version=1)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "长" * 40_001},
        {"text": "a\0b"},
        {"text": None},
        {"title": "长" * 201},
        {"anchor": {"x": "长" * 2000}},
        {"anchor": {"x": "\0"}},
        {"anchor": [1]},
        {"version": 0},
        {"version": 10**12},
        {"topic_id": "x"},
        {"reply_to": "1"},
        {"surplus": 1},
    ],
)
async def test_bad_words_are_refused(stage: Stage, wrong: dict[str, Any]) -> None:
    answer = await stage.ask(
        stage.member, "PUT", f"{DRAFTS}/{uuid4()}", json={**body(stage), **wrong}
    )
    assert code(answer) == (422, "invalid")


async def test_surrogates_and_no_words(stage: Stage) -> None:
    path = f"{DRAFTS}/{uuid4()}"
    raw = f'{{"group_id": "{stage.key}", "text": "\\ud800"}}'
    headers = {"content-type": "application/json", **await stage.make.bearer(stage.member)}
    answer = await stage.client.put(path, content=raw, headers=headers)
    assert 400 <= answer.status_code < 500
    kept = await stage.of(stage.member, "PUT", path, json=body(stage, "长" * 40_000))
    assert len(kept["text"]) == 40_000
    assert (await stage.ask(None, "GET", DRAFTS)).status_code == 401


async def test_words_of_one_are_not_kept_as_anothers(stage: Stage) -> None:
    """The page says whose they are; somebody else has logged in on this computer meanwhile."""
    headers = await stage.make.bearer(stage.member)
    path = f"{DRAFTS}/{uuid4()}"
    for who, status in ((stage.head, 401), (stage.member, 200)):
        meant = {**headers, "Tongke-Person": str(who.id)}
        answer = await stage.client.put(path, json=body(stage), headers=meant)
        assert answer.status_code == status
    assert (await stage.of(stage.head, "GET", DRAFTS))["drafts"] == []
