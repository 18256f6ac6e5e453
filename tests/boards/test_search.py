"""What is said in a group is found by who belongs to it, and by nobody else."""

from tests.boards.board import Board
from tongke_courses.search import rebuild
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role


async def test_for_members_alone(board: Board) -> None:
    topic = await board.topic(text="先朗读，再画**远山**。")
    post = await board.reply(topic, text="白云深处用粉笔侧锋。")
    there, answer = [f"topic {topic['id']}"], [f"post {post['id']}"]
    everywhere = await board.make.person(role=Role.ADMIN)
    for who in (board.head, board.member, board.guest, board.researcher):
        assert await board.find(who, "板书") == there, "by its title"
        assert await board.find(who, "远山") == there, "by its first words"
        assert await board.find(who, "侧锋") == answer
    for nobody in (None, board.left, board.stranger, board.admin, everywhere):
        for words in ("板书", "远山", "侧锋"):
            assert await board.find(nobody, words) == []
            assert await board.find(nobody, words, group=board.key) == []
            assert await board.find(nobody, words, kind="post", counts="1") == []
    assert await board.find(board.head, "侧锋", kind="topic") == []
    await board.take_out(board.member)
    assert await board.find(board.member, "板书") == []
    await board.bring_in(everywhere)
    assert await board.find(everywhere, "板书") == there


async def test_within_a_group(board: Board) -> None:
    other = await board.group()
    here = await board.topic(board.head)
    there = await board.topic(board.head, group=other)
    both = {f"topic {one['id']}" for one in (here, there)}
    assert set(await board.find(board.head, "板书")) == both
    assert await board.find(board.head, "板书", group=other) == [f"topic {there['id']}"]
    assert await board.find(board.member, "板书", group=other) == []


async def test_it_follows_what_happens(board: Board) -> None:
    topic = await board.topic(text="先朗读。")
    first, key = topic["items"][0]["id"], topic["id"]
    post = await board.reply(topic, text="再画山。")
    path = f"/api/posts/{post['id']}"
    await board.of(board.head, "PATCH", path, json={"version": 1, "text": "再画云。"})
    assert await board.find(board.guest, "画山") == []
    assert await board.find(board.guest, "画云") == [f"post {post['id']}"]
    edit = {"version": 1, "text": "先默读。"}
    await board.of(board.member, "PATCH", f"/api/posts/{first}", json=edit)
    assert await board.find(board.guest, "默读") == [f"topic {key}"]
    await board.of(board.head, "PATCH", f"/api/topics/{key}", json={"version": 1, "title": "寒山"})
    assert await board.find(board.guest, "寒山") == [f"topic {key}"]
    body = {"version": 2, "title": "石径", "post_ids": [post["id"]]}
    made = await board.of(board.head, "POST", f"/api/topics/{key}/split", json=body)
    assert await board.find(board.guest, "画云") == [f"topic {made['id']}"]
    body = {"version": made["version"], "into_id": key}
    await board.of(board.head, "POST", f"/api/topics/{made['id']}/merge", json=body)
    assert await board.find(board.guest, "画云") == [f"post {post['id']}"]
    assert await board.find(board.guest, "石径") == []
    other = await board.group()
    version = (await board.read(topic))["version"]
    body = {"version": version, "group_id": other}
    await board.of(board.head, "POST", f"/api/topics/{key}/move", json=body)
    for words in ("寒山", "画云"):
        assert await board.find(board.guest, words) == []
        assert len(await board.find(board.head, words, group=other)) == 1
    await board.of(board.head, "DELETE", path)
    assert await board.find(board.head, "画云") == []
    await board.of(board.head, "DELETE", f"/api/topics/{key}", json={"reason": "重复"})
    assert await board.find(board.head, "寒山") == []


async def test_made_anew_it_is_the_same(board: Board, frame: Frame) -> None:
    topics = [await board.topic(title=f"板书{n}", text="远山") for n in range(3)]
    for one in topics:
        await board.reply(one, text="远山近水")
    gone = await board.reply(topics[0], text="远山也要")
    await board.of(board.head, "DELETE", f"/api/posts/{gone['id']}")
    await board.of(board.head, "DELETE", f"/api/topics/{topics[2]['id']}", json={"reason": "x"})
    body = {"version": 1, "into_id": topics[0]["id"]}
    await board.of(board.head, "POST", f"/api/topics/{topics[1]['id']}/merge", json=body)
    before = await board.find(board.guest, "远山")
    assert len(before) == 4
    counts = await rebuild.rebuild(frame.database)
    assert (counts["topic"], counts["post"]) == (1, 3)
    assert await board.find(board.guest, "远山") == before
