"""Somebody's posts are given out with their data; erased, they stay without a name."""

from uuid import UUID, uuid4

from tests.boards.board import Board, words
from tongke_courses.boards.models import Draft
from tongke_platform.frame import Frame
from tongke_platform.privacy import repository


async def test_given_out_and_erased(board: Board, frame: Frame) -> None:
    topic = await board.topic(text="我说的话")
    await board.reply(topic, text="别人的话")
    path = f"/api/posts/{topic['items'][0]['id']}"
    await board.of(board.member, "PATCH", path, json={"version": 1, "text": "我改的话"})
    answer = await board.reply(topic, text="答")
    await board.of(board.member, "PUT", f"/api/posts/{answer['id']}/vote")
    async with frame.database.write() as session:
        session.add(
            Draft(
                person_id=board.member.id, group_id=UUID(board.key), sent_as=uuid4(),
                text="没写完", changed_at=frame.now(),
            )
        )  # fmt: skip
    async with frame.database.read() as session:
        rows = await repository.rows_about(session, board.member.id)
    assert [one["text"] for one in rows["board_posts.by_id"]] == ["我改的话"]
    assert [one["text"] for one in rows["board_post_edits.by_id"]] == ["我说的话"]
    assert [one["text"] for one in rows["board_drafts.person_id"]] == ["没写完"]
    assert "别人的话" not in str(rows)
    async with frame.database.write() as session:
        await repository.erase(session, board.member.id, frame.now(), frame.today())
    seen = await board.read(topic)
    assert words(seen) == ["我改的话", "别人的话", "答"]
    assert (seen["by"], seen["items"][0]["by"]) == (repository.ERASED, repository.ERASED)
    assert seen["items"][2]["votes"] == 1, "how many voted stays true"
    async with frame.database.read() as session:
        rows = await repository.rows_about(session, board.member.id)
    assert "board_drafts.person_id" not in rows
