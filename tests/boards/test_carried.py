"""What a topic that moves into another group shows there, and what stays where it was."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests.boards.board import Board
from tests.rules.test_queries import statements
from tongke_courses.boards.models import GroupFile, Post
from tongke_platform.frame import Frame


async def moved(board: Board, topic: dict[str, Any], to: str) -> dict[str, Any]:
    """As it is read there."""
    now = await board.read(topic)
    body = {"version": now["version"], "group_id": to}
    await board.of(board.head, "POST", f"/api/topics/{topic['id']}/move", json=body)
    return await board.read(topic)


async def files_of(frame: Frame, group: str) -> list[GroupFile]:
    async with frame.database.read() as session:
        mine = select(GroupFile).where(GroupFile.group_id == UUID(group))
        return list((await session.execute(mine)).scalars())


async def test_a_file_that_a_topic_shows_that_stays(board: Board, frame: Frame) -> None:
    picture, to = await board.file(board.key), await board.group(name="二组")
    words = f"![板书](file:{picture})"
    topic = await board.topic(board.head, text=words)
    stays = await board.topic(board.head, text=f"再看 {words}")
    shown = (await moved(board, topic, to))["items"][0]
    (left,), (made,) = await files_of(frame, board.key), await files_of(frame, to)
    assert left.id == picture
    assert left.file_id == made.file_id, "the content is there once"
    assert left.post_id == UUID(stays["items"][0]["id"])
    assert f"/groups/{to}/files/{made.id}" in shown["html"]
    assert shown["text"] == f"![板书](file:{made.id})"
    again = {"title": topic["title"], "text": words, "sent_as": await sent_as(board, topic)}
    assert (await board.ask(board.head, "POST", board.topics, json=again)).status_code == 200
    await moved(board, stays, to)
    assert await files_of(frame, board.key) == []


async def sent_as(board: Board, topic: dict[str, Any]) -> str:
    async with board.frame.database.read() as session:
        key = await session.get_one(Post, UUID(topic["items"][0]["id"]))
    return str(key.sent_as)


async def test_a_file_another_topic_has_brought(board: Board, frame: Frame) -> None:
    picture, to = await board.file(board.key), await board.group(name="二组")
    words = f"![板书](file:{picture})"
    brings = await board.topic(board.head, text=words)
    topic = await board.topic(board.head, text=words)
    assert f"/groups/{to}/files/" in (await moved(board, topic, to))["items"][0]["html"]
    assert f"/groups/{board.key}/files/{picture}" in (await board.read(brings))["items"][0]["html"]
    assert len(await files_of(frame, to)) == len(await files_of(frame, board.key)) == 1


async def test_statements_do_not_grow_with_posts(board: Board, frame: Frame) -> None:
    board.unhurried()
    counts = []
    for posts in (2, 21):
        topic, to = await board.topic(board.head), await board.group()
        for number in range(posts):
            picture = await board.file(board.key)
            said = f"@{board.member.display_name} {number} ![板书](file:{picture})"
            await board.reply(topic, text=said)
        with statements(frame, ()) as seen:
            await moved(board, topic, to)
        counts.append(len(seen))
    assert counts[0] == counts[1]
