"""Many posts at once, as rows."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert

from tests.boards.board import Board
from tongke_courses.boards.models import Post
from tongke_platform.database import utc_now, uuid7

AT_ONCE = 500


async def fill(board: Board, topic: dict[str, Any], posts: int, size: int = 0) -> None:
    """Instead of those the topic has: 第0条, 第1条 …, each of ``size`` more characters."""
    async with board.frame.database.write() as session:
        await session.execute(delete(Post).where(Post.topic_id == UUID(topic["id"])))
        for start in range(0, posts, AT_ONCE):
            texts = [f"第{n}条" + "字" * size for n in range(start, min(start + AT_ONCE, posts))]
            rows = [
                {
                    "id": uuid7(), "created_at": utc_now(), "topic_id": UUID(topic["id"]),
                    "by_id": board.head.id, "sent_as": uuid4(), "text": one,
                    "html": f"<p>{one}</p>",
                }
                for one in texts
            ]  # fmt: skip
            await session.execute(insert(Post), rows)
