from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from tests.boards.board import Board
from tests.boards.test_anchors import principal
from tests.makers import Makers
from tongke_courses.textbooks import sample
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role


@pytest.fixture
async def board(client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Board:
    found = Board(client, make, frame)
    await found.open()
    return await found.fill()


@dataclass(frozen=True)
class Book:
    """A unit of a textbook with its name, what stands ``above`` it, and another unit ``beside`` it."""

    unit: UUID
    name: str
    above: UUID
    beside: UUID


@pytest.fixture
async def book(board: Board, frame: Frame) -> Book:
    by = await principal(frame, await board.make.person(role=Role.ADMIN))
    async with frame.database.write() as session:
        await sample.fill(session, by)
        units = select(TextbookNode).where(TextbookNode.kind == NodeKind.UNIT)
        found = (await session.execute(units.order_by(TextbookNode.id))).scalars().all()
    assert found[0].parent_id is not None
    return Book(found[0].id, found[0].name, found[0].parent_id, found[-1].id)
