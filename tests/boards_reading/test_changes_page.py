"""The page of what happened in a group since one was there."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from tests.boards.board import Board
from tests.makers import Someone
from tongke_courses.boards.models import GroupFile, TopicReading
from tongke_platform.database import first_key


def here(board: Board) -> str:
    return f"/groups/{board.key}/changes"


async def page(board: Board, who: Someone, query: str = "") -> str:
    answer = await board.ask(who, "GET", here(board) + query)
    assert answer.status_code == 200, answer.text
    return answer.text


async def left(board: Board, who: Someone, days: int) -> None:
    """As if ``who`` had read last ``days`` ago."""
    ago = board.frame.now() - timedelta(days=days)
    async with board.frame.database.write() as session:
        mine = update(TopicReading).where(TopicReading.person_id == who.id)
        await session.execute(mine.values(read_at=ago))


async def test_who_may(board: Board) -> None:
    assert (await board.ask(None, "GET", here(board))).status_code == 401
    for who in (board.left, board.stranger, board.admin):
        assert (await board.ask(who, "GET", here(board))).status_code == 404
    assert "Nothing changed" in await page(board, board.guest)


async def test_since_one_was_here(board: Board) -> None:
    read = await board.topic(board.head, title="读过的")
    path = f"/api/topics/{read['id']}/reading"
    await board.of(board.member, "PUT", path, json={"read_post_id": read["last_post_id"]})
    await left(board, board.member, 3)
    assert (await board.step(read, "adopted", note="下周试")).status_code == 200
    new = await board.topic(board.planner, title="新来的")
    await board.reply(new)
    await board.file(board.key)
    said = await page(board, board.member)
    for words in ("What became of topics", "读过的", "下周试", "新来的", "2 posts", "板书.png"):
        assert words in said
    assert f'href="/topics/{new["id"]}"' in said
    assert board.head.display_name in said


async def test_of_so_many_days(board: Board) -> None:
    key = await board.file(board.key)
    async with board.frame.database.write() as session:
        ago = first_key(board.frame.now() - timedelta(days=10))
        await session.execute(update(GroupFile).where(GroupFile.id == key).values(id=ago))
    assert "板书.png" not in await page(board, board.member, "?days=7")
    said = await page(board, board.member, "?days=30")
    assert "板书.png" in said
    assert f'href="/groups/{board.key}/files/{UUID(int=ago.int)}"' in said


@pytest.mark.parametrize("days", ["0", "-1", "8", "٧", "9" * 400, "<script>", "1e3"])
async def test_other_days_are_since_one_was_here(board: Board, days: str) -> None:
    read = await board.topic(board.head, title="读过的")
    path = f"/api/topics/{read['id']}/reading"
    await board.of(board.member, "PUT", path, json={"read_post_id": read["last_post_id"]})
    said = await page(board, board.member, f"?days={days}")
    assert "<script>" not in said.split("<main")[1].split("</main>")[0]
    assert "Nothing changed" in said


async def test_who_never_read_anything_is_shown_a_month(board: Board) -> None:
    await board.topic(board.head, title="新来的")
    said = await page(board, board.member)
    assert "新来的" in said
    assert f'href="{here(board)}?days=30" aria-current="true"' in said
